import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { guardNetwork } from "./guard.ts";

/*
 * Loaded before a program that runs under the permission model. It guards the network, and answers the calls that the
 * model refuses altogether though they only tend to what was written: programs make them for durability and dates.
 */
guardNetwork(new Set((process.env["STEEPLEJACK_TRUSTED_HOSTS"] ?? "").split(",").filter(Boolean)));
delete process.env["STEEPLEJACK_TRUSTED_HOSTS"];

const done = (...args: unknown[]) => {
  const callback = args.at(-1);
  if (typeof callback === "function") Reflect.apply(callback, undefined, [null]);
};
const nothing = () => undefined;
Object.assign(fs, {
  fsync: done,
  fdatasync: done,
  futimes: done,
  fchmod: done,
  fsyncSync: nothing,
  fdatasyncSync: nothing,
  futimesSync: nothing,
  fchmodSync: nothing,
});
syncBuiltinESMExports();
