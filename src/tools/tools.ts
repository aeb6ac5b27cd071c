import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HttpClient, ToolLimits, Tools } from "../domain/ports.ts";
import type { Order, Outcome } from "./child.ts";
import { openLibrary } from "./library.ts";
import { runNative } from "./native.ts";
import { networkEnvironment, runProgram } from "./program.ts";

export interface ToolsOptions {
  /** Fetches the archives of programs. */
  readonly http: HttpClient;
  /** Where programs are kept; a folder of this process's own when absent. */
  readonly programs?: string;
  /** Folders that a tool may write to and that outlive it, such as a package manager's cache. */
  readonly caches?: readonly string[];
  /** Where Node keeps the code of modules that it has compiled: a tool starts in half the time. */
  readonly compiled?: string;
  /** The hosts whose addresses may be private; every other private address is refused to the tool too. */
  readonly trustedHosts?: readonly string[];
  /** How many processes at a time, whatever the number of calls. */
  readonly width?: number;
}

/** How long a process waits for the next call before it ends, in milliseconds. */
const idle = 15_000;

/**
 * Runs tools in processes of their own, under Node's permission model: they can start no other process, load no native
 * code, read only the program itself, and write only to a folder of their own and to `caches`. A process that served
 * one call serves the next of the same module, so that its start and its memory of the registry are paid once.
 */
export function createTools(options: ToolsOptions): Tools & { close(): Promise<void> } {
  const { width = 2 } = options;
  const library = openLibrary(options);
  const resting: Worker[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;

  /** Waits for its turn; the next one's turn comes when it is over. */
  async function inTurn<Output>(work: () => Promise<Output>): Promise<Output> {
    if (busy >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy -= 1;
      else next();
    }
  }

  async function call<Output>(module: URL, input: unknown, limits: ToolLimits): Promise<Output> {
    const at = resting.findIndex(
      (worker) => worker.module === module.href && worker.megabytes === limits.megabytes,
    );
    const rested = at === -1 ? undefined : resting.splice(at, 1)[0];
    let worker: Worker | undefined;
    try {
      worker = rested ?? (await start(module, limits, options));
      worker.wake();
      const result = await worker.ask(input, limits.seconds);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller names the module and knows its `main`
      return result as Output;
    } finally {
      if (worker !== undefined) rest(worker);
    }
  }

  function rest(worker: Worker): void {
    if (!worker.alive()) return void worker.end();
    resting.push(worker);
    worker.sleep(() => {
      const at = resting.indexOf(worker);
      if (at !== -1) resting.splice(at, 1);
      void worker.end();
    });
  }

  return {
    call: (module, input, limits) => inTurn(() => call(module, input, limits)),
    run: (program, order, limits) =>
      inTurn(async () => runProgram(await library.get(program), program, order, limits, options)),
    runNative: (program, order, limits) =>
      inTurn(async () => runNative(await library.get(program), program, order, limits)),
    async close() {
      await Promise.all([...resting.splice(0).map((worker) => worker.end()), library.close()]);
    },
  };
}

interface Worker {
  readonly module: string;
  readonly megabytes: number;
  alive(): boolean;
  ask(input: unknown, seconds: number): Promise<unknown>;
  sleep(then: () => void): void;
  wake(): void;
  end(): Promise<void>;
}

async function start(module: URL, limits: ToolLimits, options: ToolsOptions): Promise<Worker> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "steeplejack-tool-")));
  const program = fileURLToPath(new URL("../../", import.meta.url));
  const compiled = options.compiled === undefined ? [] : [options.compiled];
  const writable = [home, ...(options.caches ?? []), ...compiled];
  const child: ChildProcess = fork(new URL("child.ts", import.meta.url), [], {
    cwd: home,
    env: {
      ...networkEnvironment(),
      HOME: home,
      TMPDIR: home,
      ...(options.compiled === undefined ? {} : { NODE_COMPILE_CACHE: options.compiled }),
    },
    execArgv: [
      "--permission",
      ...[program, ...writable].map((folder) => `--allow-fs-read=${join(folder, "*")}`),
      ...writable.map((folder) => `--allow-fs-write=${join(folder, "*")}`),
      `--max-old-space-size=${limits.megabytes}`,
      "--disable-warning=SecurityWarning",
    ],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-2_000);
  });
  child.channel?.unref();
  child.unref();
  let timer: NodeJS.Timeout | undefined;

  return {
    module: module.href,
    megabytes: limits.megabytes,
    alive: () => child.connected && !child.killed && child.exitCode === null,
    wake() {
      clearTimeout(timer);
      child.ref();
      child.channel?.ref();
    },
    sleep(then) {
      child.unref();
      child.channel?.unref();
      timer = setTimeout(then, idle).unref();
    },
    ask(input, seconds) {
      return new Promise((resolve, reject) => {
        const settle = (outcome: () => void) => {
          clearTimeout(limit);
          child.off("message", onMessage).off("exit", onExit).off("error", onError);
          outcome();
        };
        const onMessage = (outcome: Outcome) =>
          settle(() => {
            if ("value" in outcome) return resolve(outcome.value);
            const { message, ...rest } = outcome;
            return reject(Object.assign(new Error(message), rest));
          });
        const onExit = (code: number | null, signal: string | null) =>
          settle(() =>
            reject(new Error(`a tool's process ended (${signal ?? code}): ${lastLine(complaints)}`)),
          );
        const onError = (error: Error) => settle(() => reject(error));
        const limit = setTimeout(() => {
          child.kill("SIGKILL");
          settle(() => reject(new Error(`a tool took longer than ${seconds} seconds`)));
        }, seconds * 1_000);
        child.on("message", onMessage).on("exit", onExit).on("error", onError);
        const order: Order = { module: module.href, input, trustedHosts: [...(options.trustedHosts ?? [])] };
        child.send(order);
      });
    },
    async end() {
      clearTimeout(timer);
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (!ended) {
        child.ref();
        const exit = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await exit;
      }
      await rm(home, { recursive: true, force: true });
    },
  };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
