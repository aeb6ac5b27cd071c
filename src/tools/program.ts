import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ProgramError } from "../domain/errors.ts";
import type { Program, ProgramRun, ToolLimits } from "../domain/ports.ts";

/** The variables that reach a tool: how to reach the network, and nothing else. */
const passed = [
  "NODE_EXTRA_CA_CERTS",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "https_proxy",
  "http_proxy",
  "no_proxy",
];

export function networkEnvironment(): Record<string, string> {
  return Object.fromEntries(
    passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

interface ProgramOptions {
  readonly caches?: readonly string[];
  readonly trustedHosts?: readonly string[];
  /** A folder in which Node keeps the code that it has compiled. */
  readonly compiled?: string;
}

const preload = new URL("preload.ts", import.meta.url);
const required = ["past.ts", "thread.ts"].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const keptOutput = 8_000;

/**
 * Runs a program in a folder with the given files, under Node's permission model: no other process, no native code, no
 * writing but to its folder, its home, `caches` and what Node has compiled of it. Throws `ProgramError`.
 */
export async function runProgram(
  folder: string,
  program: Program,
  order: ProgramRun,
  limits: ToolLimits,
  { caches = [], trustedHosts = [], compiled }: ProgramOptions,
): Promise<Readonly<Record<string, string>>> {
  // Each has a folder of its own: what one program compiled no other ever runs.
  const own = compiled === undefined ? [] : [join(compiled, basename(folder))];
  return runAtDesk(program, order, limits, (base) => ({
    file: process.execPath,
    args: [
      "--permission",
      "--allow-worker",
      // Package managers look for settings in every folder above; there is nothing in those that they could send away.
      "--allow-fs-read=*",
      ...[base, ...caches, ...own].map((place) => `--allow-fs-write=${join(place, "*")}`),
      "--disable-warning=SecurityWarning",
      ...required.flatMap((path) => ["--require", path]),
      "--import",
      preload.href,
      join(folder, program.entry),
      ...order.args,
    ],
    environment: {
      ...networkEnvironment(),
      STEEPLEJACK_TRUSTED_HOSTS: trustedHosts.join(","),
      // Not a flag: programs hand their flags on to their threads, which refuse this one.
      NODE_OPTIONS: `--max-old-space-size=${limits.megabytes}`,
      ...(own[0] === undefined ? {} : { NODE_COMPILE_CACHE: own[0] }),
    },
  }));
}

/** A program's file, and what it is told. */
interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Runs a command in a folder with the given files, beside an empty home; both are below `base`. Throws `ProgramError`. */
export async function runAtDesk(
  { name, version }: Program,
  order: ProgramRun,
  limits: ToolLimits,
  commandIn: (base: string) => Command,
): Promise<Readonly<Record<string, string>>> {
  const base = await realpath(await mkdtemp(join(tmpdir(), "steeplejack-run-")));
  try {
    const [project, home] = [join(base, "project"), join(base, "home")];
    await Promise.all([mkdir(project), mkdir(join(home, "tmp"), { recursive: true })]);
    await Promise.all(
      Object.entries({ ...order.archives, ...order.files }).map(([path, content]) =>
        put(project, path, content),
      ),
    );
    const command = commandIn(base);
    const environment = {
      ...command.environment,
      HOME: home,
      TMPDIR: join(home, "tmp"),
      XDG_CACHE_HOME: join(home, "cache"),
      XDG_CONFIG_HOME: join(home, "config"),
      XDG_DATA_HOME: join(home, "data"),
      XDG_STATE_HOME: join(home, "state"),
      CI: "true",
      ...order.environment,
    };
    const { code, output: said } = await run({ ...command, environment }, project, limits);
    // Where it ran is of no use to anybody, and another place each time.
    const output = said.replaceAll(`${project}/`, "").replaceAll(project, "the project");
    if (code !== 0) throw new ProgramError(`${name} ${version} ended with ${code}`, output);
    if (order.failsAt?.test(output) === true)
      throw new ProgramError(`${name} ${version} did not do what it was asked`, output);
    const texts = await Promise.all(
      order.wanted.map(async (path) => [path, await textAt(project, path)] as const),
    );
    return Object.fromEntries(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])));
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function put(root: string, path: string, content: string | Uint8Array): Promise<void> {
  const target = join(root, path);
  if (relative(root, target).startsWith("..")) throw new Error(`${path} leads out of the folder`);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}

async function textAt(root: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(join(root, path), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function run(
  { file, args, environment: env }: Command,
  cwd: string,
  { seconds }: ToolLimits,
): Promise<{ code: string | number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1_000);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-keptOutput);
      });
    }
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: late ? `a limit of ${seconds} seconds` : (code ?? signal ?? "nothing"), output });
    });
  });
}
