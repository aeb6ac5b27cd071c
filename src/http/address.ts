import type { LookupAddress, LookupAllOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { isAddress, isPublicAddress } from "../domain/address.ts";

/** Whether the host of a URL is spelled as an address that is not public, or is a name for this machine. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (/^(?:.*\.)?(?:localhost|internal|local)$/i.test(bare)) return true;
  return isAddress(bare) && !isPublicAddress(bare);
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
