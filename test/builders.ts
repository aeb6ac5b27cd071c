import { defaultPolicy, everywhere, type Policies, type Policy } from "../src/domain/policy.ts";
import type {
  Advisory,
  Dependency,
  LockedPackage,
  Manifest,
  PackageReleases,
  Project,
  Release,
  Scope,
} from "../src/domain/types.ts";
import type { Findings, Plan } from "../src/pipeline/plan/plan.ts";
import { exposedIn } from "../src/pipeline/exposed.ts";
import { packageKey } from "../src/pipeline/resolve.ts";
import { npmVersions } from "../src/versions/semver.ts";

/** `dependency("react", "^18.2.0")` is in use at 18.2.0: only what the test is about. */
export function dependency(name: string, requirement: string, more: Partial<Dependency> = {}): Dependency {
  const version = requirement.replace(/^[\^~v=>]+/, "");
  return {
    name,
    requirement,
    version,
    span: { start: 0, end: requirement.length },
    scope: "runtime",
    ...more,
  };
}

export function development(name: string, requirement: string): Dependency {
  return dependency(name, requirement, { scope: "development" satisfies Scope });
}

export function manifest(...dependencies: Dependency[]): Manifest {
  return { path: "package.json", dependencies };
}

export function project(manifests: Manifest | readonly Manifest[], more: Partial<Project> = {}): Project {
  const all = "path" in manifests ? [manifests] : manifests;
  return { ecosystem: "npm", root: "", manifests: all, files: [], warnings: [], ...more };
}

/** Published long ago, in the order given. */
export function releases(...versions: (string | Release)[]): PackageReleases {
  return {
    releases: versions.map((release) =>
      typeof release === "string" ? { version: release, publishedAt: "2026-01-01T00:00:00Z" } : release,
    ),
    dated: true,
  };
}

/** `advisory("GHSA-1", "vite", { fixed: "5.4.2" })` touches everything below 5.4.2. */
export function advisory(id: string, name: string, range: Advisory["ranges"][number] = {}): Advisory {
  return {
    id,
    aliases: [],
    ecosystem: "npm",
    name,
    summary: `a flaw in ${name}`,
    severity: "high",
    url: `https://osv.test/${id}`,
    ranges: [range],
    versions: [],
  };
}

export function locked(id: string, version: string, ...dependencies: string[]): LockedPackage {
  const name = id.slice(id.lastIndexOf("node_modules/") + "node_modules/".length);
  return { id, name, version, scope: "runtime", dependencies };
}

export function findings(
  of: Project | readonly Project[],
  known: Readonly<Record<string, PackageReleases>>,
  advisories: readonly Advisory[] = [],
  policies: Policies = policy(),
): Findings {
  const projects = "root" in of ? [of] : of;
  return {
    projects,
    exposed: exposedIn(
      projects,
      Map.groupBy(advisories, ({ name }) => `npm ${name}`),
      new Map([["npm", npmVersions]]),
      policies,
    ),
    resolutions: new Map(
      Object.entries(known).map(([name, found]) => [
        packageKey("npm", { name }),
        { kind: "known", releases: found },
      ]),
    ),
    advisories: Map.groupBy(advisories, ({ name }) => `npm ${name}`),
    libraries: new Set(),
    schemes: new Map([["npm", npmVersions]]),
  };
}

/** The same for everything. */
export function policy(more: Partial<Policy> = {}): Policies {
  return everywhere({ ...defaultPolicy, ...more });
}

/** The groups as a person would jot them down. */
export function summary({ groups }: Plan): Record<string, string[]> {
  return Object.fromEntries(
    groups.map(({ key, updates }) => [
      key,
      updates.map(({ dependency: of, release, requirement }) =>
        of.requirement === requirement
          ? `${of.name} ${of.version} -> ${release.version}`
          : `${of.name} ${of.requirement} -> ${requirement}`,
      ),
    ]),
  );
}

/** Why each dependency was decided so: `{ vite: "held: cooldown" }`. */
export function reasons({ decisions }: Plan): Record<string, string> {
  return Object.fromEntries(
    decisions.map(({ dependency: of, outcome, reason }) => [of.name, `${outcome}: ${reason.code}`]),
  );
}
