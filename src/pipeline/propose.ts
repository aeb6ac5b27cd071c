import { createHash } from "node:crypto";
import { branchOf, digestOf, movesOf } from "../domain/branch.ts";
import { mayPass, messageOf, RateLimitError } from "../domain/errors.ts";
import type { ChangelogSource, Forge, OpenPullRequest, Proposal } from "../domain/ports.ts";
import type { ProposalPolicy, Problem, Repository, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { admit } from "./admit.ts";
import { automergeOf } from "./automerge.ts";
import { originOf, setApart } from "./apart.ts";
import { compose, type ComposeInput } from "./compose/compose.ts";
import { newsOf } from "./compose/news.ts";
import { titleOf } from "./compose/title.ts";
import { whyObsolete } from "./obsolete.ts";
import { isWithinLock } from "./exposed.ts";
import type { Patched } from "./patch/patch.ts";
import { policyOfGroup } from "./plan/policy.ts";
import { afterDeclining, declinedIn } from "./refusals.ts";
import type { Scan, World } from "./scan.ts";
import { afterPatching, problemsOf } from "./update.ts";
import { asPlanned, type Knowledge, learned } from "./knowledge.ts";
import { notesFor, withTimes } from "./notes.ts";
import { withSignals } from "./signals.ts";
import { writeGroup } from "./write.ts";

export interface ProposeWorld extends World, Knowledge {
  readonly forge: Forge;
  readonly changelogs: ChangelogSource;
  readonly repository: Repository;
  /** Whether the repository's schedule and limits count: not where a person asked for it. */
  readonly patient: boolean;
  /** The keys of the groups for which a person wants no waiting. */
  readonly wanted?: ReadonlySet<string>;
  /** Whether what is open is tended afterwards, and what the App merges itself is made anew when its turn comes. */
  readonly isTended?: boolean;
}

/** What became of each group, and what was closed. */
export interface Proposed {
  /** The scan with its decisions as they turned out. */
  readonly scan: Scan;
  readonly outcomes: readonly GroupOutcome[];
  /** What failed for a reason that may pass, such as a server that is down: trying again is worth it. */
  readonly passing: readonly unknown[];
  readonly closed: readonly { readonly pullRequest: OpenPullRequest; readonly reason: string }[];
}

export interface GroupOutcome {
  readonly key: string;
  readonly title: string;
  readonly branch: string;
  /**
   * `waits` for its schedule or for room under the limit; `declined` by a person, who closed it; `failed` for the reason
   * that a problem tells.
   */
  readonly outcome: Proposal["outcome"] | "waits" | "declined" | "failed";
  readonly number?: number;
  readonly url?: string;
  readonly reason?: string;
  /** When its schedule next comes, where that is what it waits for. */
  readonly until?: Date;
}

/** Opens and updates the pull requests of a scan's groups, and closes those that are no longer needed. Idempotent. */
export async function propose(found: Scan, world: ProposeWorld): Promise<Proposed> {
  const { forge, reporter } = world;
  reporter.stage("propose");
  const [open, closed] = await Promise.all([forge.openPullRequests(), forge.closedPullRequests()]);
  const groups = setApart(found.groups, open);
  const outcomes: GroupOutcome[] = [];
  const problems: Problem[] = [];
  const passing: unknown[] = [];
  const declined = declinedIn(groups, open, closed);
  let scan: Scan = { ...found, groups, decisions: afterDeclining(found.decisions, declined) };
  for (const [group, { number, url }] of declined) {
    const policy = policyOfGroup(group, world.policies, world.now);
    outcomes.push({
      key: group.key,
      title: titleOf(group, policy),
      branch: branchOf(group.key, policy.branchSeparator),
      outcome: "declined",
      number,
      url,
      reason: "a person closed its pull request",
    });
  }
  const wanted = groups.filter((group) => !declined.has(group));
  for (const { group, policy, existing, waits, until } of admit(wanted, open, world)) {
    // Between two groups a job that is to stop is given back.
    reporter.stage("propose");
    const about = {
      key: group.key,
      title: titleOf(group, policy),
      // What is open keeps its branch, whatever the configuration calls new ones.
      branch: existing?.branch ?? branchOf(group.key, policy.branchSeparator),
    };
    if (waits !== undefined) {
      outcomes.push({ ...about, outcome: "waits", reason: waits, ...(until && { until }) });
      continue;
    }
    const basis = await basisOf(group, policy, world);
    if (existing !== undefined && (await isToStay(existing, group, basis, world, policy))) {
      outcomes.push({ ...about, outcome: "unchanged", number: existing.number, url: existing.url });
      continue;
    }
    try {
      const {
        patched,
        proposal,
        problems: told,
      } = await proposeOne({ group, policy, basis, branch: about.branch, open, groups }, found, world);
      problems.push(...told, ...problemsOf(patched.dropped));
      scan = {
        ...scan,
        decisions: scan.decisions.map((decision) => afterPatching(decision, patched)),
        groups: scan.groups.map((it) => (it.key === group.key ? patched.group : it)),
      };
      outcomes.push({ ...about, ...proposal });
    } catch (error) {
      if (error instanceof RateLimitError) throw error;
      if (mayPass(error)) passing.push(error);
      problems.push({ stage: "propose", subject: group.key, message: messageOf(error) });
      outcomes.push({ ...about, outcome: "failed", reason: messageOf(error) });
    }
  }

  const left = { ...found, groups };
  const obsolete = world.policies.mode === "report" ? [] : await closeObsolete(left, outcomes, world);
  return {
    scan: { ...scan, problems: [...scan.problems, ...problems] },
    outcomes,
    closed: obsolete,
    passing,
  };
}

/**
 * Whether a job before this one has proposed just this, and came as far as the labels, which are put on last. Where only
 * the files have changed since, what still merges into them is left as it is: whoever reviewed it need not do so again.
 * So is what the App merges itself and conflicts: each merge would have all of them made anew and checked.
 */
async function isToStay(
  existing: OpenPullRequest,
  group: UpdateGroup,
  basis: string,
  { forge, isTended = false }: ProposeWorld,
  { labels, rebaseStrategy }: ProposalPolicy,
): Promise<boolean> {
  const isLabelled = existing.labels.length > 0 || labels?.length === 0;
  if (!isLabelled || existing.wanted !== undefined || existing.digest !== digestOf(group)) return false;
  if (existing.basis === basis) return true;
  if (wordingIn(existing.basis) !== wordingIn(basis)) return false;
  if (rebaseStrategy === "disabled") return true;
  const fit = await forge.fitOf(existing);
  const hasTurn = isTended && existing.automerge !== undefined && existing.merge === undefined;
  return fit === "merges" || (fit === "conflicts" && hasTurn);
}

function wordingIn(basis: string): string | undefined {
  return basis.split("-")[1];
}

/** Of everything that a pull request is made from besides its versions: the project's files, and how it is worded. */
async function basisOf(
  group: UpdateGroup,
  policy: ProposalPolicy,
  { files, policies, now }: ProposeWorld,
): Promise<string> {
  const { updates, maintains } = group;
  const projects = [...updates.map(({ project }) => project), maintains ?? []].flat();
  const paths = [...new Set(projects.flatMap((project) => project.files))].toSorted();
  const texts = await Promise.all(paths.map(async (path) => [path, await files.read(path)]));
  const { labels, commitMessage } = policy;
  // Which documents of a registry tell times differs from scan to scan.
  const automerge = automergeOf(group, policies, now);
  const wording = { labels, commitMessage, automerge: automerge && { ...automerge, after: undefined } };
  return `${hashOf(texts)}-${hashOf(wording)}`;
}

function hashOf(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 12);
}

