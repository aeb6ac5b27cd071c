import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Cache } from "../domain/ports.ts";

/** How often one writer waits for another, in milliseconds. */
const busyTimeout = 5_000;

/** Past this many bytes the entries that were written longest ago go first. */
const defaultLimit = 512_000_000;

/**
 * A cache in one file, shared by every process that opens the same folder. Losing it loses nothing: a file that is
 * damaged or of another version is begun anew.
 */
export function diskCache(folder: string, limit = defaultLimit): Cache & { close(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(folder, "cache-1.sqlite"), { timeout: busyTimeout });
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value TEXT NOT NULL, written INTEGER NOT NULL) WITHOUT ROWID;
  `);
  const read = database.prepare("SELECT value FROM entry WHERE key = ?");
  const write = database.prepare("INSERT OR REPLACE INTO entry (key, value, written) VALUES (?, ?, ?)");
  // Writes are gathered: one transaction for what came in meanwhile costs as much as one for a single entry.
  let pending = new Map<string, string>();
  let scheduled: NodeJS.Immediate | undefined;

  const flush = () => {
    scheduled = undefined;
    const entries = pending;
    pending = new Map();
    if (entries.size === 0) return;
    const now = Date.now();
    database.exec("BEGIN IMMEDIATE");
    for (const [key, value] of entries) write.run(key, value, now);
    database.exec("COMMIT");
  };

  return {
    async get(key) {
      const value = pending.get(key) ?? read.get(key)?.["value"];
      return typeof value === "string" ? value : undefined;
    },
    async set(key, value) {
      pending.set(key, value);
      scheduled ??= setImmediate(flush);
    },
    close() {
      if (scheduled !== undefined) clearImmediate(scheduled);
      flush();
      shrink(database, limit);
      database.close();
    },
  };
}

function shrink(database: DatabaseSync, limit: number): void {
  const pages = database.prepare(
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size",
  );
  const bytes = Number(pages.get()?.["bytes"] ?? 0);
  if (bytes <= limit) return;
  database.exec(
    `DELETE FROM entry WHERE written <= (SELECT written FROM entry ORDER BY written LIMIT 1 OFFSET (SELECT count(*) / 2 FROM entry))`,
  );
  database.exec("VACUUM");
}
