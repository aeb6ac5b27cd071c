import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { bullmqQueue } from "../../src/queue/bullmq.ts";
import type { PrivateRedis } from "../redis.ts";
import { startRedis } from "../redis.ts";
import { queueContract } from "./contract.ts";

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startRedis({ durable: true });
});
afterAll(() => redis.close());

describe("the queue in Redis", () => {
  queueContract(async (policy) => bullmqQueue({ url: redis.url, prefix: `t-${randomUUID()}`, policy }));
});
