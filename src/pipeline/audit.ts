import { affects, dedupeByAlias, fixedVersions } from "../domain/advisory.ts";
import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { AdvisorySource, PackageVersion } from "../domain/ports.ts";
import type { Advisory, Finding, LockedPackage, LockGraph, Problem, Project } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { byText } from "../text/order.ts";

/** Advisories by ecosystem and package name; see `advisoriesOn`. */
export type Advisories = ReadonlyMap<string, readonly Advisory[]>;

export interface Audit {
  readonly advisories: Advisories;
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
}

/**
 * Asks for the advisories on every locked package, and on every direct dependency whatever its version, so that no
 * update leads from one vulnerable release to another.
 */
export async function audit(
  projects: readonly Project[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  source: AdvisorySource,
): Promise<Audit> {
  const byEcosystem = Map.groupBy(projects, ({ ecosystem }) => ecosystem);
  const parts = await Promise.all(
    [...byEcosystem].map(async ([id, members]) => {
      const ecosystem = ecosystems.get(id);
      return ecosystem === undefined ? undefined : auditOne(members, ecosystem, source);
    }),
  );
  const found = parts.filter((part) => part !== undefined);
  return {
    advisories: new Map(found.flatMap(({ advisories }) => [...advisories])),
    findings: found.flatMap(({ findings }) => findings),
    problems: [...found.flatMap(({ problems }) => problems), ...source.problems()],
  };
}

async function auditOne(
  projects: readonly Project[],
  ecosystem: Ecosystem,
  source: AdvisorySource,
): Promise<Audit> {
  const { osv, versions, id } = ecosystem;
  if (osv === undefined) return { advisories: new Map(), findings: [], problems: [] };
  try {
    const told = await source.advisoriesFor({ osv, versions }, questions(projects, ecosystem));
    const advisories = new Map(
      [...Map.groupBy(dedupeByAlias(told), ({ name }) => `${id} ${name}`)].map(([key, members]) => [
        key,
        members,
      ]),
    );
    return {
      advisories,
      findings: projects.flatMap((project) => findingsIn(project, ecosystem, advisories)),
      problems: [],
    };
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    const message = `the advisories could not be asked for, so nothing is known of vulnerabilities: ${messageOf(error)}`;
    return { advisories: new Map(), findings: [], problems: [{ stage: "audit", subject: osv, message }] };
  }
}

export function advisoriesOn(advisories: Advisories, ecosystem: string, name: string): readonly Advisory[] {
  return advisories.get(`${ecosystem} ${name}`) ?? [];
}

function questions(projects: readonly Project[], { versions }: Ecosystem): PackageVersion[] {
  const direct = new Set(
    projects.flatMap(({ manifests }) =>
      manifests.flatMap(({ dependencies }) =>
        dependencies.filter(({ held }) => held === undefined).map(({ name }) => name),
      ),
    ),
  );
  const locked = new Map<string, PackageVersion>();
  for (const { name, version, manifest } of projects.flatMap(
    ({ lockfile }) => lockfile?.graph.packages ?? [],
  )) {
    if (manifest !== undefined || direct.has(name) || !versions.isValid(version)) continue;
    locked.set(`${name}@${version}`, { name, version });
  }
  const all = [...[...direct].map((name): PackageVersion => ({ name })), ...locked.values()];
  return all.toSorted((a, b) => byText(a.name, b.name) || byText(a.version ?? "", b.version ?? ""));
}

/** Every package in use that an advisory touches, with the ways that lead to it. Sorted by name, version and id. */
function findingsIn(project: Project, ecosystem: Ecosystem, advisories: Advisories): Finding[] {
  const inUse = usedPackages(project).filter(({ name }) => advisories.has(`${ecosystem.id} ${name}`));
  const findings = inUse.flatMap(({ name, version, paths }) =>
    advisoriesOn(advisories, ecosystem.id, name)
      .filter((advisory) => affects(advisory, version, ecosystem.versions))
      .map((advisory): Finding => {
        const fixed = fixedVersions(advisory, version, ecosystem.versions);
        return { advisory, project, name, version, fixed, paths: paths() };
      }),
  );
  return findings.toSorted(
    (a, b) => byText(a.name, b.name) || byText(a.version, b.version) || byText(a.advisory.id, b.advisory.id),
  );
}

interface Used {
  readonly name: string;
  readonly version: string;
  readonly paths: () => readonly (readonly string[])[];
}

function usedPackages(project: Project): Used[] {
  const { lockfile } = project;
  if (lockfile === undefined) {
    const direct = project.manifests.flatMap(({ dependencies }) => dependencies);
    const distinct = new Map(
      direct.flatMap(({ name, version, held }) =>
        version === undefined || held !== undefined
          ? []
          : [[`${name}@${version}`, { name, version }] as const],
      ),
    );
    return [...distinct.values()].map(({ name, version }) => ({ name, version, paths: () => [[name]] }));
  }
  const installed = lockfile.graph.packages.filter(({ manifest }) => manifest === undefined);
  const alike = Map.groupBy(installed, ({ name, version }) => `${name}@${version}`);
  let parents: ReadonlyMap<string, readonly LockedPackage[]> | undefined;
  return [...alike.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const paths = () => {
      parents ??= parentsIn(lockfile.graph);
      return pathsTo(members, parents);
    };
    return [{ name: first.name, version: first.version, paths }];
  });
}

function parentsIn(graph: LockGraph): Map<string, LockedPackage[]> {
  const parents = new Map<string, LockedPackage[]>();
  for (const locked of graph.packages) {
    for (const id of locked.dependencies) {
      const known = parents.get(id);
      if (known === undefined) parents.set(id, [locked]);
      else known.push(locked);
    }
  }
  return parents;
}

/** More ways than this help nobody. */
const mostPaths = 10;

/** Walks up from the vulnerable packages, breadth first: the first way found to a direct dependency is its shortest. */
function pathsTo(
  targets: readonly LockedPackage[],
  parents: ReadonlyMap<string, readonly LockedPackage[]>,
): readonly (readonly string[])[] {
  const seen = new Set(targets.map(({ id }) => id));
  const found = new Map<string, readonly string[]>();
  let front = targets.map((locked) => ({ locked, path: [locked.name] as readonly string[] }));
  while (front.length > 0 && found.size < mostPaths) {
    const next: typeof front = [];
    for (const { locked, path } of front) {
      for (const parent of parents.get(locked.id) ?? []) {
        if (parent.manifest !== undefined) {
          const direct = path[0] ?? locked.name;
          if (!found.has(direct)) found.set(direct, path);
        } else if (!seen.has(parent.id)) {
          seen.add(parent.id);
          next.push({ locked: parent, path: [parent.name, ...path] });
        }
      }
    }
    front = next;
  }
  return [...found.values()]
    .toSorted((a, b) => a.length - b.length || byText(a.join("/"), b.join("/")))
    .slice(0, mostPaths);
}
