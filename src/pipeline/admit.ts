import type { Policies, Policy } from "../domain/policy.ts";
import type { OpenPullRequest } from "../domain/ports.ts";
import { isDue, nextRun } from "../domain/schedule.ts";
import type { Repository, UpdateGroup } from "../domain/types.ts";
import { policyOfGroup } from "./plan/policy.ts";

export interface Admitted {
  readonly group: UpdateGroup;
  readonly policy: Policy;
  readonly existing: OpenPullRequest | undefined;
  /** Why it is not for now. */
  readonly waits: string | undefined;
  /** When its schedule next comes, where that is what it waits for. */
  readonly until?: Date;
}

export interface Gate {
  readonly policies: Policies;
  readonly repository: Repository;
  readonly now: Date;
  /** Whether the repository's schedule and limits count: not where a person asked for it. */
  readonly patient: boolean;
  /** The keys of the groups that a person wants now. */
  readonly wanted?: ReadonlySet<string>;
}

/**
 * Security goes at once; of the others, new ones wait for the schedule and for room under the limit of their entry and of
 * the repository. Pure.
 */
export function admit(
  groups: readonly UpdateGroup[],
  open: readonly OpenPullRequest[],
  { policies, repository, now, patient, wanted }: Gate,
): readonly Admitted[] {
  const byKey = new Map(open.map((pullRequest) => [pullRequest.key, pullRequest]));
  const all = groups.map((group) => ({
    group,
    policy: policyOfGroup(group, policies, now),
    existing: byKey.get(group.key),
  }));
  const counted = all.filter(({ group, existing }) => group.kind === "version" && existing !== undefined);
  const openOf = new Map(
    [...Map.groupBy(counted, ({ policy }) => policy.entry)].map(([entry, members]) => [
      entry,
      members.length,
    ]),
  );
  let total = counted.length;

  return all.map((each): Admitted => {
    const { group, policy, existing } = each;
    if (policies.mode === "report") return { ...each, waits: "the configuration says `mode: report`" };
    const isWanted = !patient || wanted?.has(group.key) === true;
    if (group.kind === "security" || existing !== undefined || isWanted) return { ...each, waits: undefined };
    if (!isDue(policy.schedule, repository, now)) {
      const next = nextRun(policy.schedule, repository, now);
      if (next === undefined) return { ...each, waits: "for the schedule, which never comes" };
      return { ...each, waits: `for the schedule, until ${next.toISOString().slice(0, 16)}Z`, until: next };
    }
    const mine = openOf.get(policy.entry) ?? 0;
    if (mine >= policy.openPullRequestsLimit)
      return { ...each, waits: roomFor(policy.openPullRequestsLimit) };
    const { openPullRequestsLimit: most = Infinity } = policies;
    if (total >= most) return { ...each, waits: roomFor(most) };
    openOf.set(policy.entry, mine + 1);
    total += 1;
    return { ...each, waits: undefined };
  });
}

function roomFor(limit: number): string {
  return `for room: ${limit} pull requests may be open at a time`;
}