interface Proposable {
  readonly group: UpdateGroup;
  readonly policy: ProposalPolicy;
  readonly basis: string;
  readonly branch: string;
  readonly open: readonly OpenPullRequest[];
  /** All that there are. */
  readonly groups: readonly UpdateGroup[];
}

async function proposeOne(
  { group, policy, basis, branch, open, groups }: Proposable,
  found: Scan,
  world: ProposeWorld,
): Promise<{
  patched: Patched;
  proposal: Proposal | { outcome: "failed" | "waits"; reason: string };
  problems: readonly Problem[];
}> {
  const { ecosystems, forge, now } = world;
  const byId = new Map(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));
  const { patched, verifications, problems } = await writeGroup(group, found, world);
  if (patched.changes.length === 0 && (group.maintains !== undefined || group.updates.every(isWithinLock))) {
    return {
      patched,
      proposal: { outcome: "waits", reason: "for something newer: the lockfile is as new as it can be" },
      problems,
    };
  }
  if (patched.changes.length === 0) {
    const reason = patched.dropped[0]?.message ?? "there is nothing to write";
    return { patched, proposal: { outcome: "failed", reason }, problems };
  }
  const dated = await withSignals(await withTimes(patched.group, byId, world), byId, world.http);
  const notes = await notesFor(dated, byId, world);
  const merging = automergeOf(dated, world.policies, now);
  const automerge = merging === undefined ? {} : { automerge: merging };
  const draft = compose({
    group: dated,
    changes: patched.changes,
    notes: notes.byName,
    verifications,
    policy,
    now,
    digest: digestOf(group),
    basis,
    kept: { ...keptBy(group, digestOf(group), open), ...automerge },
    ...(await learned(dated, found, world)),
    elsewhere: asPlanned(open, groups).filter(({ key }) => key !== group.key),
    findings: found.findings,
    language: languageOf(patched.group, byId),
  });
  const before = open.find(({ key }) => key === group.key);
  const news = newsOf(before?.moves, movesOf(dated));
  const { refused = [], ...proposal } = await forge.propose({ ...draft, branch, ...(news && { news }) });
  const refusals = refused.map((what): Problem => ({
    stage: "propose",
    subject: group.key,
    message: `GitHub refused ${what}, as the configuration asks`,
  }));
  return { patched, proposal, problems: [...problems, ...notes.problems, ...refusals] };
}

