import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { messageOf } from "../domain/errors.ts";
import type { Cache } from "../domain/ports.ts";
import { memoryCache } from "./memory.ts";

export interface DiskCacheOptions {
  /** Past this many bytes on disk the entries that were written longest ago go. */
  readonly limit?: number;
  /** Told once why nothing is kept any longer, such as a full disk. */
  readonly onFault?: (message: string) => void;
}

/** How often one writer waits for another, in milliseconds: no longer, for meanwhile nothing else goes on. */
const busyTimeout = 500;

const defaultLimit = 512_000_000;
const pageSize = 4_096;
const file = "cache-2.sqlite";

/**
 * A cache in one file, shared by every process that opens the same folder. Losing it loses nothing, so it never throws:
 * a damaged file is begun anew, and where nothing can be written (a full disk, one that is read-only) what is found is
 * kept in memory.
 */
export function diskCache(folder: string, options: DiskCacheOptions = {}): Cache & { close(): void } {
  const { limit = defaultLimit, onFault = () => undefined } = options;
  const fallback = memoryCache();
  let store = openStore(folder, limit, onFault);
  // Writes are gathered: one transaction for what came in meanwhile costs as much as one for a single entry.
  let pending = new Map<string, string>();
  let scheduled: NodeJS.Immediate | undefined;

  /** What `work` gives, or `undefined` when the file fails: then it is left alone from now on. */
  const attempt = <T>(work: (found: Store) => T): T | undefined => {
    if (store === undefined) return undefined;
    try {
      return work(store);
    } catch (error) {
      // Another process writes for longer than we wait, or the disk is full: this once it is done without.
      if (isBusy(error) || isFull(error)) return undefined;
      onFault(faultOf(folder, error));
      abandon(store, folder, error);
      store = undefined;
      return undefined;
    }
  };

  const flush = () => {
    scheduled = undefined;
    const entries = pending;
    pending = new Map();
    if (entries.size > 0) attempt((found) => writeAll(found, entries));
  };

  return {
    async get(key) {
      const waiting = pending.get(key);
      if (waiting !== undefined) return waiting;
      return store === undefined ? fallback.get(key) : attempt(({ read }) => textOf(read.get(key)));
    },
    async set(key, value) {
      if (store === undefined) return fallback.set(key, value);
      pending.set(key, value);
      scheduled ??= setImmediate(flush);
    },
    close() {
      if (scheduled !== undefined) clearImmediate(scheduled);
      flush();
      attempt(({ database }) => database.close());
      store = undefined;
    },
  };
}

interface Store {
  readonly database: DatabaseSync;
  readonly read: StatementSync;
  readonly write: StatementSync;
  readonly forget: StatementSync;
}

function openStore(folder: string, limit: number, onFault: (message: string) => void): Store | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      return open(folder, limit);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      remove(folder);
      return open(folder, limit);
    }
  } catch (error) {
    onFault(faultOf(folder, error));
    return undefined;
  }
}

function open(folder: string, limit: number): Store {
  const database = new DatabaseSync(join(folder, file), { timeout: busyTimeout });
  try {
    database.exec(`
      PRAGMA page_size = ${pageSize};
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      PRAGMA max_page_count = ${Math.max(Math.floor(limit / pageSize), 16)};
      CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    `);
    return {
      database,
      read: database.prepare("SELECT value FROM entry WHERE key = ?"),
      // A new row has the highest number: what was written longest ago has the lowest ones.
      write: database.prepare("INSERT OR REPLACE INTO entry (key, value) VALUES (?, ?)"),
      forget: database.prepare(
        "DELETE FROM entry WHERE rowid <= (SELECT rowid FROM entry ORDER BY rowid LIMIT 1 OFFSET (SELECT count(*) / 2 FROM entry))",
      ),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function writeAll(store: Store, entries: ReadonlyMap<string, string>): void {
  try {
    transact(store, entries);
  } catch (error) {
    if (!isFull(error)) throw error;
    store.forget.run();
    transact(store, entries);
  }
}

function transact({ database, write }: Store, entries: ReadonlyMap<string, string>): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const [key, value] of entries) write.run(key, value);
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function textOf(row: Record<string, unknown> | undefined): string | undefined {
  const value = row?.["value"];
  return typeof value === "string" ? value : undefined;
}

function abandon({ database }: Store, folder: string, fault: unknown): void {
  try {
    database.close();
    if (isDamaged(fault)) remove(folder);
  } catch {
    return; // it was broken already, which is told
  }
}

function remove(folder: string): void {
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, file + end), { force: true });
}

function faultOf(folder: string, error: unknown): string {
  return `the cache in ${folder} cannot be used: ${messageOf(error)}`;
}

/** https://www.sqlite.org/rescode.html: the low byte tells the kind. */
function kindOf(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

function isBusy(error: unknown): boolean {
  return [5, 6].includes(kindOf(error) ?? 0);
}

/** Corrupt, of another shape than was made here, or no database. */
function isDamaged(error: unknown): boolean {
  return [1, 11, 26].includes(kindOf(error) ?? 0);
}

function isFull(error: unknown): boolean {
  return kindOf(error) === 13;
}
