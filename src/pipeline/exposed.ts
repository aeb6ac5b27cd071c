import { affects } from "../domain/advisory.ts";
import { allowsIndirect, type Policies } from "../domain/policy.ts";
import type { Dependency, LockedPackage, Manifest, Project, Update } from "../domain/types.ts";
import type { VersionScheme } from "../versions/scheme.ts";
import { byText } from "../text/order.ts";
import { type Advisories, advisoriesOn } from "./audit.ts";

/**
 * The packages that only a lockfile names and that may have to move, by project: those that are vulnerable, and those that
 * the configuration wants updated. They are the dependencies of a manifest that has the lockfile's path, each version
 * once, required at the version in use.
 */
export function exposedIn(
  projects: readonly Project[],
  advisories: Advisories,
  schemes: ReadonlyMap<string, VersionScheme>,
  policies: Pick<Policies, "forDependency">,
): ReadonlyMap<Project, Manifest> {
  return new Map(
    projects.flatMap((project): [Project, Manifest][] => {
      const scheme = schemes.get(project.ecosystem);
      if (project.lockfile === undefined || scheme === undefined) return [];
      const { path } = project.lockfile;
      const isWanted = ({ name, scope, version }: LockedPackage) => {
        const dependency = { name, scope, version, kind: "transitive" } as const;
        const { allow } = policies.forDependency({ project, manifest: { path }, dependency });
        return allowsIndirect(allow, name);
      };
      const isVulnerable = ({ name, version }: LockedPackage) =>
        advisoriesOn(advisories, project.ecosystem, name).some((it) => affects(it, version, scheme));
      const dependencies = lockedOnly(project, (one) => isVulnerable(one) || isWanted(one));
      return dependencies.length === 0 ? [] : [[project, { path, dependencies }]];
    }),
  );
}

function lockedOnly(project: Project, isMeant: (locked: LockedPackage) => boolean): readonly Dependency[] {
  const direct = new Set(
    project.manifests
      .flatMap(({ dependencies }) => dependencies)
      .map(({ name, version }) => `${name}@${version}`),
  );
  const found = new Map<string, Dependency>();
  for (const locked of project.lockfile?.graph.packages ?? []) {
    const { name, version, scope, registry } = locked;
    const key = `${name}@${version}`;
    if (locked.manifest !== undefined || direct.has(key) || !isMeant(locked)) continue;
    // Of several places the most exposed one counts.
    if (found.get(key)?.scope === "runtime") continue;
    found.set(key, {
      name,
      version,
      requirement: version,
      span: { start: 0, end: 0 },
      scope,
      kind: "transitive",
      ...(registry === undefined ? {} : { registry }),
    });
  }
  return [...found.entries()].toSorted(([a], [b]) => byText(a, b)).map(([, dependency]) => dependency);
}

/** Whether it moves, for no other reason than that it can, what only a lockfile names. */
export function isWithinLock({ dependency, fixes }: Update): boolean {
  return dependency.kind === "transitive" && fixes.length === 0;
}
