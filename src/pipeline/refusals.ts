import { digestOf, movesOf, type Marker } from "../domain/branch.ts";
import type { IgnoreRule, Policies, Policy, PolicySubject, Said } from "../domain/policy.ts";
import type { ClosedPullRequest, OpenPullRequest } from "../domain/ports.ts";
import type { Decision, UpdateGroup, UpdateSize } from "../domain/types.ts";

/** Releases of one package that a person does not want, and where that was said. */
export interface Refusal {
  readonly rule: IgnoreRule;
  /** Absent: in every ecosystem. */
  readonly ecosystem?: string;
  /** The folders of the projects that it is about. Absent: all of them. */
  readonly roots?: readonly string[];
}

/**
 * What people said on the pull requests of one branch: who closes one about a single package does not want that version,
 * or where it is a major, that major; and what comments say to ignore, also on what is open or was merged.
 */
export function refusalsOf(
  closed: readonly ClosedPullRequest[],
  open: readonly OpenPullRequest[],
): readonly Refusal[] {
  return [
    ...closed.filter(isRefused).flatMap((pull) => {
      const [only, ...others] = pull.moves ?? [];
      if (only === undefined || others.length > 0) return [];
      const size = only.size === "major" ? "major" : "patch";
      return [refusal(pull, only.name, { how: "closed", like: { version: only.to, size } })];
    }),
    ...[...closed, ...open].flatMap((pull) =>
      (pull.ignore ?? []).map(({ name, what }) => {
        const [, size, version] = /^(major|minor|patch) (\S+)$/.exec(what) ?? [];
        if (isSize(size) && version !== undefined)
          return refusal(pull, name, { how: "ignored", like: { version, size } });
        return refusal(pull, name, { how: "ignored" }, what === "*" ? [] : [what]);
      }),
    ),
  ];
}

/** The policies with what people said beside what the files say. */
export function refusing(policies: Policies, refusals: readonly Refusal[]): Policies {
  if (refusals.length === 0) return policies;
  const withRefusals = (policy: Policy, { project, dependency }: PolicySubject): Policy => {
    const rules = refusals.filter(
      ({ ecosystem, roots, rule }) =>
        (ecosystem === undefined || ecosystem === project.ecosystem) &&
        (roots === undefined || roots.includes(project.root)) &&
        (rule.pattern.includes("*") || rule.pattern === dependency.name),
    );
    return rules.length === 0
      ? policy
      : { ...policy, ignore: [...policy.ignore, ...rules.map(({ rule }) => rule)] };
  };
  const { forUpdate } = policies;
  return {
    ...policies,
    forDependency: (subject) => withRefusals(policies.forDependency(subject), subject),
    ...(forUpdate === undefined
      ? {}
      : { forUpdate: (subject, move) => withRefusals(forUpdate(subject, move), subject) }),
  };
}

/** The pull request that a person closed for just these packages at just these versions. */
export function closedFor(
  group: UpdateGroup,
  digest: string,
  closed: readonly ClosedPullRequest[],
): ClosedPullRequest | undefined {
  const wanted = setOf(movesOf(group));
  return closed.find(
    (pull) =>
      isRefused(pull) &&
      pull.key === group.key &&
      (pull.digest === digest || (pull.moves !== undefined && setOf(pull.moves) === wanted)),
  );
}

/** The groups that are not to be proposed, each with the pull request that a person closed. What is open is not declined. */
export function declinedIn(
  groups: readonly UpdateGroup[],
  open: readonly OpenPullRequest[],
  closed: readonly ClosedPullRequest[],
): ReadonlyMap<UpdateGroup, ClosedPullRequest> {
  const isOpen = new Set(open.map(({ key }) => key));
  return new Map(
    groups.flatMap((group) => {
      const pull = isOpen.has(group.key) ? undefined : closedFor(group, digestOf(group), closed);
      return pull === undefined ? [] : [[group, pull] as const];
    }),
  );
}

/** What is decided on the dependencies of declined groups. */
export function afterDeclining(
  decisions: readonly Decision[],
  declined: ReadonlyMap<UpdateGroup, ClosedPullRequest>,
): readonly Decision[] {
  const urls = new Map(
    [...declined].flatMap(([{ updates }, { url }]) => updates.map((update) => [update, url] as const)),
  );
  return decisions.map((decision): Decision => {
    if (decision.outcome !== "update") return decision;
    const { project, manifest, dependency, candidates, updates } = decision;
    const [first] = updates.filter((update) => urls.has(update));
    if (first === undefined) return decision;
    const left = updates.filter((update) => !urls.has(update));
    const origin = urls.get(first) ?? "";
    const said = `a person closed the pull request for just these versions (${origin})`;
    const gone = new Set(
      updates.flatMap((update) => (left.includes(update) ? [] : [update.release.version])),
    );
    const told = candidates.map((candidate) =>
      gone.has(candidate.version)
        ? { ...candidate, rejected: { code: "closed", detail: said, origin } }
        : candidate,
    );
    if (left.length > 0) return { ...decision, updates: left, candidates: told };
    const reason = { code: "closed", detail: `${[...gone].join(" and ")}: ${said}`, origin };
    return { project, manifest, dependency, candidates: told, outcome: "held", reason };
  });
}

/** Of one branch, where the configuration names others: a key tells the branch that it is for, if not the default one. */
export function forBranch<T extends Pick<Marker, "key">>(
  pulls: readonly T[],
  branch: string | undefined,
  others: readonly string[],
): readonly T[] {
  const isOf = ({ key }: T, name: string) => key.endsWith(` on ${name}`) || key.includes(` on ${name}~`);
  if (branch !== undefined) return pulls.filter((pull) => isOf(pull, branch));
  return pulls.filter((pull) => !others.some((name) => isOf(pull, name)));
}

/** Closed by a person: the App takes the digest out of what it closes itself. */
function isRefused({ digest, isMerged }: ClosedPullRequest): boolean {
  return digest !== "" && !isMerged;
}

function refusal(
  { key, roots, url }: Marker & { readonly url: string },
  name: string,
  said: Pick<Said, "how" | "like">,
  versions: readonly string[] = [],
): Refusal {
  const [ecosystem = ""] = key.split("/");
  return {
    rule: {
      pattern: name,
      versions,
      updateTypes: [],
      origin: url,
      said: { ...said, security: /^[^/]+\/security\b/.test(key) },
    },
    ...(ecosystem === "multi-ecosystem" ? {} : { ecosystem }),
    ...(roots === undefined ? {} : { roots }),
  };
}

function setOf(moves: NonNullable<Marker["moves"]>): string {
  return JSON.stringify(moves.map(({ name, to }) => [name, to]));
}

function isSize(text: string | undefined): text is UpdateSize {
  return text === "major" || text === "minor" || text === "patch";
}
