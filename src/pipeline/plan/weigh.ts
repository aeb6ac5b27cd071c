import semver from "semver";
import { affects } from "../../domain/advisory.ts";
import {
  allowsSize,
  cooldownFor,
  type IgnoreRule,
  matchesPattern,
  type Policy,
  type Said,
} from "../../domain/policy.ts";
import type {
  Advisory,
  Candidate,
  Dependency,
  Manifest,
  PackageReleases,
  Project,
  Reason,
  Release,
} from "../../domain/types.ts";
import { remembered } from "../../text/remembered.ts";
import type { VersionScheme } from "../../versions/scheme.ts";
import { releaseNamed } from "./known.ts";
import { requirementFor, whyUnwritable } from "./requirement.ts";

/** One dependency and all that bears on which releases it may take. */
export interface Question {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly dependency: Dependency;
  /** In use. */
  readonly version: string;
  readonly scheme: VersionScheme;
  readonly releases: PackageReleases;
  /** All that are known on the package. */
  readonly advisories: readonly Advisory[];
  readonly policy: Policy;
  /** Where rules ask about releases: what holds for each. */
  readonly policyFor?: (release: Release) => Policy;
  /** Whether the project is a library, whose users must live with what it requires. */
  readonly isLibrary: boolean;
  readonly now: Date;
  /** A security fix: it does not cool, and rules about sizes do not hold it back. */
  readonly urgent?: boolean;
}

/**
 * Judges every release above the one in use, newest first. Those published after `now` do not exist yet. Many manifests
 * of a workspace ask the same: it is answered once.
 */
export function weigh(question: Question): readonly Candidate[] {
  const { releases, policy, policyFor } = question;
  if (policyFor !== undefined) return judge(question);
  const ofPackage = remembered(judged, releases, () => new WeakMap<Policy, Judgements>());
  const ofPolicy = remembered(ofPackage, policy, (): Judgements => new Map());
  return remembered(ofPolicy, askedBy(question), () => judge(question));
}

/** By what was asked. */
type Judgements = Map<string, readonly Candidate[]>;
const judged = new WeakMap<PackageReleases, WeakMap<Policy, Judgements>>();

/** All that bears on the answer besides the package and the policy. */
function askedBy(question: Question): string {
  const { project, manifest, dependency, version, advisories, isLibrary, now, urgent } = question;
  const { name, requirement, scope, kind } = dependency;
  const isLocked = project.lockfile !== undefined;
  const ids = advisories.map(({ id }) => id);
  const asked = [name, requirement, scope, kind, version, isLibrary, isLocked, urgent, now.getTime(), ids];
  return JSON.stringify([...asked, manifest.engines]);
}

function judge(question: Question): readonly Candidate[] {
  const { policyFor } = question;
  return releasesAbove(question).map(({ release, candidate }) => {
    if (candidate.rejected !== undefined) return candidate;
    const asked = policyFor === undefined ? question : { ...question, policy: policyFor(release) };
    const rejected = objectionTo(release, asked, objections);
    return rejected === undefined ? candidate : { version: release.version, rejected };
  });
}

interface Above {
  readonly release: Release;
  /** With what speaks against it whoever asks. */
  readonly candidate: Candidate;
}

/** Many manifests of a workspace use the same release of a package: what does not depend on them is found once. */
const above = new WeakMap<PackageReleases, Map<string, readonly Above[]>>();

function releasesAbove(question: Question): readonly Above[] {
  const { releases, version, now } = question;
  const known = remembered(above, releases, () => new Map<string, readonly Above[]>());
  return remembered(known, `${version} ${now.getTime()}`, () => findAbove(question));
}

function findAbove(question: Question): readonly Above[] {
  const { releases, scheme, version, now } = question;
  // They are in order, and most packages have hundreds below: those are not even looked at.
  const last = releases.releases.findLastIndex((release) => scheme.compare(release.version, version) <= 0);
  return releases.releases
    .slice(last + 1)
    .filter((release) => !isAfter(release, now))
    .toReversed()
    .map((release): Above => {
      const rejected = objectionTo(release, question, inherent);
      const { version: number } = release;
      return {
        release,
        candidate: rejected === undefined ? { version: number } : { version: number, rejected },
      };
    });
}

