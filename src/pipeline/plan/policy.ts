import { gravity } from "../../domain/advisory.ts";
import type { Policies, Policy } from "../../domain/policy.ts";
import type { Advisory, Release, Severity, Update, UpdateGroup } from "../../domain/types.ts";

/** What holds for an update, the rules that ask about its size, its age and what it mends among it. */
export function policyOf(update: Update, policies: Policies, now: Date): Policy {
  if (policies.forUpdate === undefined) return policies.forDependency(update);
  const { size, release, fixes } = update;
  return policies.forUpdate(update, { size, ...severityOf(fixes), ...ageOf(release, now) });
}

/** What holds for a group: what its first update says, the labels and people of all, and what any waits for. */
export function policyOfGroup({ updates, maintains }: UpdateGroup, policies: Policies, now: Date): Policy {
  if (maintains !== undefined) {
    const { lockMaintenance, ...policy } = policies.forProject(maintains);
    return { ...policy, ...(lockMaintenance === undefined ? {} : { schedule: lockMaintenance.schedule }) };
  }
  const [first, ...others] = [...new Set(updates.map((update) => policyOf(update, policies, now)))];
  if (first === undefined) throw new Error("a group without updates");
  return others.reduce((all, other) => ({ ...all, ...joined(all, other) }), first);
}

function joined(a: Policy, b: Policy): Partial<Policy> {
  const keys = ["labels", "assignees", "reviewers"] as const;
  return {
    ...Object.fromEntries(
      keys
        .filter((key) => a[key] !== undefined && b[key] !== undefined)
        .map((key) => [key, [...new Set([...(a[key] ?? []), ...(b[key] ?? [])])]]),
    ),
    ...(b.approval === undefined ? {} : { approval: b.approval }),
  };
}

/** Whether an advisory is to be mended by an update of its own. */
export function callsForUpdate({ severity }: Advisory, { security }: Policy): boolean {
  if (security.response === "report") return false;
  return severity === "unknown" || gravity(severity) >= gravity(security.severity);
}

/** The gravest. */
export function severityOf(advisories: readonly Advisory[]): { severity?: Severity } {
  const [gravest] = advisories.toSorted((a, b) => gravity(b.severity) - gravity(a.severity));
  return gravest === undefined ? {} : { severity: gravest.severity };
}

/** In days. A release without a time is old: times are looked up for what may be younger than any rule asks. */
export function ageOf({ publishedAt }: Release, now: Date): { age: number } {
  return {
    age: publishedAt === undefined ? Infinity : (now.getTime() - Date.parse(publishedAt)) / 86_400_000,
  };
}
