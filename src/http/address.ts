import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

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

/** Whether the host of a URL is spelled as an address that is not public, or is a name for this machine. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (/^(?:.*\.)?(?:localhost|internal|local)$/i.test(bare)) return true;
  return ipaddr.isValid(bare) && !isPublicAddress(bare);
}

/** Finds all addresses of a name, as `lookup` of `node:dns` does. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

/** Looks a name up, and refuses it with `EPRIVATE` when any of its addresses is not `allowed`. */
export function guardedLookup(lookup: Lookup, allowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, "", 0);
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => allowed(address))) {
        const fault = new Error(`${hostname} is at a private address, which a repository may not name`);
        return done(Object.assign(fault, { code: "EPRIVATE" }), "", 0);
      }
      return options.all === true ? done(null, [...addresses]) : done(null, first.address, first.family);
    });
  };
}

/** Whether `target` is `prefix` or lies below it: the same origin, and the same folders. */
export function isWithin(target: URL, prefix: URL): boolean {
  const folder = prefix.pathname.endsWith("/") ? prefix.pathname : `${prefix.pathname}/`;
  return target.origin === prefix.origin && `${target.pathname}/`.startsWith(folder);
}
