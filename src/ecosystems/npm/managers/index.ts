import type { Manager } from "./manager.ts";

/** Every package manager whose lockfile can be brought up to date, by the names of its lockfiles. Each is loaded when it is met. */
const managers: readonly { readonly names: readonly string[]; readonly load: () => Promise<Manager> }[] = [
  {
    names: ["package-lock.json", "npm-shrinkwrap.json"],
    load: async () => (await import("./npm.ts")).npmManager,
  },
  { names: ["pnpm-lock.yaml"], load: async () => (await import("./pnpm.ts")).pnpm },
  { names: ["yarn.lock"], load: async () => (await import("./yarn1.ts")).yarn1 },
  { names: ["yarn.lock"], load: async () => (await import("./yarn.ts")).yarn },
  { names: ["bun.lock"], load: async () => (await import("./bun.ts")).bun },
];

/** The manager of a lockfile; `undefined` for one that is not supported. */
export async function managerOf(path: string, text: string): Promise<Manager | undefined> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  for (const { names, load } of managers) {
    if (!names.includes(name)) continue;
    const manager = await load();
    if (manager.reads(name, text)) return manager;
  }
  return undefined;
}
