import type { Bond, Decision, Update } from "../../domain/types.ts";
import type { VersionScheme } from "../../versions/scheme.ts";
import { isOfSameReach } from "./families.ts";

/**
 * The decisions of one project, in which each update names those that it cannot do without: a release that asks for
 * another package beside it which only that one's update brings, or a package that would be left beside a release which
 * it does not accept.
 */
export function bound(decisions: readonly Decision[], scheme: VersionScheme | undefined): Decision[] {
  const updates = decisions.flatMap((decision) => (decision.outcome === "update" ? decision.updates : []));
  const bonds = scheme === undefined ? new Map<Update, readonly Bond[]>() : bondsOf(updates, scheme);
  return decisions.map((decision): Decision => {
    if (decision.outcome !== "update" || !decision.updates.some((update) => bonds.has(update)))
      return decision;
    const own = [...new Set(decision.updates.flatMap((update) => bonds.get(update) ?? []))];
    const why = [...new Set(own.map(({ reason }) => reason))].join("; ");
    return {
      ...decision,
      reason: { ...decision.reason, detail: `${decision.reason.detail}; ${why}` },
      updates: decision.updates.map((update) => {
        const mine = bonds.get(update);
        return mine === undefined ? update : { ...update, bonds: mine };
      }),
    };
  });
}

function bondsOf(
  updates: readonly Update[],
  { satisfies }: VersionScheme,
): ReadonlyMap<Update, readonly Bond[]> {
  const byName = Map.groupBy(updates, ({ dependency }) => dependency.name);
  const bonds = new Map<Update, Bond[]>();
  const join = (one: Update, other: Update, reason: string) => {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const known = bonds.get(from) ?? [];
      if (!known.some((bond) => bond.reason === reason)) known.push({ name: to.dependency.name, reason });
      bonds.set(from, known);
    }
  };
  const reached = (update: Update, name: string) =>
    (byName.get(name) ?? []).filter((other) => isOfSameReach(update, other));
  for (const update of updates) {
    const { dependency, from, release, current } = update;
    for (const [name, range] of Object.entries(release.peers ?? {})) {
      for (const peer of reached(update, name)) {
        if (satisfies(peer.from, range) || !satisfies(peer.release.version, range)) continue;
        join(update, peer, `${dependency.name} ${release.version} asks for ${name} ${range} beside it`);
      }
    }
    for (const [name, range] of Object.entries(current?.peers ?? {})) {
      const next = release.peers?.[name];
      for (const peer of reached(update, name)) {
        const isLeft = satisfies(peer.from, range) && !satisfies(peer.release.version, range);
        if (!isLeft || (next !== undefined && !satisfies(peer.release.version, next))) continue;
        join(update, peer, `${dependency.name} ${from} does not accept ${name} ${peer.release.version}`);
      }
    }
  }
  return bonds;
}
