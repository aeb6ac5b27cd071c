import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { Decision, FileChange, Problem, Update, UpdateGroup, Verification } from "../domain/types.ts";
import { type Dropped, patch, type Patched } from "./patch.ts";
import type { Ecosystem, Io } from "../ecosystems/ecosystem.ts";
import type { Scan, World } from "./scan.ts";
import { verify } from "./verify.ts";

/** Everything that a scan proposes, written at once. */
export interface Written {
  /** The scan with its groups and decisions as they turned out: what no lockfile can hold is held. */
  readonly scan: Scan;
  readonly changes: readonly FileChange[];
  readonly verifications: readonly Verification[];
}

/** Writes the groups that `wanted` picks, together, as one change. Of two updates of one dependency the higher wins. */
export async function update(
  found: Scan,
  world: World,
  wanted: (group: UpdateGroup) => boolean,
): Promise<Written> {
  const { ecosystems, files, http, tools, asOf, reporter } = world;
  const byId = new Map(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));
  const groups = found.groups.filter(wanted);

  reporter.stage("patch");
  const io = { files, http, tools, ...(asOf === undefined ? {} : { asOf }) };
  const parts = await Promise.all(
    [...Map.groupBy(highest(groups), ({ project }) => project).values()].map((updates) =>
      write(updates, byId, io),
    ),
  );
  const dropped = parts.flatMap((part) => part.dropped);

  reporter.stage("verify");
  const verified = await Promise.all(
    parts.map(({ group, after }) => verify(group, after, byId, world.advisories)),
  );
  const kept = new Set(parts.flatMap(({ group }) => group.updates));
  const remaining = groups.map((it) => ({ ...it, updates: it.updates.filter((one) => kept.has(one)) }));
  return {
    scan: {
      ...found,
      groups: remaining.filter(({ updates }) => updates.length > 0),
      decisions: found.decisions.map((decision) => afterDropping(decision, withSiblings(dropped, groups))),
      problems: [...found.problems, ...verified.flatMap(({ problems }) => problems), ...problemsOf(dropped)],
    },
    changes: parts.flatMap(({ changes }) => changes).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    verifications: verified.flatMap(({ verifications }) => verifications),
  };
}

/** One project's updates. Whatever goes wrong with it, the other projects go on. */
async function write(
  updates: readonly Update[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  io: Io,
): Promise<Patched> {
  const group: UpdateGroup = { key: "all", name: "all", kind: "version", single: false, updates };
  try {
    return await patch(group, ecosystems, io);
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    const dropped = updates.map((one) => ({ update: one, message: messageOf(error) }));
    return { group: { ...group, updates: [] }, changes: [], after: [], dropped };
  }
}

/** A smaller step of a dependency was left for the larger one's sake: it is not written either. */
function withSiblings(dropped: readonly Dropped[], groups: readonly UpdateGroup[]): Dropped[] {
  const updates = groups.flatMap((group) => group.updates);
  return dropped.flatMap(({ update: one, message }) =>
    updates
      .filter(({ dependency }) => dependency === one.dependency)
      .map((sibling) => ({ update: sibling, message })),
  );
}

function highest(groups: readonly UpdateGroup[]): Update[] {
  const best = new Map<string, Update>();
  // Groups come security first; the later one of a dependency is the major that also has a smaller sibling.
  const updates = groups.flatMap((group) => group.updates);
  const rank = { patch: 0, minor: 1, major: 2 };
  for (const one of updates.toSorted((a, b) => rank[a.size] - rank[b.size])) {
    best.set(JSON.stringify([one.manifest.path, one.dependency.name, one.dependency.span.start]), one);
  }
  return [...best.values()];
}

/** What became of a dependency whose update could not be written. */
export function afterDropping(decision: Decision, dropped: readonly Dropped[]): Decision {
  if (decision.outcome !== "update") return decision;
  const own = dropped.filter(({ update: one }) => decision.updates.includes(one));
  const [first] = own;
  if (first === undefined) return decision;
  const updates = decision.updates.filter((one) => !own.some((it) => it.update === one));
  if (updates.length > 0) return { ...decision, updates };
  const { project, manifest, dependency, candidates } = decision;
  const reason = { code: "unresolvable", detail: first.message };
  return { project, manifest, dependency, candidates, outcome: "held", reason };
}

/** A problem for each package that was left out, however many manifests ask for it. */
export function problemsOf(dropped: readonly Dropped[]): Problem[] {
  return [...Map.groupBy(dropped, ({ message }) => message)].flatMap(([message, members]): Problem[] => {
    const [first, ...more] = members;
    if (first === undefined) return [];
    const { dependency, manifest } = first.update;
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return [{ stage: "patch", subject: `${dependency.name} in ${manifest.path}${others}`, message }];
  });
}
