import type { RepositoryRow } from "./emulate.ts";
import type { World } from "./world.ts";

/** A pull request that waits, merged with its base on a branch of its own, on which checks run. */
export interface Entry {
  readonly pull: number;
  readonly branch: string;
  readonly head: string;
  readonly base: string;
}

/** One merge queue for each branch that has one: by the repository's id and the branch. */
interface Queues {
  readonly entries: Map<string, Entry[]>;
  /** Why a pull request was taken out the last time, by its id. */
  readonly removed: Map<number, string>;
  /** How many merges were made to be checked: no two are the same commit. */
  made: number;
}

const queues = new WeakMap<World, Queues>();

export function queuesOf(world: World): Queues {
  const found = queues.get(world) ?? { entries: new Map(), removed: new Map(), made: 0 };
  queues.set(world, found);
  return found;
}

export const keyOf = (repository: RepositoryRow, branch: string) => `${repository.id} ${branch}`;

/** From now on all that is merged into the branch goes through its queue. */
export function requireQueue(world: World, repository: RepositoryRow, branch: string): void {
  queuesOf(world).entries.set(keyOf(repository, branch), []);
}

export function hasQueue(world: World, repository: RepositoryRow, branch: string): boolean {
  return queuesOf(world).entries.has(keyOf(repository, branch));
}
