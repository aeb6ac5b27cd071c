import { affects } from "../domain/advisory.ts";
import type { Dependency, Manifest, Project } from "../domain/types.ts";
import type { VersionScheme } from "../versions/scheme.ts";
import { byText } from "../text/order.ts";
import { type Advisories, advisoriesOn } from "./audit.ts";

/**
 * The vulnerable packages that only a lockfile names, by project: as the dependencies of a manifest that has the
 * lockfile's path, each version once, required at the version in use.
 */
export function exposedIn(
  projects: readonly Project[],
  advisories: Advisories,
  schemes: ReadonlyMap<string, VersionScheme>,
): ReadonlyMap<Project, Manifest> {
  return new Map(
    projects.flatMap((project): [Project, Manifest][] => {
      const scheme = schemes.get(project.ecosystem);
      if (project.lockfile === undefined || scheme === undefined) return [];
      const dependencies = exposed(project, advisories, scheme);
      return dependencies.length === 0 ? [] : [[project, { path: project.lockfile.path, dependencies }]];
    }),
  );
}

function exposed(project: Project, advisories: Advisories, scheme: VersionScheme): readonly Dependency[] {
  const direct = new Set(
    project.manifests
      .flatMap(({ dependencies }) => dependencies)
      .map(({ name, version }) => `${name}@${version}`),
  );
  const found = new Map<string, Dependency>();
  for (const { name, version, scope, manifest, registry } of project.lockfile?.graph.packages ?? []) {
    const key = `${name}@${version}`;
    if (manifest !== undefined || direct.has(key)) continue;
    const known = advisoriesOn(advisories, project.ecosystem, name);
    if (!known.some((advisory) => affects(advisory, version, scheme))) continue;
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
