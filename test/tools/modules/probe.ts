import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";

/** What a tool could try that it must not: called by the tests in a process of its own. */
export async function main({ attempt, at }: { attempt: string; at: string }): Promise<unknown> {
  switch (attempt) {
    case "environment":
      return Object.keys(process.env).toSorted();
    case "spawn":
      return spawn("sh", ["-c", "true"]).pid;
    case "read":
      return readFile(at, "utf8");
    case "write":
      return writeFile(at, "here");
    case "scratch":
      await writeFile("scratch.txt", "mine");
      return readFile("scratch.txt", "utf8");
    case "fetch":
      return (await fetch(at)).text();
    case "forever":
      return new Promise(() => setInterval(() => undefined, 1_000));
    case "memory": {
      const hoard: string[][] = [];
      for (;;) hoard.push(Array.from({ length: 100_000 }, (_, index) => `${index}${hoard.length}`));
    }
    case "fail":
      throw Object.assign(new TypeError("it broke"), { code: "EBROKEN", suspects: ["a"] });
    case "identity":
      return process.pid;
  }
  return undefined;
}
