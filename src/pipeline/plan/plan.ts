import { affects } from "../../domain/advisory.ts";
import { allowsIndirect, type Policies } from "../../domain/policy.ts";
import type {
  Advisory,
  Candidate,
  Decision,
  Dependency,
  Manifest,
  Project,
  Reason,
  Update,
  UpdateGroup,
} from "../../domain/types.ts";
import { remembered } from "../../text/remembered.ts";
import type { VersionScheme } from "../../versions/scheme.ts";
import { type Advisories, advisoriesOn } from "../audit.ts";
import { isLookedUp, packageKey, type Resolutions } from "../resolve.ts";
import { bound } from "./bonds.ts";
import { choose, chooseWithin, fixesFor, toUpdate } from "./choose.ts";
import { group } from "./group.ts";
import { ageOf, callsForUpdate, policyOf, severityOf } from "./policy.ts";
import { maintenanceOf } from "./maintenance.ts";
import { failure, notCalledFor, outOfReach, whyForbidden, whyNothing } from "./reasons.ts";
import { type Question, weigh } from "./weigh.ts";

/** What the planner looks at. Nothing here is fetched: the earlier stages have done that. */
export interface Findings {
  readonly projects: readonly Project[];
  /** See `exposedIn`. */
  readonly exposed: ReadonlyMap<Project, Manifest>;
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
  /** One for every dependency of every manifest, in their order, and for every vulnerable package beside them. */
  readonly decisions: readonly Decision[];
}

/** Chooses which dependencies move, to what, and in whose company. Pure: the same findings make the same plan. */
export function plan(findings: Findings, policies: Policies, now: Date): Plan {
  const decisions = findings.projects.flatMap((project) => {
    const manifests = [...project.manifests, findings.exposed.get(project) ?? []].flat();
    const own = manifests.flatMap((manifest) =>
      manifest.dependencies.map((dependency) =>
        decide({ project, manifest, dependency }, findings, policies, now),
      ),
    );
    return bound(own, findings.schemes.get(project.ecosystem));
  });
  const updates = decisions.flatMap((decision) => (decision.outcome === "update" ? decision.updates : []));
  const groups = group(updates, (update) => policyOf(update, policies, now));
  const kept = new Set(groups.flatMap((each) => each.updates));
  const maintenance = findings.projects.flatMap((project) => maintenanceOf(project, policies, now));
  return {
    groups: [...groups, ...maintenance],
    decisions: decisions.map((decision) => afterGrouping(decision, kept)),
  };
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

function decide(subject: Subject, findings: Findings, policies: Policies, now: Date): Decision {
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
  const policy = policies.forDependency(subject);
  const forbidden = whyForbidden(policy, dependency);
  if (forbidden !== undefined) return stays("held", forbidden);

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
    ...forReleases(policies, subject, { version, scheme, open, now }),
    isLibrary: findings.libraries.has(project),
    now,
  };
  const candidates = weigh(question);
  const urgent = open.filter((advisory) => callsForUpdate(advisory, policy));
  const isWanted = dependency.kind === "transitive" && allowsIndirect(policy.allow, name);
  if (dependency.kind === "transitive" && !(isWanted && urgent.length === 0)) {
    if (urgent.length === 0) return stays("held", notCalledFor(open), candidates);
    const [reachable] = fixesFor(question).filter((fix) => scheme.size(version, fix.version) !== "major");
    return reachable === undefined
      ? stays(...outOfReach(question, candidates, open))
      : taken(subject, [toUpdate(question, reachable, [], open)], candidates);
  }
  const fixes = urgent.length > 0 ? fixesFor(question) : [];
  if (fixes[0] !== undefined)
    return taken(subject, [toUpdate(question, fixes[0], fixes.slice(1), open)], candidates);

  if (policy.noVersionUpdates !== undefined && urgent.length === 0) {
    const reason = { code: "no-version-updates", detail: policy.noVersionUpdates };
    return stays(
      candidates.length === 0 ? "current" : "held",
      reason,
      candidates.map((it) => ({ rejected: reason, ...it })),
    );
  }
  const choice = isWanted ? chooseWithin : choose;
  const chosen = policy.noVersionUpdates === undefined ? choice(candidates, question) : [];
  if (chosen.length > 0) return taken(subject, chosen, candidates);
  return stays(...whyNothing(question, candidates, urgent));
}

/** Where rules ask about releases: what holds for each. */
function forReleases(
  { forUpdate }: Policies,
  subject: Subject,
  {
    version,
    scheme,
    open,
    now,
  }: Pick<Question, "version" | "scheme" | "now"> & { open: readonly Advisory[] },
): Pick<Question, "policyFor"> {
  if (forUpdate === undefined) return {};
  return {
    policyFor: (release) => {
      const fixes = open.filter((advisory) => !affects(advisory, release.version, scheme));
      const size = scheme.size(version, release.version);
      return forUpdate(subject, { size, ...severityOf(fixes), ...ageOf(release, now) });
    },
  };
}

const afterwards = new WeakMap<readonly Candidate[], Map<string, readonly Candidate[]>>();

/** The candidates as they stand once some are taken; the same for all who asked the same and take the same. */
function afterTaking(
  versions: ReadonlySet<string>,
  to: string,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const known = remembered(afterwards, candidates, () => new Map<string, readonly Candidate[]>());
  return remembered(known, to, () => {
    const notNeeded = { code: "not-needed", detail: `${to} ${versions.size > 1 ? "were" : "was"} taken` };
    return candidates.map(({ version, rejected = notNeeded }) =>
      versions.has(version) ? { version } : { version, rejected },
    );
  });
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
    candidates: afterTaking(versions, to, candidates),
    reason:
      fixes.length > 0
        ? {
            code: "fixes-advisory",
            detail: `${to} is the lowest release that mends ${fixes.map(({ id }) => id).join(", ")}`,
          }
        : { code: "newer-release", detail: `${to} ${versions.size === 1 ? "is" : "are"} newer than ${from}` },
  };
}
