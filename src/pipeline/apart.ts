import type { OpenPullRequest } from "../domain/ports.ts";
import type { Update, UpdateGroup } from "../domain/types.ts";
import { familiesOf } from "./plan/families.ts";

/** What was taken out of a group has this between the group's key and its own name. */
const separator = "~";

/**
 * Takes out of the groups what their open pull requests say, or those that were made of it: each package has a group of
 * its own, together with those that cannot move without it. A newer version is back in the group. Pure.
 */
export function setApart(
  groups: readonly UpdateGroup[],
  open: readonly OpenPullRequest[],
): readonly UpdateGroup[] {
  return groups.flatMap((group) => {
    const out = pinnedOf(group.key, open);
    const isOut = ({ dependency, release }: Update) => out.has(idOf(dependency.name, release.version));
    if (!group.updates.some(isOut)) return [group];
    const parts = familiesOf(group.updates).map((updates) => ({ updates, first: updates.find(isOut) }));
    const rest = parts.flatMap(({ updates, first }) => (first === undefined ? updates : []));
    const own = parts.flatMap(({ updates, first }): UpdateGroup[] => {
      const name = first?.dependency.name;
      if (name === undefined) return [];
      const single = new Set(updates.map(({ dependency }) => dependency.name)).size === 1;
      return [{ ...group, key: `${group.key}${separator}${name}`, name, single, updates }];
    });
    const kept = group.updates.filter((update) => rest.includes(update));
    return [...(kept.length === 0 ? [] : [{ ...group, updates: kept }]), ...own];
  });
}

/** The key of the group that a group was taken out of. */
export function originOf(key: string): string | undefined {
  const at = key.indexOf(separator);
  return at === -1 ? undefined : key.slice(0, at);
}

/** Names and versions that are to be apart from a group. What stands alone says so even when the group was merged. */
function pinnedOf(key: string, open: readonly OpenPullRequest[]): ReadonlySet<string> {
  const said = open.filter((pull) => pull.key === key).flatMap(({ apart = [] }) => apart);
  const alone = open.filter(({ from }) => from === key).flatMap(({ moves = [] }) => moves);
  return new Set([
    ...said.map(({ name, version }) => idOf(name, version)),
    ...alone.map(({ name, to }) => idOf(name, to)),
  ]);
}

function idOf(name: string, version: string): string {
  return JSON.stringify([name, version]);
}
