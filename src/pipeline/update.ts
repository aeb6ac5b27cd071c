import { messageOf, RateLimitError } from "../domain/errors.ts";
import type {
  Candidate,
  Decision,
  FileChange,
  Problem,
  Step,
  Update,
  UpdateGroup,
  Verification,
} from "../domain/types.ts";
import type { Dropped } from "./patch/growth.ts";
import type { Patched } from "./patch/patch.ts";
import type { Scan, World } from "./scan.ts";
import { writeGroup, type WrittenGroup } from "./write.ts";

/** Everything that a scan proposes, written at once. */
export interface Written {
  /** The scan with its groups and decisions as they turned out: what no lockfile can hold is held. */
  readonly scan: Scan;
  readonly changes: readonly FileChange[];
  readonly verifications: readonly Verification[];
}

/**
 * Writes the groups that `wanted` picks, together, as one change. Of two updates of one dependency the higher wins; a
 * lockfile is made anew where nothing of its project is updated.
 */
export async function update(
  found: Scan,
  world: World,
  wanted: (group: UpdateGroup) => boolean,
): Promise<Written> {
  const groups = found.groups.filter(wanted);

  world.reporter.stage("patch");
  const byProject = Map.groupBy(highest(groups), ({ project }) => project);
  const together = [...byProject.values()].map((updates): UpdateGroup => ({
    key: "all",
    name: "all",
    kind: "version",
    single: false,
    updates,
  }));
  const anew = groups.filter(({ maintains }) => maintains !== undefined && !byProject.has(maintains));
  const parts = await Promise.all([...together, ...anew].map((group) => write(group, found, world)));
  const outcome = outcomeOf(
    groups.flatMap((group) => group.updates),
    parts.map(({ patched }) => patched),
  );
  const remaining = groups.map((it) =>
    it.maintains === undefined
      ? { ...it, updates: it.updates.flatMap((one) => asWritten(one, outcome)) }
      : it,
  );
  return {
    scan: {
      ...found,
      groups: remaining.filter((it) => it.updates.length > 0 || anew.includes(it)),
      decisions: found.decisions.map((decision) => afterPatching(decision, outcome)),
      problems: [
        ...found.problems,
        ...parts.flatMap(({ problems }) => problems),
        ...problemsOf(outcome.dropped),
      ],
    },
    changes: parts.flatMap(({ patched }) => patched.changes).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    verifications: parts.flatMap(({ verifications }) => verifications),
  };
}

/** One project's group. Whatever goes wrong with it, the other projects go on. */
async function write(group: UpdateGroup, found: Scan, world: World): Promise<WrittenGroup> {
  try {
    return await writeGroup(group, found, world);
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    const message = messageOf(error);
    const dropped = group.updates.map((one) => ({ update: one, message }));
    const nothing = { group: { ...group, updates: [] }, changes: [], after: [], replaced: new Map() };
    const problems: Problem[] =
      group.maintains === undefined ? [] : [{ stage: "patch", subject: group.key, message }];
    return { patched: { ...nothing, dropped }, verifications: [], problems };
  }
}

/** The planned updates as they turned out, where each dependency could take one step only. */
function outcomeOf(
  planned: readonly Update[],
  parts: readonly Patched[],
): Pick<Patched, "replaced" | "dropped"> & { readonly kept: readonly Update[] } {
  const written = new Map(
    parts.flatMap(({ group }) => group.updates).map((one) => [one.dependency, one] as const),
  );
  const refused = new Map(
    parts.flatMap(({ dropped }) =>
      dropped.map(({ update: one, message }) => [one.dependency, message] as const),
    ),
  );
  const replaced = new Map<Update, Update>();
  const dropped: Dropped[] = [];
  for (const one of planned) {
    const instead = written.get(one.dependency);
    const message = refused.get(one.dependency);
    const isReplaced =
      instead?.insteadOf?.version === one.release.version || one.dependency.kind === "transitive";
    if (instead !== undefined && isReplaced) replaced.set(one, instead);
    // A smaller step of a dependency was left for the larger one's sake: it is not written either.
    if (message !== undefined) dropped.push({ update: one, message });
  }
  const kept = planned.filter(
    ({ dependency, release }) => written.get(dependency)?.release.version === release.version,
  );
  return { replaced, dropped, kept };
}

