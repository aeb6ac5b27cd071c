import { nextRun } from "../domain/schedule.ts";
import type { Advisory, Decision } from "../domain/types.ts";
import { admit, type Gate } from "../pipeline/admit.ts";
import type { Scan } from "../pipeline/scan.ts";

/** What a decision leads to, beside what it says itself. */
export interface Trace {
  /** On the version in use. */
  readonly advisories: readonly Advisory[];
  /** Where its updates go. */
  readonly groups: readonly {
    readonly key: string;
    /** The release. */
    readonly to: string;
    /** Such as `for the schedule, until 2026-06-05T05:00Z`. Absent: for nothing. */
    readonly waits?: string;
    /** Why other updates come along. */
    readonly together: readonly string[];
  }[];
  readonly next: Next;
}

/** When a dependency is considered again. */
export interface Next {
  /** ISO 8601; absent: with the next scan that finds something new. */
  readonly at?: string;
  readonly why: string;
}

/** Pull requests that are open already are not known here: a limit counts those that would be opened before it. */
export function traceOf(
  decision: Decision,
  found: Scan,
  gate: Pick<Gate, "policies" | "repository" | "now">,
): Trace {
  const { project, dependency } = decision;
  const advisories = found.findings
    .filter(
      ({ name, version, project: of }) =>
        name === dependency.name && version === dependency.version && of === project,
    )
    .map(({ advisory }) => advisory);
  const updates = decision.outcome === "update" ? decision.updates : [];
  const admitted = admit(found.groups, [], { ...gate, patient: true }).flatMap((one) => {
    const update = one.group.updates.find((each) => updates.includes(each));
    return update === undefined ? [] : [{ ...one, update }];
  });
  return {
    advisories,
    groups: admitted.map(({ group, update, waits }) => ({
      key: group.key,
      to: update.release.version,
      ...(waits === undefined ? {} : { waits }),
      together: (update.bonds ?? []).map(({ reason }) => reason),
    })),
    next: nextOf(decision, admitted, gate),
  };
}

function nextOf(
  decision: Decision,
  admitted: readonly { readonly waits: string | undefined; readonly until?: Date }[],
  { policies, repository, now }: Pick<Gate, "policies" | "repository" | "now">,
): Next {
  if (decision.outcome === "update") {
    const until = earliest(admitted.flatMap((one) => one.until ?? []));
    if (until !== undefined) return { at: until.toISOString(), why: "when its schedule comes" };
    return admitted.length > 0 && admitted.every(({ waits }) => waits !== undefined)
      ? { why: "with each scan, until there is room or the configuration lets it go" }
      : { at: now.toISOString(), why: "at once" };
  }
  const cooled = decision.candidates
    .flatMap(({ version, rejected }) =>
      rejected?.until === undefined ? [] : [{ version, at: new Date(rejected.until) }],
    )
    .toSorted((a, b) => a.at.getTime() - b.at.getTime())[0];
  if (cooled === undefined)
    return decision.reason.code === "registry-error"
      ? { why: "with the next scan: what failed is asked for again" }
      : { why: "when there is a newer release, or the configuration changes" };
  const { schedule } = policies.forDependency(decision);
  const at = nextRun(schedule, repository, cooled.at);
  if (at === undefined) return { why: "never: its schedule does not come" };
  const scheduled = at.getTime() === cooled.at.getTime() ? "" : ", and its schedule comes";
  return { at: at.toISOString(), why: `when ${cooled.version} has cooled${scheduled}` };
}

function earliest(times: readonly Date[]): Date | undefined {
  return times.toSorted((a, b) => a.getTime() - b.getTime())[0];
}
