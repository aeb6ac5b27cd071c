import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface PrivateRedis {
  readonly url: string;
  /** Ends the server; what it held is kept only with `durable`. */
  down(): Promise<void>;
  /** Starts it again on the same port. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/** A `redis-server` of one's own on a free loopback port. With `durable` it remembers everything over a restart. */
export async function startRedis({ durable = false } = {}): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), "steeplejack-redis-"));
  const port = await freePort();
  const persistence = durable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"];
  let server: ChildProcess | undefined;

  const up = async () => {
    const args = [
      "--port",
      String(port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--dir",
      folder,
      ...persistence,
    ];
    server = spawn("redis-server", args, { stdio: ["ignore", "pipe", "inherit"] });
    await said(server, /Ready to accept connections/);
  };
  const down = async () => {
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
    server = undefined;
  };
  await up();
  return {
    url: `redis://127.0.0.1:${port}`,
    up,
    down,
    close: async () => {
      await down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves with the first line of a process's output that matches; rejects when the process ends without it. */
export async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  if (child.stdout === null) throw new Error("the process has no output to read");
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.on("line", (line) => {
      if (pattern.test(line)) resolve(line);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it said ${pattern}`)));
  });
}

/** A port that nothing listens on, for servers that cannot choose one and tell. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
