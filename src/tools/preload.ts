import fs from "node:fs";
import Module, { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { guardNetwork } from "./guard.ts";

/*
 * Loaded before a program that runs under the permission model. It guards the network, and answers the calls that the
 * model refuses altogether, in place of which nothing is done: programs make them for durability, for dates, and to
 * find their way back from a cache to the projects that use it.
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
  fchown: done,
  fsyncSync: nothing,
  fdatasyncSync: nothing,
  futimesSync: nothing,
  fchmodSync: nothing,
  fchownSync: nothing,
  symlink: done,
  symlinkSync: nothing,
});
const later = async () => undefined;
Object.assign(fs.promises, { symlink: later });
const handle = await fs.promises.open(import.meta.filename);
Object.assign(Object.getPrototypeOf(handle), {
  chmod: later,
  chown: later,
  datasync: later,
  sync: later,
  utimes: later,
});
await handle.close();
syncBuiltinESMExports();

// The permission model freezes `path`, and some packages write to it while they load: they get one of their own.
const paths = { ...path };
Object.assign(paths, { posix: paths, win32: { ...path.win32, posix: paths } });
// oxlint-disable-next-line typescript/unbound-method -- it is called on the module below
const { require: builtin } = Module.prototype;
Module.prototype.require = Object.assign(function (this: Module, id: string): unknown {
  return id === "path" || id === "node:path" ? paths : Reflect.apply(builtin, this, [id]);
}, builtin);
