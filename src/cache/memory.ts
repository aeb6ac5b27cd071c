import { LRUCache } from "lru-cache";
import type { Cache } from "../domain/ports.ts";

/** A cache that lives as long as the process. `megabytes` bounds what it holds; the least used goes first. */
export function memoryCache(megabytes = 64): Cache {
  const entries = new LRUCache<string, string>({
    maxSize: megabytes * 1_000_000,
    sizeCalculation: (value, key) => value.length + key.length + 64,
  });
  return {
    get: async (key) => entries.get(key),
    async set(key, value) {
      entries.set(key, value);
    },
  };
}
