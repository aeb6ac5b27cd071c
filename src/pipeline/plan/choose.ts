import { affects } from "../../domain/advisory.ts";
import type { Advisory, Candidate, Release, Step, Update } from "../../domain/types.ts";
import { remembered } from "../../text/remembered.ts";
import { alternativesTo } from "./alternatives.ts";
import { releaseNamed } from "./known.ts";
import { isLocked, requirementFor } from "./requirement.ts";
import { type Question, weigh } from "./weigh.ts";

/**
 * The newest release that may be taken; and where that is a major, the newest below it too, so that small updates do not
 * wait for the big one.
 */
export function choose(candidates: readonly Candidate[], question: Question): Update[] {
  return remembered(choices, candidates, () => choicesAmong(candidates, question)).flatMap(
    ({ release, alternatives }) => {
      const update = toUpdate(question, release, alternatives, []);
      const changesNothing = update.requirement === question.dependency.requirement && !isLocked(question);
      return changesNothing ? [] : [update];
    },
  );
}

interface Choice {
  readonly release: Release;
  readonly alternatives: readonly Release[];
}

/** Many manifests of a workspace are answered with the same candidates. */
const choices = new WeakMap<readonly Candidate[], readonly Choice[]>();

function choicesAmong(
  candidates: readonly Candidate[],
  { scheme, version, releases }: Question,
): readonly Choice[] {
  const free = candidates.flatMap(({ version: number, rejected }) =>
    rejected === undefined ? (releaseNamed(releases, number) ?? []) : [],
  );
  const isSmall = (release: Release) => scheme.size(version, release.version) !== "major";
  return [...new Set([free.find(isSmall), free[0]])].flatMap((release) => {
    if (release === undefined) return [];
    const reachable = free.filter((other) => isSmall(other) === isSmall(release));
    return [{ release, alternatives: alternativesTo(release.version, reachable, scheme) }];
  });
}

/** The newest release of the same major: what asks for a package that no manifest names may bring in no other. */
export function chooseWithin(candidates: readonly Candidate[], question: Question): Update[] {
  const { scheme, version, releases } = question;
  const free = candidates.find(
    (it) => it.rejected === undefined && scheme.size(version, it.version) !== "major",
  );
  const release = free === undefined ? undefined : releaseNamed(releases, free.version);
  if (release === undefined) return [];
  const refused = candidates.filter(({ rejected }) => rejected !== undefined);
  return [{ ...toUpdate(question, release, [], []), refused }];
}

/** `open` are the advisories that touch the version in use. */
export function toUpdate(
  question: Question,
  release: Release,
  alternatives: readonly Release[],
  open: readonly Advisory[],
): Update {
  const { project, manifest, dependency, scheme, version, releases } = question;
  const current = releaseNamed(releases, version);
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
export function fixesFor(question: Question): readonly Release[] {
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