/** The first that speaks is the reason that is told; most releases need not be asked about further. */
function objectionTo(release: Release, question: Question, all: readonly Objection[]): Reason | undefined {
  for (const objection of all) {
    const reason = objection(release, question);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

type Objection = (release: Release, question: Question) => Reason | undefined;

/** These depend on the package, the version in use and the time alone. */
const inherent: readonly Objection[] = [isWithdrawn, isPrerelease, isAboveRecommended];
const objections: readonly Objection[] = [
  needsOtherRuntime,
  isVulnerable,
  isDisabled,
  isIgnoredVersion,
  isNotAllowed,
  isYoung,
  isUnwritable,
];

function isWithdrawn({ withdrawn }: Release): Reason | undefined {
  if (withdrawn === undefined) return undefined;
  const message = withdrawn.message === undefined ? "" : `: ${withdrawn.message}`;
  return { code: withdrawn.kind, detail: `it is ${withdrawn.kind}${message}` };
}

function isPrerelease(release: Release, { scheme, version }: Question): Reason | undefined {
  if (!scheme.isPrerelease(release.version)) return undefined;
  if (!scheme.isPrerelease(version)) return isMerePrerelease;
  // Who uses 2.0.0-rc.1 waits for 2.0.0 and may try what comes before it, but did not ask for 3.0.0-alpha.
  if (scheme.size(version, release.version) === "patch") return undefined;
  return { code: "prerelease", detail: `it is a prerelease of another version than ${version} is` };
}

/** Said of thousands of releases. */
const isMerePrerelease: Reason = {
  code: "prerelease",
  detail: "it is a prerelease, and the version in use is not",
};

/** The mark was set at some time; seen from before that time it says nothing. */
function isAboveRecommended(
  release: Release,
  { releases, scheme, version, now }: Question,
): Reason | undefined {
  const { recommended } = releases;
  if (recommended === undefined || scheme.compare(version, recommended) > 0) return undefined;
  if (scheme.compare(release.version, recommended) <= 0) return undefined;
  const mark = releaseNamed(releases, recommended);
  if (mark === undefined || isAfter(mark, now)) return undefined;
  return {
    code: "above-recommended",
    detail: `the maintainers recommend ${recommended} (dist-tag \`latest\`)`,
  };
}

function needsOtherRuntime(
  release: Release,
  { manifest, releases, version, scheme }: Question,
): Reason | undefined {
  for (const [runtime, needed] of Object.entries(release.engines ?? {})) {
    const declared = manifest.engines?.[runtime];
    if (declared === undefined || covers(needed, declared)) continue;
    const inUse = releases.releases.find((known) => scheme.compare(known.version, version) === 0)?.engines?.[
      runtime
    ];
    // The release in use already asks for more than is declared: the declaration is not kept, and holds nothing back.
    if (inUse !== undefined && !covers(inUse, declared)) continue;
    return {
      code: "engines",
      detail: `it needs ${runtime} \`${needed}\`, and the project supports \`${declared}\``,
    };
  }
  return undefined;
}

/** Whether every runtime that is declared is one that is accepted. What cannot be read is no objection. */
function covers(accepted: string, declared: string): boolean {
  const key = `${accepted}\n${declared}`;
  const known = covered.get(key);
  if (known !== undefined) return known;
  const isReadable = semver.validRange(accepted) !== null && semver.validRange(declared) !== null;
  const result = !isReadable || semver.subset(declared, accepted);
  if (covered.size > 20_000) covered.clear();
  covered.set(key, result);
  return result;
}

/** The releases of a package, and most packages, say the same: what was found once is kept. */
const covered = new Map<string, boolean>();

function isVulnerable(release: Release, { advisories, scheme }: Question): Reason | undefined {
  const ids = advisories.filter((advisory) => affects(advisory, release.version, scheme)).map(({ id }) => id);
  return ids.length === 0 ? undefined : { code: "vulnerable", detail: `it is vulnerable: ${ids.join(", ")}` };
}

function isDisabled(_: Release, { policy }: Question): Reason | undefined {
  if (policy.disabledBy === undefined) return undefined;
  const detail = `a rule turns such updates off (${policy.disabledBy})`;
  return { code: "disabled", detail, origin: policy.disabledBy };
}

function isNotAllowed(
  release: Release,
  { policy, dependency, scheme, version, urgent }: Question,
): Reason | undefined {
  const size = scheme.size(version, release.version);
  if (urgent === true || allowsSize(policy.allow, dependency, size)) return undefined;
  const detail = `the configuration allows no ${size} updates of ${dependency.name}`;
  return { code: "not-allowed", ...located(detail, policy.origins?.get("allow")) };
}

function isIgnoredVersion(release: Release, question: Question): Reason | undefined {
  const { policy, dependency, scheme, version, urgent } = question;
  const size = scheme.size(version, release.version);
  for (const { pattern, versions, updateTypes, origin, said } of policy.ignore) {
    if (!matchesPattern(pattern, dependency.name)) continue;
    if (said?.like !== undefined && (urgent !== true || said.security) && isMeant(release, said, question))
      return { code: said.how, ...located(phrases[said.how], origin) };
    const range = versions.find((ignored) => scheme.satisfies(release.version, ignored));
    if (range !== undefined)
      return { code: "ignored", ...located(`${ignorant(said)} \`${range}\` of ${pattern}`, origin) };
    if (urgent !== true && updateTypes.includes(size)) {
      return {
        code: "ignored",
        ...located(`the configuration ignores ${size} updates of ${pattern}`, origin),
      };
    }
  }
  return undefined;
}

const phrases = {
  closed: "a person closed the pull request for it",
  ignored: "a comment on a pull request says to ignore it",
};

function ignorant(said: Said | undefined): string {
  return said === undefined ? "the configuration ignores" : "a comment on a pull request ignores";
}

/**
 * Whether a person means this release. Who closes the pull request for one does not want the older ones instead of it,
 * and of a major none that is like it.
 */
function isMeant(
  { version }: Release,
  { how, like }: Said,
  { scheme: { compare, size }, version: inUse }: Question,
): boolean {
  if (like === undefined) return false;
  const difference = size(like.version, version);
  const isSameMajor = difference !== "major";
  if (how === "closed") {
    const isMajor = like.size === "major";
    const isSuch = (size(inUse, version) === "major") === isMajor;
    return isSuch && (compare(version, like.version) <= 0 || (isMajor && isSameMajor));
  }
  if (like.size === "patch") return compare(like.version, version) === 0;
  return like.size === "major" ? isSameMajor : difference === "patch";
}

/** Why a package is never updated at all: a rule that names neither versions nor sizes. */
export function isIgnored(rules: readonly IgnoreRule[], name: string): Reason | undefined {
  const rule = rules.find(
    ({ pattern, versions, updateTypes, said }) =>
      versions.length === 0 &&
      updateTypes.length === 0 &&
      said?.like === undefined &&
      matchesPattern(pattern, name),
  );
  if (rule === undefined) return undefined;
  return { code: "ignored", ...located(`${ignorant(rule.said)} ${rule.pattern}`, rule.origin) };
}

/** With the line that says so, in words and as data. */
export function located(detail: string, origin: string | undefined): Pick<Reason, "detail" | "origin"> {
  return origin === undefined ? { detail } : { detail: `${detail} (${origin})`, origin };
}

const day = 86_400_000;

function isYoung(
  release: Release,
  { policy, dependency, scheme, version, releases, now, urgent }: Question,
): Reason | undefined {
  if (urgent === true) return undefined;
  const days = cooldownFor(policy.cooldown, dependency.name, scheme.size(version, release.version));
  // Where a release has no time of its own, it is at least as old as the last change of the package.
  const time = release.publishedAt ?? (releases.dated ? undefined : releases.modifiedAt);
  if (days === 0 || time === undefined) return undefined;
  const until = new Date(Date.parse(time) + days * day);
  if (until.getTime() <= now.getTime()) return undefined;
  const at = until.toISOString();
  const detail = `it was published ${time.slice(0, 10)} and cools until ${at.slice(0, 16)}Z`;
  const size = scheme.size(version, release.version);
  const origin =
    policy.origins?.get(`cooldown.semver-${size}-days`) ?? policy.origins?.get("cooldown.default-days");
  return { code: "cooldown", ...located(detail, origin), until: at };
}

function isUnwritable(release: Release, question: Question): Reason | undefined {
  return requirementFor(question, release) === undefined ? whyUnwritable(question) : undefined;
}

function isAfter({ publishedAt }: Release, now: Date): boolean {
  return publishedAt !== undefined && Date.parse(publishedAt) > now.getTime();
}
