import type { Manager } from "./manager.ts";
import { readPnpmLock } from "./pnpm-lockfile.ts";

/** pnpm: its lockfiles are made by pnpm itself, at the version that the project pins. */
export const pnpm: Manager = {
  id: "pnpm",
  settingsFile: ".npmrc",
  reads: (name) => name === "pnpm-lock.yaml",
  read: readPnpmLock,
  // Most scans write nothing, and what edits YAML and runs pnpm takes a while to load.
  relock: async (task, io) => (await import("./pnpm-relock.ts")).relock(task, io),
};
