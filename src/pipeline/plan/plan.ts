import { affects } from "../../domain/advisory.ts";
import type { Policy } from "../../domain/policy.ts";
import type {
  Advisory,
  Candidate,
  Decision,
  Dependency,
  Manifest,
  Project,
  Reason,
  Release,
  Step,
  Update,
  UpdateGroup,
} from "../../domain/types.ts";
import type { VersionScheme } from "../../versions/scheme.ts";
import { type Advisories, advisoriesOn } from "../audit.ts";
import { isLookedUp, packageKey, type Resolution, type Resolutions } from "../resolve.ts";
import { alternativesTo } from "./alternatives.ts";
import { bound } from "./bonds.ts";
import { group } from "./group.ts";
import { isLocked, requirementFor } from "./requirement.ts";
import { isIgnored, type Question, weigh } from "./weigh.ts";

/** What the planner looks at. Nothing here is fetched: the earlier stages have done that. */
export interface Findings {
  readonly projects: readonly Project[];
  readonly resolutions: Resolutions;
  readonly advisories: Advisories;
  /** The projects that others depend on. */
  readonly libraries: ReadonlySet<Project>;
  /** By ecosystem. */
  readonly schemes: ReadonlyMap<string, VersionScheme>;
}

export interface Plan {
  /** Security first, what is nothing but majors last, else by key. */
  readonly groups: readonly UpdateGroup[];
  /** One for every dependency of every manifest, in their order. */
  readonly decisions: readonly Decision[];
}

/** Chooses which dependencies move, to what, and in whose company. Pure: the same findings make the same plan. */
export function plan(findings: Findings, policy: Policy, now: Date): Plan {
  const decisions = findings.projects.flatMap((project) =>
    bound(
      project.manifests.flatMap((manifest) =>
        manifest.dependencies.map((dependency) =>
          decide({ project, manifest, dependency }, findings, policy, now),
        ),
      ),
      findings.schemes.get(project.ecosystem),
    ),
  );
  const updates = decisions.flatMap((decision) => (decision.outcome === "update" ? decision.updates : []));
  const groups = group(updates, policy);
  const kept = new Set(groups.flatMap((each) => each.updates));
  return { groups, decisions: decisions.map((decision) => afterGrouping(decision, kept)) };
}

/** A decision without the small step that the big one in the same group makes needless. */
function afterGrouping(decision: Decision, kept: ReadonlySet<Update>): Decision {
  if (decision.outcome !== "update" || decision.updates.every((update) => kept.has(update))) return decision;
  const updates = decision.updates.filter((update) => kept.has(update));
  return taken(decision, updates, decision.candidates);
}

interface Subject {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly dependency: Dependency;
}

function decide(subject: Subject, findings: Findings, policy: Policy, now: Date): Decision {
  const { project, manifest, dependency } = subject;
  const stays = (
    outcome: "current" | "held" | "failed",
    reason: Reason,
    candidates: readonly Candidate[] = [],
  ): Decision => ({
    project,
    manifest,
    dependency,
    outcome,
    reason,
    candidates,
  });
  const { name, version, requirement, held } = dependency;
  if (held !== undefined) return stays("held", held);
  const scheme = findings.schemes.get(project.ecosystem);
  if (version === undefined || scheme === undefined || !isLookedUp(dependency)) {
    return stays("current", {
      code: "any-version",
      detail: `\`${requirement}\` allows any version, and no lockfile says which is in use`,
    });
  }
  const ignored = isIgnored(policy.ignore, name);
  if (ignored !== undefined) return stays("held", ignored);

  const resolution = findings.resolutions.get(packageKey(project.ecosystem, dependency));
  if (resolution?.kind !== "known") return stays("failed", failure(name, resolution));

  const advisories = advisoriesOn(findings.advisories, project.ecosystem, name);
  const open = advisories.filter((advisory) => affects(advisory, version, scheme));
  const question: Question = {
    ...subject,
    version,
    scheme,
    releases: resolution.releases,
    advisories,
    policy,
    isLibrary: findings.libraries.has(project),
    now,
  };
  const candidates = weigh(question);
  const fixes = open.length > 0 ? fixesFor(question) : [];
  if (fixes[0] !== undefined)
    return taken(subject, [toUpdate(question, fixes[0], fixes.slice(1), open)], candidates);

  const chosen = choose(candidates, question);
  if (chosen.length > 0) return taken(subject, chosen, candidates);
  return stays(...whyNothing(question, candidates, open));
}

