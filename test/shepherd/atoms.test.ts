import { expect, it } from "vitest";
import type { Project, Update, UpdateSize } from "../../src/domain/types.ts";
import { atomsOf } from "../../src/shepherd/atoms.ts";
import { dependency, manifest, project } from "../builders.ts";

function update(name: string, from: string, to: string, size: UpdateSize, of: Project = web): Update {
  const one = dependency(name, `^${from}`);
  return {
    project: of,
    manifest: manifest(one),
    dependency: one,
    from,
    release: { version: to },
    requirement: `^${to}`,
    size,
    fixes: [],
  };
}
const web = project(manifest(), { root: "web" });
const api = project(manifest(), { root: "api" });
const group = (...updates: Update[]) => ({
  key: "npm/runtime",
  name: "runtime",
  kind: "version" as const,
  single: false,
  updates,
});

it("keeps kin together, and what several projects use, the least suspicious first", () => {
  const atoms = atomsOf(
    group(
      update("zod", "3.0.0", "4.0.0", "major"),
      update("vite", "5.0.0", "5.1.0", "minor"),
      update("react", "18.2.0", "18.3.0", "minor"),
      update("react-dom", "18.2.0", "18.3.0", "minor"),
      update("chalk", "5.0.0", "5.0.1", "patch"),
      update("vite", "5.0.1", "5.1.0", "minor", api),
    ),
  );
  expect(atoms).toEqual([
    { names: ["chalk"], weight: 1 },
    { names: ["react", "react-dom"], weight: 2 },
    { names: ["vite"], weight: 2 },
    { names: ["zod"], weight: 8 },
  ]);
});

it("suspects what broke elsewhere more than what says that it may break", () => {
  const updates = group(
    update("zod", "3.0.0", "4.0.0", "major"),
    update("vite", "5.0.0", "5.1.0", "minor"),
    update("chalk", "5.0.0", "5.0.1", "patch"),
  );
  const evidence = new Map([
    ["vite", { passed: 1, failed: 1 }],
    ["chalk", { passed: 9, failed: 0 }],
  ]);
  expect(atomsOf(updates, evidence).map(({ names }) => names.join())).toEqual(["chalk", "zod", "vite"]);
});

it("suspects most what takes away something that is used", () => {
  const updates = group(
    update("zod", "3.0.0", "4.0.0", "major"),
    update("vite", "5.0.0", "6.0.0", "major"),
    update("chalk", "5.0.0", "5.0.1", "patch"),
  );
  const names = atomsOf(updates, new Map(), ["vite"]).map((atom) => atom.names.join());
  expect(names).toEqual(["chalk", "zod", "vite"]);
});
