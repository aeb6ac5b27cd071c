import ipaddr from "ipaddr.js";

/** Whether a text is an IP address, of either kind. */
export function isAddress(text: string): boolean {
  return ipaddr.isValid(text);
}

/** Whether an IP address lies on the open internet: not loopback, private, link-local, or reserved in another way. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv6) {
    const embedded = embeddedIn(parsed);
    if (embedded !== undefined) return isPublicAddress(embedded);
  }
  return parsed.range() === "unicast";
}

/**
 * The IPv4 address that `::a.b.c.d` (RFC 4291) or `64:ff9b::a.b.c.d` (RFC 6052, which networks without IPv4 make of
 * every name) stands for.
 */
function embeddedIn({ parts }: ipaddr.IPv6): string | undefined {
  const [first = 0, second = 0, ...rest] = parts;
  const middle = rest.slice(0, 4);
  const isCompatible = first === 0 && second === 0 && middle.every((part) => part === 0);
  const isTranslated = first === 0x64 && second === 0xff9b && middle.every((part) => part === 0);
  if (!isCompatible && !isTranslated) return undefined;
  return parts
    .slice(6)
    .flatMap((part) => [part >> 8, part & 0xff])
    .join(".");
}
