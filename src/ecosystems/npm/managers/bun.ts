import { readBunLock } from "./bun-lockfile.ts";
import type { Manager } from "./manager.ts";

/** bun: its lockfiles are made by bun itself, at the version that the project pins. */
export const bun: Manager = {
  id: "bun",
  settingsFile: "bunfig.toml",
  catalogs: "package.json",
  reads: (name) => name === "bun.lock",
  read: readBunLock,
  // Most scans write nothing, and what runs bun takes a while to load.
  relock: async (task, io) => ({ lockfile: await (await import("./bun-relock.ts")).relock(task, io) }),
};
