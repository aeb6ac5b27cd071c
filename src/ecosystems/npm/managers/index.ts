import type { Manager } from "./manager.ts";
import { npmManager } from "./npm.ts";
import { pnpm } from "./pnpm.ts";
import { yarn } from "./yarn.ts";
import { yarn1 } from "./yarn1.ts";

/** Every package manager whose lockfile can be brought up to date. */
const managers: readonly Manager[] = [npmManager, pnpm, yarn1, yarn];

/** The manager of a lockfile; `undefined` for one that is not supported. */
export function managerOf(path: string, text: string): Manager | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return managers.find((manager) => manager.reads(name, text));
}
