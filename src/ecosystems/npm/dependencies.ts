import semver from "semver";
import type { Dependency, LockedPackage, LockGraph, Manifest, Reason } from "../../domain/types.ts";
import type { CatalogEntry, Catalogs } from "./catalogs.ts";
import type { Manager, ReadLock } from "./managers/manager.ts";
import type { PackageJson } from "./manifest.ts";
import { type NpmSettings, registryFor } from "./npmrc.ts";
import { requirementsOf, whyOverridden } from "./overrides.ts";
import { requirementsOfTools } from "./tools.ts";

/** What all dependencies of a project have in common. */
export interface Shared {
  readonly settings: NpmSettings;
  readonly own: PackageJson;
  readonly manager: Manager["id"];
  readonly local: ReadonlySet<string>;
  readonly foreign: Reason | undefined;
  readonly lock: ReadLock | undefined;
  /** What each name resolves to from a manifest. Absent where there is no lockfile. */
  readonly installedAt: ((manifest: string) => ReadonlyMap<string, LockedPackage>) | undefined;
}

/** A `package.json`; `catalog` are the entries that it defines for others. */
export function toManifest(
  manifest: PackageJson,
  shared: Shared,
  catalog: readonly CatalogEntry[] = [],
): Manifest {
  const engines = { ...shared.own.engines, ...manifest.engines };
  const { overrides } = shared.own;
  // npm refuses a direct dependency of the root whose name an override decides otherwise.
  const isStrict = shared.manager === "npm" && manifest.path === shared.own.path;
  const installed = shared.installedAt?.(manifest.path);
  return {
    path: manifest.path,
    ...(Object.keys(engines).length === 0 ? {} : { engines }),
    dependencies: [
      ...manifest.requirements.map(({ section: _section, ...requirement }) => {
        const version = installed?.get(requirement.name)?.version;
        const asked = version === undefined ? requirement : { ...requirement, version };
        const overridden = whyOverridden(asked, overrides, isStrict);
        return toDependency(requirement, shared, installed, overridden);
      }),
      ...catalogDependencies(catalog, shared),
      ...overridesAt(manifest.path, manifest.requirements, shared),
      ...requirementsOfTools(manifest.tools, shared.own.tools).map((tool) =>
        toDependency(tool, shared, undefined, whyKept(tool, shared)),
      ),
    ],
  };
}

/** Why the package manager stays as it is although a newer one is released. */
function whyKept({ kind }: Dependency, { settings, manager }: Shared): Reason | undefined {
  if (kind === undefined || manager !== "yarn" || !settings.all.has("yarnPath")) return undefined;
  const detail =
    "`yarnPath` names a release of Yarn that is kept in the repository: `yarn set version` raises both";
  return { code: "kept-release", detail };
}

/** What a file decides for all who need it. */
function overridesAt(
  path: string,
  direct: readonly Pick<Dependency, "name" | "scope">[],
  shared: Shared,
): Dependency[] {
  const written = shared.own.overrides.filter((override) => override.path === path);
  return requirementsOf(written, direct, shared.lock?.graph).map((requirement) =>
    toDependency(requirement, shared, undefined),
  );
}

/** The catalogs of a workspace: their requirements are written here once, for all who use them. */
export function catalogManifest({ path, catalog }: Catalogs, shared: Shared): Manifest {
  const { engines } = shared.own;
  return {
    path,
    ...(Object.keys(engines).length === 0 ? {} : { engines }),
    dependencies: [
      ...catalogDependencies(catalog, shared),
      ...overridesAt(path, shared.own.requirements, shared),
    ],
  };
}

function catalogDependencies(catalog: readonly CatalogEntry[], shared: Shared): Dependency[] {
  return catalog.map(({ catalog: of, ...entry }) => {
    const version = shared.lock?.catalogs?.get(`${of}/${entry.name}`);
    const asked = version === undefined ? entry : { ...entry, version };
    const overridden = whyOverridden(asked, shared.own.overrides, false);
    const dependency = toDependency({ ...entry, scope: "runtime" }, shared, undefined, overridden);
    return version === undefined ? dependency : { ...dependency, version };
  });
}

/** A workspace can have hundreds of manifests, and a lockfile thousands of packages: they are gone through once. */
export function installedIn({ packages }: LockGraph): Exclude<Shared["installedAt"], undefined> {
  const byId = new Map(packages.map((locked) => [locked.id, locked]));
  const own = new Map(
    packages.flatMap((locked) => (locked.manifest === undefined ? [] : [[locked.manifest, locked]])),
  );
  return (manifest) => {
    const found = (own.get(manifest)?.dependencies ?? []).flatMap((id) => byId.get(id) ?? []);
    return new Map(found.map((locked) => [locked.name, locked]));
  };
}

function toDependency(
  requirement: Dependency,
  { settings, local, foreign }: Shared,
  installed: ReadonlyMap<string, LockedPackage> | undefined,
  overridden?: Reason,
): Dependency {
  const { name } = requirement;
  const registry = registryFor(name, settings);
  const locked = installed?.get(name);
  const isLocal =
    locked === undefined ? installed === undefined && local.has(name) : locked.manifest !== undefined;
  const held =
    requirement.held ??
    (isLocal ? { code: "local", detail: "it is a package of this workspace" } : undefined) ??
    foreign ??
    overridden ??
    addressReason(registry);
  const version = locked?.version || requirement.version || lowestOf(requirement);
  return {
    ...requirement,
    ...(registry === undefined ? {} : { registry }),
    ...(version === undefined ? {} : { version }),
    ...(held === undefined ? {} : { held }),
  };
}

function lowestOf({ requirement, held }: Pick<Dependency, "requirement" | "held">): string | undefined {
  if (held !== undefined) return undefined;
  const range = semver.validRange(requirement, { loose: true });
  // `*` and the empty range say nothing of what is in use.
  return range === null || range === "*" ? undefined : (semver.minVersion(range)?.version ?? undefined);
}

export function addressReason(registry: string | undefined): Reason | undefined {
  const [warning] = addressWarning(registry);
  return warning === undefined ? undefined : { code: "registry", detail: warning };
}

export function addressWarning(address: string | undefined): string[] {
  if (address === undefined) return [];
  if (address.includes("${")) {
    return [
      `the settings name the registry ${address}: variables are not replaced, for the file could ask for any secret`,
    ];
  }
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    return [`the settings name the registry ${address}, which is no web address`];
  }
  return [];
}