function taken(subject: Subject, updates: readonly Update[], candidates: readonly Candidate[]): Decision {
  const versions = new Set(updates.map(({ release }) => release.version));
  const { fixes = [], from = "" } = updates[0] ?? {};
  const to = [...versions].join(" and ");
  const { project, manifest, dependency } = subject;
  return {
    project,
    manifest,
    dependency,
    outcome: "update",
    updates,
    candidates: candidates.map(
      ({
        version,
        rejected = { code: "not-needed", detail: `${to} ${versions.size > 1 ? "were" : "was"} taken` },
      }) => (versions.has(version) ? { version } : { version, rejected }),
    ),
    reason:
      fixes.length > 0
        ? {
            code: "fixes-advisory",
            detail: `${to} is the lowest release that mends ${fixes.map(({ id }) => id).join(", ")}`,
          }
        : { code: "newer-release", detail: `${to} ${versions.size === 1 ? "is" : "are"} newer than ${from}` },
  };
}

/**
 * The newest release that may be taken; and where that is a major, the newest below it too, so that small updates do not
 * wait for the big one.
 */
function choose(candidates: readonly Candidate[], question: Question): Update[] {
  const { scheme, version, releases, dependency } = question;
  const known = new Map(releases.releases.map((release) => [release.version, release]));
  const free = candidates.flatMap((candidate) =>
    candidate.rejected === undefined ? (known.get(candidate.version) ?? []) : [],
  );
  const isSmall = (release: Release) => scheme.size(version, release.version) !== "major";
  return [...new Set([free.find(isSmall), free[0]])].flatMap((release) => {
    if (release === undefined) return [];
    const reachable = free.filter((other) => isSmall(other) === isSmall(release));
    const alternatives = alternativesTo(release.version, reachable, scheme);
    const update = toUpdate(question, release, alternatives, []);
    const changesNothing = update.requirement === dependency.requirement && !isLocked(question);
    return changesNothing ? [] : [update];
  });
}

function toUpdate(
  question: Question,
  release: Release,
  alternatives: readonly Release[],
  open: readonly Advisory[],
): Update {
  const { project, manifest, dependency, scheme, version, releases } = question;
  const current = releases.releases.find((known) => known.version === version);
  const step = (to: Release): Step => ({
    release: to,
    requirement: requirementFor(question, to) ?? dependency.requirement,
    size: scheme.size(version, to.version),
    fixes: open.filter((advisory) => !affects(advisory, to.version, scheme)),
  });
  return {
    project,
    manifest,
    dependency,
    from: version,
    ...(current === undefined ? {} : { current }),
    ...step(release),
    ...(alternatives.length === 0 ? {} : { alternatives: alternatives.map(step) }),
  };
}

/** The lowest release above the one in use that no advisory touches, which does not cool; then the highest ones. */
function fixesFor(question: Question): readonly Release[] {
  const { scheme, version, releases } = question;
  const rejected = new Map(
    weigh({ ...question, urgent: true }).map((candidate) => [candidate.version, candidate.rejected]),
  );
  const free = releases.releases.filter(
    (release) => rejected.has(release.version) && rejected.get(release.version) === undefined,
  );
  const [lowest] = free;
  const small = free.findLast((release) => scheme.size(version, release.version) !== "major");
  return [...new Set([lowest, small, free.at(-1)])].filter((release) => release !== undefined);
}

function whyNothing(
  { version, dependency, releases, scheme }: Question,
  candidates: readonly Candidate[],
  open: readonly Advisory[],
): ["current" | "held", Reason, readonly Candidate[]] {
  const [newest] = candidates;
  if (open.length > 0) {
    const ids = open.map(({ id }) => id).join(", ");
    return [
      "held",
      {
        code: "no-fix",
        detail: `no release mends ${ids}${newest?.rejected ? `; ${newest.version}: ${newest.rejected.detail}` : ""}`,
      },
      candidates,
    ];
  }
  if (newest === undefined) {
    const known = releases.releases.some((release) => scheme.compare(release.version, version) === 0);
    const detail = known ? `${version} is the newest release` : `no release is newer than ${version}`;
    return ["current", { code: "newest", detail }, candidates];
  }
  if (newest.rejected === undefined) {
    return [
      "current",
      { code: "in-range", detail: `\`${dependency.requirement}\` already allows ${newest.version}` },
      candidates,
    ];
  }
  // A prerelease or a release above `latest` is no reason to call a dependency held back.
  const telling = candidates.find(
    ({ rejected }) => rejected !== undefined && !unremarkable.has(rejected.code),
  );
  if (telling?.rejected === undefined) {
    return [
      "current",
      { code: "newest", detail: `${version} is the newest release that is recommended` },
      candidates,
    ];
  }
  return [
    "held",
    { code: telling.rejected.code, detail: `${telling.version}: ${telling.rejected.detail}` },
    candidates,
  ];
}

const unremarkable = new Set(["prerelease", "above-recommended"]);

function failure(name: string, resolution: Resolution | undefined): Reason {
  if (resolution?.kind === "failed") return { code: "registry-error", detail: resolution.message };
  return { code: "not-found", detail: `the registry does not know ${name}` };
}
