import { defaultPolicy, type ProjectPlace } from "../domain/policy.ts";
import { isTable } from "../text/data.ts";
import type { Effective } from "./layers.ts";
import type { EffectivePolicies } from "./policies.ts";

/** One option as it holds, and who says so. */
export interface Setting {
  /** `cooldown.default-days` */
  readonly name: string;
  readonly value: unknown;
  /** `.github/steeplejack.yml:12`, or `default`. */
  readonly origin: string;
}

/** The options that hold for one project. */
export interface ShownProject extends ProjectPlace {
  readonly settings: readonly Setting[];
}

/** What holds for each project, with where it comes from; by name. */
export function shownProjects(
  policies: EffectivePolicies | undefined,
  projects: readonly ProjectPlace[],
): readonly ShownProject[] {
  return projects.map(({ ecosystem, root }) => ({
    ecosystem,
    root,
    settings: settingsOf(policies?.effectiveFor({ ecosystem, root })),
  }));
}

function settingsOf(effective: Effective | undefined): readonly Setting[] {
  const written = Object.entries(effective?.options ?? {}).flatMap(([key, value]) => {
    const inner = isTable(value)
      ? Object.entries(value).map(([name, it]) => [`${key}.${name}`, it] as const)
      : [];
    return inner.length > 0 ? inner : [[key, value] as const];
  });
  const said = new Set(written.map(([name]) => name));
  const isSaid = (name: string) => said.has(name) || [...said].some((other) => other.startsWith(`${name}.`));
  return [
    ...written.map(([name, value]) => ({ name, value, origin: effective?.origins.get(name) ?? "" })),
    ...defaults
      .filter(([name]) => !isSaid(name))
      .map(([name, value]) => ({ name, value, origin: "default" })),
  ].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const defaults: readonly (readonly [string, unknown])[] = [
  ["allow", "every dependency"],
  ["ignore", []],
  ["groups", {}],
  ["default-groups", defaultPolicy.defaultGroups],
  ["group-related", defaultPolicy.groupRelated],
  ["cooldown.default-days", defaultPolicy.cooldown.days],
  ["approval", false],
  ["schedule", "at any time"],
  ["open-pull-requests-limit", defaultPolicy.openPullRequestsLimit],
  ["versioning-strategy", defaultPolicy.versioningStrategy],
  ["lockfile", "report"],
  ["lock-maintenance", false],
  ["exclude-paths", defaultPolicy.excludePaths],
  ["labels", "dependencies, the language, security"],
  ["security.severity", "every advisory"],
  ["security.response", defaultPolicy.security.response],
];
