import { publicRegistry } from "../../src/ecosystems/npm/registry.ts";

type Table = Readonly<Record<string, string>>;

export interface Written {
  readonly dependencies?: Table;
  readonly devDependencies?: Table;
  readonly [field: string]: unknown;
}

/** A `package.json` as npm lays it out. */
export function manifestOf(written: Written, name = "web"): string {
  return `${JSON.stringify({ name, version: "1.0.0", ...written }, null, 2)}\n`;
}

/** The manifest, and a lockfile that has each package at the version given; `more` is added to a package's entry. */
export function locked(
  written: Written,
  installed: Table,
  more: Readonly<Record<string, object>> = {},
): Record<string, string> {
  return {
    "package.json": manifestOf(written),
    "package-lock.json": lockOf({ "": written }, installed, more),
  };
}

/**
 * A `package-lock.json` of a workspace: manifests by folder, and versions by place below `node_modules`. Entries
 * name the public registry, as npm writes them. `more` is added to a package's entry, `others` are entries as they are.
 */
export function lockOf(
  manifests: Readonly<Record<string, Written>>,
  installed: Table,
  more: Readonly<Record<string, object>> = {},
  others: Readonly<Record<string, object>> = {},
): string {
  const dev = new Set(Object.values(manifests).flatMap((one) => Object.keys(one.devDependencies ?? {})));
  const packages = {
    ...Object.fromEntries(
      Object.entries(manifests).map(([folder, written]) => [
        folder,
        { name: folder === "" ? "web" : folder.split("/").at(-1), version: "1.0.0", ...written },
      ]),
    ),
    ...Object.fromEntries(
      Object.keys(manifests)
        .filter((folder) => folder !== "")
        .map((folder) => [`node_modules/${folder.split("/").at(-1)}`, { resolved: folder, link: true }]),
    ),
    ...Object.fromEntries(
      Object.entries(installed).map(([name, version]) => [
        `node_modules/${name}`,
        {
          version,
          resolved: `${publicRegistry}${name}/-/${name.split("/").at(-1)}-${version}.tgz`,
          ...(dev.has(name) ? { dev: true } : {}),
          ...more[name],
        },
      ]),
    ),
  };
  Object.assign(packages, others);
  const lock = { name: "web", version: "1.0.0", lockfileVersion: 3, requires: true, packages };
  return `${JSON.stringify(lock, null, 2)}\n`;
}
