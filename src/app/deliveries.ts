import { Redis } from "ioredis";
import { LRUCache } from "lru-cache";

/** The webhook deliveries that were dealt with, for as long as GitHub lets anybody send one again: three days. */
export interface Deliveries {
  seen(id: string): Promise<boolean>;
  remember(id: string): Promise<void>;
  close(): Promise<void>;
}

const threeDays = 3 * 86_400_000;

export function memoryDeliveries(most = 50_000): Deliveries {
  const ids = new LRUCache<string, true>({ max: most, ttl: threeDays });
  return {
    seen: async (id) => ids.has(id),
    remember: async (id) => {
      ids.set(id, true);
    },
    close: async () => ids.clear(),
  };
}

/** Shared by all servers on one Redis. */
export function redisDeliveries(url: string, prefix: string, trouble: (error: Error) => void): Deliveries {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 10,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  redis.on("error", trouble);
  const keyOf = (id: string) => `${prefix}:delivery:${id}`;
  return {
    seen: async (id) => (await redis.exists(keyOf(id))) === 1,
    remember: async (id) => {
      await redis.set(keyOf(id), "1", "PX", threeDays);
    },
    close: async () => redis.disconnect(),
  };
}
