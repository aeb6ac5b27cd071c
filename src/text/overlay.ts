import type { FileReader } from "../domain/ports.ts";
import type { FileChange } from "../domain/types.ts";

/** The repository as it will be once `changes` are written. */
export function overlay(files: FileReader, changes: readonly FileChange[]): FileReader {
  const changed = new Map(changes.map((change) => [change.path, change.content]));
  return {
    async list() {
      const before = await files.list();
      const known = new Set(before.map((entry) => entry.path));
      const added = [...changed.keys()].filter((path) => !known.has(path));
      return [...before, ...added.map((path) => ({ path, kind: "file" as const }))].toSorted((a, b) =>
        a.path < b.path ? -1 : 1,
      );
    },
    read: async (path) => changed.get(path) ?? files.read(path),
  };
}
