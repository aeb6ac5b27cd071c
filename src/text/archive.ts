import { Parser, type ReadEntry } from "tar";

/** A file of an archive that was wanted. */
export interface ArchivedFile {
  readonly path: string;
  /** No more than was wanted of it. */
  readonly bytes: Buffer;
  /** Its whole size. */
  readonly size: number;
}

const largestContent = 1_000_000_000;
const mostEntries = 200_000;
/** Small enough that what one slice unpacks to stays within memory, whatever it is. */
const slice = 65_536;

/**
 * Reads a tar or tgz from memory: of each plain file as many bytes as `wanted` says, in the archive's order. Links are not
 * followed and nothing is written. Throws `Error` on a broken archive, and on one that holds too much.
 */
export function filesIn(
  archive: Buffer,
  wanted: (path: string, size: number) => number,
): readonly ArchivedFile[] {
  const found: { path: string; size: number; chunks: Buffer[] }[] = [];
  const failures: Error[] = [];
  let entries = 0;
  let content = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry: ReadEntry) {
      entries += 1;
      content += entry.size;
      const isPlain = ["File", "OldFile"].includes(entry.type);
      const most = isPlain ? wanted(entry.path, entry.size) : 0;
      if (most === 0) {
        entry.resume();
        return;
      }
      const chunks: Buffer[] = [];
      let kept = 0;
      found.push({ path: entry.path, size: entry.size, chunks });
      entry.on("data", (chunk: Buffer) => {
        if (kept < most) chunks.push(chunk.subarray(0, most - kept));
        kept += chunk.length;
      });
    },
  });
  parser.on("error", (error: Error) => failures.push(error));
  for (let at = 0; at < archive.length && failures.length === 0; at += slice) {
    parser.write(archive.subarray(at, at + slice));
    if (entries > mostEntries || content > largestContent) throw new Error("the archive holds too much");
  }
  if (failures.length === 0) parser.end();
  if (failures[0] !== undefined) throw failures[0];
  return found.map(({ path, size, chunks }) => ({ path, size, bytes: Buffer.concat(chunks) }));
}
