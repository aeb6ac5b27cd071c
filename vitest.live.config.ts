import { defineConfig } from "vitest/config";

/** What asks the real registry, and so needs the network: `npm run test:live`. */
export default defineConfig({
  test: { include: ["test/live/**/*.test.ts"], testTimeout: 300_000, hookTimeout: 60_000 },
});
