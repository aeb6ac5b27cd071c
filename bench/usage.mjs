// Loaded into each measured process: writes down what it took when it ends.
import { appendFileSync } from "node:fs";

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const line = { cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS / 1024 };
  appendFileSync(process.env["BENCH_USAGE"], `${JSON.stringify(line)}\n`);
});
