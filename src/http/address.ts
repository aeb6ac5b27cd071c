import { lookup as dnsLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

/** Whether an IP address lies on the open internet: not loopback, private, link-local, or reserved in another way. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  return ipaddr.process(address).range() === "unicast";
}

/** Whether the host of a URL is spelled as an address that is not public, or is a name for this machine. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (/^(?:.*\.)?(?:localhost|internal|local)$/i.test(bare)) return true;
  return ipaddr.isValid(bare) && !isPublicAddress(bare);
}

/** Looks a name up as the system does, and refuses it when any of its addresses is not public. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    const first = addresses[0];
    if (refused !== undefined || first === undefined) {
      return callback(
        Object.assign(new Error(`${hostname} is at a private address, which a repository may not name`), {
          code: "EPRIVATE",
        }),
        "",
        0,
      );
    }
    if (options.all === true) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
