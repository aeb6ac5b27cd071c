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
 * Security goes at once; of the others, new ones wait for the schedule and for room under the limit of their group, of their
 * entry and of the repository. Pure.
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
  const used = new Map<string, number>();
  const take = (limits: readonly Limit[]) => {
    for (const { counter } of limits) used.set(counter, (used.get(counter) ?? 0) + 1);
  };
  for (const { group, policy } of counted) take(limitsOf(group, policy, policies));

  return all.map((each): Admitted => {
    const { group, policy, existing } = each;
    if (policies.mode === "report")
      return { ...each, waits: "for `mode: report` to be taken out of the configuration" };
    const isWanted = wanted?.has(group.key) === true;
    if (group.kind === "security" || existing !== undefined || isWanted) return { ...each, waits: undefined };
    if (policy.approval !== undefined)
      return { ...each, waits: `${forApproval}${at(policy.approval.origin)}` };
    if (!patient) return { ...each, waits: undefined };
    if (!isDue(policy.schedule, repository, now)) {
      const next = nextRun(policy.schedule, repository, now);
      if (next === undefined) return { ...each, waits: "for the schedule, which never comes" };
      return { ...each, waits: `for the schedule, until ${next.toISOString().slice(0, 16)}Z`, until: next };
    }
    const limits = limitsOf(group, policy, policies);
    const full = limits.find(({ counter, most }) => (used.get(counter) ?? 0) >= most);
    if (full !== undefined) return { ...each, waits: full.told };
    take(limits);
    return { ...each, waits: undefined };
  });
}

/** A number of pull requests that share a counter. */
interface Limit {
  readonly counter: string;
  readonly most: number;
  /** What waits for it is told so. */
  readonly told: string;
}

/** Those that a group is under, the narrowest first. */
function limitsOf({ limit }: UpdateGroup, policy: Policy, policies: Policies): readonly Limit[] {
  const { entry, openPullRequestsLimit: most } = policy;
  const whole = policies.openPullRequestsLimit;
  return [
    ...(limit === undefined
      ? []
      : [
          {
            counter: JSON.stringify([entry, limit.group]),
            most: limit.most,
            told: `${roomFor(limit.most, ` of the group ${limit.group}`)}${at(limit.origin)}`,
          },
        ]),
    { counter: JSON.stringify([entry]), most, told: roomFor(most) },
    ...(whole === undefined ? [] : [{ counter: "", most: whole, told: roomFor(whole) }]),
  ];
}

const forApproval = "for a person to tick its box in the dashboard";

function at(origin: string | undefined): string {
  return origin === undefined ? "" : ` (${origin})`;
}

function roomFor(limit: number, which = ""): string {
  return `for room: ${limit} pull requests${which} may be open at a time`;
}