/** What the marker of an open pull request remembers beyond what it is made of now. */
function keptBy(
  { key, updates }: UpdateGroup,
  digest: string,
  open: readonly OpenPullRequest[],
): NonNullable<ComposeInput["kept"]> {
  const before = open.find((pull) => pull.key === key);
  const { apart = [], ignore = [], merge, queued } = before ?? {};
  const from = originOf(key);
  // What is back in the group is no longer apart.
  const still = apart.filter(({ name }) => updates.every(({ dependency }) => dependency.name !== name));
  return {
    ...(still.length === 0 ? {} : { apart: still }),
    ...(from === undefined ? {} : { from }),
    ...(ignore.length === 0 ? {} : { ignore }),
    ...(queued === undefined ? {} : { queued }),
    // Who wanted it merged saw other versions, where those have changed.
    ...(merge === undefined || before?.digest !== digest ? {} : { merge }),
  };
}

/** The label of the group's ecosystem. */
function languageOf({ updates, maintains }: UpdateGroup, ecosystems: ReadonlyMap<string, Ecosystem>): string {
  const project = updates[0]?.project ?? maintains;
  return ecosystems.get(project?.ecosystem ?? "")?.label ?? "";
}

/** Closes what no group stands for any more; but not when something that failed may be the reason that it is missing. */
async function closeObsolete(
  { groups, decisions, problems, projects }: Scan,
  outcomes: readonly GroupOutcome[],
  { forge, ecosystems }: ProposeWorld,
): Promise<Proposed["closed"]> {
  const keys = new Set(groups.map(({ key }) => key));
  const warnings = new Set(projects.flatMap((project) => project.warnings));
  const isUncertain =
    decisions.some(({ outcome }) => outcome === "failed") ||
    problems.some(
      ({ stage, message }) => stage === "audit" || (stage === "discover" && !warnings.has(message)),
    );
  if (isUncertain) return [];
  const closed: { pullRequest: OpenPullRequest; reason: string }[] = [];
  const numbers = new Map(
    outcomes.flatMap(({ key, number }) => (number === undefined ? [] : [[key, number]])),
  );
  const elsewhere = new Map(
    groups.flatMap(({ key, updates }) => {
      const number = numbers.get(key);
      return number === undefined ? [] : updates.map(({ dependency }) => [dependency.name, number] as const);
    }),
  );
  const schemes = new Map(ecosystems.map(({ id, versions }) => [id, versions]));
  for (const pullRequest of (await forge.openPullRequests()).filter(({ key }) => !keys.has(key))) {
    const reason = whyObsolete(pullRequest, { decisions, elsewhere, schemes });
    await forge.close(pullRequest, reason);
    closed.push({ pullRequest, reason });
  }
  return closed;
}
