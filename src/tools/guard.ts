import dns, { type LookupAddress } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { isAddress, isPublicAddress } from "../domain/address.ts";

let guarded = false;

/**
 * Refuses connections to private addresses, however a library came to want one: the address may stand in a lockfile
 * that a stranger wrote. Names are looked up through `dns.lookup` by everything that connects.
 */
export function guardNetwork(trusted: ReadonlySet<string>): void {
  if (guarded) return;
  guarded = true;
  const names = new Set([...trusted].map((host) => host.replace(/:\d+$/, "")));
  for (const name of ["https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"]) {
    const proxy = process.env[name];
    if (proxy) names.add(new URL(proxy).hostname);
  }

  // oxlint-disable-next-line typescript/unbound-method -- it is called on the socket below
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    const [first] = args.flat();
    const host = typeof first === "object" && first !== null && "host" in first ? first.host : undefined;
    if (typeof host === "string" && isRefused(host) && !names.has(host)) {
      throw Object.assign(new Error(`${host} is a private address, which a repository may not name`), {
        code: "EPRIVATE",
      });
    }
    return Reflect.apply(connect, this, args);
  };

  const lookup = dns.lookup;
  const guardedLookup = (hostname: string, ...rest: unknown[]) => {
    const callback = rest.at(-1);
    if (names.has(hostname) || typeof callback !== "function")
      return Reflect.apply(lookup, dns, [hostname, ...rest]);
    const check = (error: Error | null, address: string | LookupAddress[], family?: number) => {
      const addresses =
        typeof address === "string" ? [address] : (address ?? []).map((entry) => entry.address);
      const refused = error === null && addresses.some(isRefused);
      if (!refused) return Reflect.apply(callback, undefined, [error, address, family]);
      const message = `${hostname} is at a private address, which a repository may not name`;
      return Reflect.apply(callback, undefined, [Object.assign(new Error(message), { code: "EPRIVATE" })]);
    };
    return Reflect.apply(lookup, dns, [hostname, ...rest.slice(0, -1), check]);
  };
  Object.assign(dns, { lookup: Object.assign(guardedLookup, lookup) });
  syncBuiltinESMExports();
}

function isRefused(address: string): boolean {
  return isAddress(address) && !isPublicAddress(address);
}
