import { describe } from "vitest";
import { memoryQueue } from "../../src/queue/memory.ts";
import { queueContract } from "./contract.ts";

describe("the queue in memory", () => {
  queueContract(async (policy) => memoryQueue(policy));
});
