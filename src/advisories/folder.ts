import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import type { Readable } from "node:stream";
import { openPromise } from "yauzl";
import { messageOf } from "../domain/errors.ts";
import type { AdvisorySource } from "../domain/ports.ts";
import type { Problem } from "../domain/types.ts";
import { advisoriesIn, type OsvRecord, packageKey, readOsv } from "./osv.ts";
import { touching } from "./touching.ts";

export interface FolderLimits {
  /** In bytes, of one record. A larger one is told as a problem. */
  readonly record: number;
  /** In bytes, of all records together, unpacked. Past it the source cannot be used. */
  readonly total: number;
}

/** The largest record in OSV's own dumps has some megabytes, and all of npm's together have less than one gigabyte. */
const defaultLimits: FolderLimits = { record: 32 * 1024 * 1024, total: 8 * 1024 * 1024 * 1024 };

/**
 * OSV records on this machine: a `.json` file, a `.zip` as OSV publishes them, or a folder of both. All are read once,
 * when first asked. Throws when there is nothing at `path`, when a zip is broken, and when no record is about the
 * ecosystem in question: a folder for another language knows nothing, which is not the same as safety.
 */
export function advisoryFolder(path: string, limits: FolderLimits = defaultLimits): AdvisorySource {
  const problems: Problem[] = [];
  let loading: Promise<Index> | undefined;

  const load = (): Promise<Index> => {
    problems.length = 0;
    return indexOf(path, limits, (problem) => problems.push(problem));
  };

  return {
    async advisoriesFor(ecosystem, packages) {
      loading ??= load();
      let index: Index;
      try {
        index = await loading;
      } catch (error) {
        loading = undefined; // what was missing may be there when it is asked the next time
        throw error;
      }
      const known = index.get(ecosystem.osv);
      if (known === undefined) throw new Error(`${path} holds no advisories for ${ecosystem.osv}`);
      const keys = new Set(packages.map(({ name }) => packageKey(ecosystem.osv, name)));
      const records = new Set([...keys].flatMap((key) => [...(known.get(key)?.values() ?? [])]));
      const advisories = [...records].flatMap((record) => advisoriesIn(record, ecosystem));
      return touching(advisories, ecosystem, packages);
    },
    problems: () => problems.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
  };
}

/** Ecosystem, then package, then id. */
type Index = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, OsvRecord>>>;

async function indexOf(
  path: string,
  limits: FolderLimits,
  report: (problem: Problem) => void,
): Promise<Index> {
  const index = new Map<string, Map<string, Map<string, OsvRecord>>>();
  let total = 0;
  for await (const { name, size, open } of recordsAt(path)) {
    const tell = (message: string): void => report({ stage: "audit", subject: name, message });
    if (size > limits.record) {
      tell(`is larger than ${limits.record} bytes`);
      continue;
    }
    total += size;
    if (total > limits.total) throw new Error(`${path} holds more than ${limits.total} bytes of records`);
    try {
      add(index, readOsv(JSON.parse(await textOf(await open(), limits.record))));
    } catch (error) {
      tell(messageOf(error));
    }
  }
  return index;
}

interface RecordFile {
  /** Relative to the folder; within a zip, after its name. */
  readonly name: string;
  /** In bytes, unpacked, as its container says. */
  readonly size: number;
  readonly open: () => Promise<Readable>;
}

async function* recordsAt(path: string): AsyncGenerator<RecordFile> {
  const found = await stat(path);
  if (!found.isDirectory()) {
    yield* recordsInFile(path, basename(path), found.size);
    return;
  }
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.toSorted()) {
    const name = relative(path, file);
    if (name.split("/").some((part) => part.startsWith("."))) continue;
    yield* recordsInFile(file, name, (await stat(file)).size);
  }
}

async function* recordsInFile(path: string, name: string, size: number): AsyncGenerator<RecordFile> {
  if (path.endsWith(".json")) yield { name, size, open: async () => createReadStream(path) };
  if (!path.endsWith(".zip")) return;
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw unreadableZip(path, error);
  });
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith(".json")) continue;
      // yauzl stops a stream that grows past the size its entry promised.
      yield {
        name: `${name}/${entry.fileName}`,
        size: entry.uncompressedSize,
        open: () => zip.openReadStreamPromise(entry),
      };
    }
  } catch (error) {
    throw unreadableZip(path, error);
  } finally {
    zip.close();
  }
}

function unreadableZip(path: string, error: unknown): Error {
  return new Error(`${path} is not a readable zip: ${messageOf(error)}`, { cause: error });
}

async function textOf(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) throw new Error(`is larger than ${maxBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function add(index: Map<string, Map<string, Map<string, OsvRecord>>>, record: OsvRecord): void {
  for (const { ecosystem, name } of record.affected) {
    const packages = index.get(ecosystem) ?? new Map<string, Map<string, OsvRecord>>();
    index.set(ecosystem, packages);
    if (record.withdrawn) continue;
    const key = packageKey(ecosystem, name);
    const records = packages.get(key) ?? new Map<string, OsvRecord>();
    packages.set(key, records);
    if (!records.has(record.id)) records.set(record.id, record);
  }
}
