import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { Redis } from "ioredis";
import type { Cache } from "../domain/ports.ts";
import { memoryCache } from "./memory.ts";

export interface RedisCacheOptions {
  readonly url: string;
  readonly prefix: string;
  /** Told of each trouble with the connection, which mends itself. */
  readonly trouble?: (error: Error) => void;
}

/** What nobody has written anew for so long is asked for anew, in milliseconds. */
const longest = 14 * 86_400_000;
/** Larger values, in characters, stay in the memory of the process that made them. */
const largest = 4_000_000;
/** Shorter ones are not worth packing, in characters. */
const packedFrom = 1_000;
/** Past this many milliseconds the answer is asked for where it comes from. */
const patience = 500;
const packed = 1;
const plain = 0;

/**
 * A cache that all servers and workers on one Redis share, with the process's own memory before it. Losing it loses
 * nothing, so it never throws: while Redis cannot be reached or is slow, it is as if nothing were there.
 */
export function redisCache({ url, prefix, trouble = () => undefined }: RedisCacheOptions): Cache & {
  close(): void;
} {
  const near = memoryCache(128);
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    commandTimeout: patience,
    enableOfflineQueue: true,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  redis.on("error", trouble);
  const keyOf = (key: string) => `${prefix}:cache:${key}`;
  return {
    async get(key) {
      const known = await near.get(key);
      if (known !== undefined) return known;
      try {
        const stored = await redis.getBuffer(keyOf(key));
        if (stored === null) return undefined;
        const value = await unpack(stored);
        await near.set(key, value);
        return value;
      } catch {
        return undefined; // told by `trouble`
      }
    },
    async set(key, value) {
      await near.set(key, value);
      if (value.length > largest) return;
      try {
        await redis.set(keyOf(key), await pack(value), "PX", longest);
      } catch {
        // told by `trouble`; the process's own memory has it
      }
    },
    close: () => redis.disconnect(),
  };
}

const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** A byte that tells how, and the value. */
async function pack(value: string): Promise<Buffer> {
  if (value.length < packedFrom) return Buffer.concat([Buffer.of(plain), Buffer.from(value)]);
  return Buffer.concat([Buffer.of(packed), await zip(value, { level: 1 })]);
}

async function unpack(stored: Buffer): Promise<string> {
  const content = stored.subarray(1);
  const bytes = stored[0] === packed ? await unzip(content, { maxOutputLength: largest * 4 }) : content;
  return bytes.toString("utf8");
}