/** Nothing, where another group's step of the same dependency was written. */
function asWritten(one: Update, { replaced, kept }: ReturnType<typeof outcomeOf>): readonly Update[] {
  if (kept.includes(one)) return [one];
  const instead = replaced.get(one);
  const isOfOther = kept.some(({ dependency }) => dependency === one.dependency);
  return instead === undefined || isOfOther ? [] : [instead];
}

const rank = { patch: 0, minor: 1, major: 2 };

/** Of the steps of one dependency the largest; the others are tried where no lockfile can hold that one. */
function highest(groups: readonly UpdateGroup[]): Update[] {
  // Groups come security first; the later one of a dependency is the major that also has a smaller sibling.
  const updates = groups.flatMap((group) => group.updates).toSorted((a, b) => rank[a.size] - rank[b.size]);
  return [...Map.groupBy(updates, ({ dependency }) => dependency).values()].flatMap((steps): Update[] => {
    const last = steps.at(-1);
    if (last === undefined || steps.length === 1) return last === undefined ? [] : [last];
    const smaller = steps
      .slice(0, -1)
      .flatMap(({ release, requirement, size, fixes }): Step[] => [{ release, requirement, size, fixes }]);
    return [{ ...last, alternatives: [...(last.alternatives ?? []).slice(0, 2), ...smaller] }];
  });
}

/** What became of a dependency whose update could not be written, or not as it was planned. */
export function afterPatching(
  decision: Decision,
  { replaced, dropped }: Pick<Patched, "replaced" | "dropped">,
): Decision {
  if (decision.outcome !== "update") return decision;
  const { project, manifest, dependency } = decision;
  const refusals = new Map<string, string>();
  for (const { update: one, message } of dropped)
    if (decision.updates.includes(one)) refusals.set(one.release.version, message);
  const steps = decision.updates.flatMap((one) => {
    const instead = replaced.get(one);
    if (instead?.insteadOf !== undefined) refusals.set(one.release.version, instead.insteadOf.reason);
    return instead ?? (dropped.some((it) => it.update === one) ? [] : [one]);
  });
  const updates = steps.filter(
    (one, index) => steps.findIndex(({ release }) => release.version === one.release.version) === index,
  );
  if (refusals.size === 0) return { ...decision, updates };
  const taken = new Set(updates.map(({ release }) => release.version));
  const candidates = decision.candidates.map(({ version, rejected }): Candidate => {
    if (taken.has(version)) return { version };
    const refusal = refusals.get(version);
    if (refusal !== undefined) return { version, rejected: { code: "unresolvable", detail: refusal } };
    return rejected === undefined ? { version } : { version, rejected };
  });
  const [[refused, why] = ["", ""]] = refusals;
  if (updates.length === 0) {
    const reason = { code: "unresolvable", detail: why };
    return { project, manifest, dependency, candidates, outcome: "held", reason };
  }
  const detail = `${[...taken].join(" and ")} ${taken.size === 1 ? "is" : "are"} taken, for ${refused} cannot be: ${why}`;
  return { ...decision, updates, candidates, reason: { code: "highest-resolvable", detail } };
}

/**
 * A problem for each package that was left out, however many manifests ask for it. What asks for a transitive one may
 * well not accept another: that it is vulnerable is told as such.
 */
export function problemsOf(dropped: readonly Dropped[]): Problem[] {
  const own = dropped.filter(({ update: { dependency } }) => dependency.kind !== "transitive");
  const last = new Map(own.map((one) => [one.update.dependency, one]));
  return [...Map.groupBy(last.values(), ({ message }) => message)].flatMap(
    ([message, members]): Problem[] => {
      const [first, ...more] = members;
      if (first === undefined) return [];
      const { dependency, manifest } = first.update;
      const others = more.length === 0 ? "" : ` and ${more.length} more`;
      return [{ stage: "patch", subject: `${dependency.name} in ${manifest.path}${others}`, message }];
    },
  );
}
