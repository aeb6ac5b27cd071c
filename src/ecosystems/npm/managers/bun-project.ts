import { posix } from "node:path";
import { isTable, tableOf, textsOf } from "../../../text/data.ts";
import { parseJson } from "../../../text/json.ts";
import { type BunLock, outsideReferences } from "./bun-lockfile.ts";
import type { RelockTask } from "./manager.ts";

const dependencyTables = [
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "overrides",
  "resolutions",
] as const;

/** All of a manifest that has a say in a `bun.lock`: no scripts, and no field that is not known. */
const shaping: readonly string[] = [
  "name",
  "version",
  "bin",
  "directories",
  ...dependencyTables,
  "peerDependenciesMeta",
  "bundledDependencies",
  "bundleDependencies",
  "catalog",
  "catalogs",
  "patchedDependencies",
  "trustedDependencies",
];

/** The files as bun may see them. The members of the workspace are listed one by one: no glob leads anywhere else. */
export function bunProject(
  files: Readonly<Record<string, string>>,
  { folders }: RelockTask,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      if (!isManifest(path)) return [path, text];
      const manifest = tableOf(parseJson(path, text));
      const kept = Object.entries(manifest).filter(([key]) => shaping.includes(key));
      const { workspaces } = manifest;
      const members = { packages: folders.filter((folder) => folder !== "") };
      const { catalog, catalogs } = tableOf(workspaces);
      const whole = {
        ...Object.fromEntries(kept),
        ...(path === "package.json" && workspaces !== undefined
          ? { workspaces: { ...members, catalog, catalogs } }
          : {}),
      };
      return [path, JSON.stringify(whole)];
    }),
  );
}

function isManifest(path: string): boolean {
  return path === "package.json" || path.endsWith("/package.json");
}

/** The paths in manifests and in a lockfile that lead out of the project. */
export function outsideOf(files: Readonly<Record<string, string>>, lock: BunLock): string[] {
  const inManifests = Object.entries(files)
    .filter(([path]) => isManifest(path))
    .flatMap(([path, text]) => {
      const manifest = tableOf(parseJson(path, text));
      const { catalog, catalogs } = tableOf(manifest["workspaces"]);
      const tables: readonly unknown[] = [
        ...dependencyTables.map((key) => manifest[key]),
        catalog,
        manifest["catalog"],
        ...[catalogs, manifest["catalogs"]].flatMap((named) => Object.values(tableOf(named))),
      ];
      const folder = posix.dirname(path);
      return [
        ...tables.flatMap(textsWithin).filter((it) => isPath(it) && leadsOut(folder, it)),
        ...Object.values(textsOf(manifest["patchedDependencies"])).filter((it) => leadsOut("", it)),
      ];
    });
  const inLock = outsideReferences(lock).filter((it) => isPath(it) && leadsOut("", it));
  return [...inManifests, ...inLock];
}

/** Every text of a table, and of the tables in it: `overrides` nest. */
function textsWithin(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return isTable(value) ? Object.values(value).flatMap(textsWithin) : [];
}

function isPath(requirement: string): boolean {
  return /^(?:file:|link:|workspace:|\.{1,2}$|(?:\.{0,2}|~|[a-z]:)[/\\])/i.test(requirement);
}

function leadsOut(folder: string, path: string): boolean {
  const plain = path.replace(/^(?:file|link|workspace):/, "").replaceAll("\\", "/");
  if (/^(?:~|[a-z]:)?\//i.test(plain)) return true;
  return posix.join(folder, plain).split("/")[0] === "..";
}
