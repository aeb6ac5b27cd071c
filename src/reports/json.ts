import type { FileChange, Project, UpdateGroup } from "../domain/types.ts";
import type { Scan } from "../pipeline/scan.ts";
import type { ScanReport } from "./contract.ts";

export interface ReportSubject {
  readonly repository: ScanReport["repository"];
  /** The title of the pull request that a group would make. */
  titleOf(group: UpdateGroup): string;
  /** The branch that it would have. */
  branchOf(group: UpdateGroup): string;
}

/** A scan as the public contract has it. */
export function toReport(scan: Scan, subject: ReportSubject, files?: readonly FileChange[]): ScanReport {
  return {
    schema: 1,
    repository: subject.repository,
    manifests: scan.projects.flatMap(({ ecosystem, manifests, lockfile }) =>
      manifests.map(({ path }) => ({
        ecosystem,
        path,
        lockfiles: lockfile === undefined ? [] : [lockfile.path],
      })),
    ),
    dependencies: scan.projects.flatMap((project) => [...directOf(project), ...transitiveOf(project)]),
    updates: scan.groups.flatMap((group) =>
      group.updates.map(({ project, manifest, dependency, from, release, requirement, size, fixes }) => ({
        ecosystem: project.ecosystem,
        name: dependency.name,
        manifest: manifest.path,
        from,
        to: release.version,
        requirement: { from: dependency.requirement, to: requirement },
        size,
        group: group.key,
        ...(release.publishedAt === undefined ? {} : { publishedAt: release.publishedAt }),
        advisories: fixes.map(({ id }) => id),
      })),
    ),
    groups: scan.groups.map((group) => ({
      key: group.key,
      title: subject.titleOf(group),
      branch: subject.branchOf(group),
    })),
    advisories: scan.findings.map(({ advisory, project, name, version, fixed, paths }) => ({
      id: advisory.id,
      aliases: [...advisory.aliases],
      ecosystem: project.ecosystem,
      name,
      version,
      severity: advisory.severity,
      ...(advisory.score === undefined ? {} : { score: advisory.score }),
      fixed: [...fixed],
      paths: paths.map((path) => [...path]),
    })),
    decisions: scan.decisions.map(({ project, manifest, dependency, outcome, reason }) => ({
      ecosystem: project.ecosystem,
      name: dependency.name,
      manifest: manifest.path,
      outcome,
      reason: { code: reason.code, detail: reason.detail },
    })),
    problems: scan.problems.map(({ stage, subject: of, message }) => ({ stage, subject: of, message })),
    ...(files === undefined ? {} : { files: files.map(({ path, content }) => ({ path, content })) }),
  };
}

type ReportedDependency = ScanReport["dependencies"][number];

function directOf({ ecosystem, manifests }: Project): ReportedDependency[] {
  return manifests.flatMap(({ path, dependencies }) =>
    dependencies.map(({ name, requirement, version, scope, kind }) => ({
      ecosystem,
      name,
      manifest: path,
      requirement,
      ...(version === undefined ? {} : { version }),
      scope,
      direct: kind !== "override",
    })),
  );
}

/** Each package and version once, however often it is installed; the direct ones are told by their manifests. */
function transitiveOf({ ecosystem, manifests, lockfile }: Project): ReportedDependency[] {
  if (lockfile === undefined) return [];
  const direct = new Set(
    manifests.flatMap(({ dependencies }) => dependencies.map(({ name, version }) => `${name}@${version}`)),
  );
  const distinct = new Map<string, ReportedDependency>();
  for (const { name, version, scope, manifest } of lockfile.graph.packages) {
    const key = `${name}@${version}`;
    if (manifest !== undefined || direct.has(key)) continue;
    const known = distinct.get(key);
    // Of several places the most exposed one counts.
    if (known !== undefined && known.scope === "runtime") continue;
    distinct.set(key, { ecosystem, name, manifest: lockfile.path, version, scope, direct: false });
  }
  return [...distinct.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
}
