import type { Manager } from "./manager.ts";
import { readYarnLock } from "./yarn-lockfile.ts";
import { isYarn1 } from "./yarn1-lockfile.ts";

/** Yarn 2 and later: its lockfiles are made by Yarn itself, at the version that the project pins. */
export const yarn: Manager = {
  id: "yarn",
  settingsFile: ".yarnrc.yml",
  catalogs: ".yarnrc.yml",
  reads: (name, text) => name === "yarn.lock" && !isYarn1(text),
  read: readYarnLock,
  // Most scans write nothing, and what runs Yarn takes a while to load.
  relock: async (task, io) => ({ lockfile: await (await import("./yarn-relock.ts")).relock(task, io) }),
};
