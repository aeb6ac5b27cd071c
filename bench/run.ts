import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { record } from "./record.ts";
import { type Copy, copyRepository } from "./repositories.ts";
import { installed, tell } from "./tools.ts";

/*
 * `npm run bench [-- [--runs 3] [--latency 25] [--http2] [REPOSITORY ...]]`: how long a look-up takes beside the bare
 * downloads and other tools, cold and warm, against a local server that replays the real documents. The first
 * run fetches what it needs (manifests, documents, npm-check-updates) into `.cache/bench`. `--live` asks the registry itself.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "3" },
    latency: { type: "string", default: "25" },
    http2: { type: "boolean", default: false },
    only: { type: "string" },
    without: { type: "string" },
    live: { type: "boolean", default: false },
  },
});
const root = join(import.meta.dirname, "..");
const kept = join(root, ".cache", "bench");
const sources =
  positionals.length > 0
    ? positionals
    : ["probot/probot", "GoogleChrome/lighthouse", "vitejs/vite", "withastro/astro", "pnpm/pnpm"].map(
        (it) => `https://github.com/${it}.git`,
      );
const execute = promisify(execFile);
/** What it takes to reach a registry from behind a company's network. */
const wayOut = Object.fromEntries(
  Object.entries(process.env).filter(([key]) =>
    /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+)$/i.test(key),
  ),
);

interface Figures {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
  readonly requests: number;
}
interface Series {
  readonly label: string;
  readonly folder: string;
  /** A file of JavaScript for Node and its arguments, or a program of its own. */
  readonly command: readonly string[];
  readonly isProgram?: boolean;
  /** Run once only: it takes minutes. */
  readonly isSlow?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether what an earlier run left is there; `stale`: but has to be asked about again. */
  readonly state: "cold" | "warm" | "stale";
  /** The folder that it keeps things in. */
  readonly cache: string;
}

const copies: Copy[] = [];
for (const source of sources) copies.push(await copyRepository(source, kept));
tell(`recording ${new Set(copies.flatMap(({ packages }) => packages)).size} packages`);
await record([...new Set(copies.flatMap(({ packages }) => packages))].toSorted(), join(kept, "registry"));
const install = (name: string, version: string, entry: string) => installed(kept, name, version, entry);
const tools = {
  ncu: await install("npm-check-updates", "23.1.1", "build/cli.js"),
  pnpm: await install("pnpm", "12.20.0", `../@pnpm/exe.${process.platform}-${process.arch}/pnpm`),
  renovate: await install("renovate", "44.121.2", "dist/renovate.js"),
};

const certificate = options.http2 ? await certify() : undefined;
const { server, address } = await startRegistry();
/** Whom the tools ask: the server here, or with `--live` the registry that npm is set to. */
const registry = options.live
  ? (await execute("npm", ["config", "get", "registry"], { cwd: tmpdir() })).stdout.trim()
  : address;
const place = await mkdtemp(join(tmpdir(), "steeplejack-bench-"));
try {
  const [processor] = cpus();
  console.log(
    `${cpus().length} cores (${processor?.model ?? "unknown"}), Node ${process.version}, ` +
      `${options.live ? "the registry itself" : `latency ${options.latency} ms, ${options.http2 ? "HTTP/2 over TLS" : "HTTP/1.1"}`}, ` +
      `medians of ${options.runs}`,
  );
  for (const copy of copies) await measureCopy(copy);
} finally {
  server.kill();
  await rm(place, { recursive: true, force: true });
}

async function measureCopy(copy: Copy): Promise<void> {
  const { folder } = copy;
  const list = join(place, "asked.json");
  const cacheFor = (name: string) => join(place, copy.name, name);
  const ours = (state: Series["state"], from = registry): Series => ({
    label: "steeplejack scan",
    folder,
    command: [join(root, "src/bin/steeplejack.mjs"), "scan", "--json", "--advisories", "none"],
    env: { STEEPLEJACK_CACHE: cacheFor(state), npm_config_registry: from },
    state,
    cache: cacheFor(state),
  });
  const theirs = (state: Series["state"], ...more: string[]): Series => ({
    label: `npm-check-updates --deep ${more.filter((it) => !it.startsWith("/")).join(" ")}`.trim(),
    folder,
    command: [
      tools.ncu,
      "--deep",
      "--jsonUpgraded",
      "--packageManager",
      "npm",
      "--registry",
      registry,
      ...more,
    ],
    state,
    cache: cacheFor(state === "cold" ? "ncu-cold" : "ncu"),
  });
  const pnpm = (state: Series["state"]): Series => ({
    label: "pnpm 12 outdated --recursive",
    folder,
    command: [tools.pnpm, "outdated", "--recursive", "--json"],
    isProgram: true,
    env: { XDG_CACHE_HOME: cacheFor(`pnpm-${state}`), pnpm_config_registry: registry },
    state,
    cache: cacheFor(`pnpm-${state}`),
  });
  const renovate = (state: Series["state"]): Series => ({
    label: "renovate --dry-run=lookup",
    folder,
    command: [tools.renovate],
    isSlow: true,
    env: {
      RENOVATE_PLATFORM: "local",
      RENOVATE_DRY_RUN: "lookup",
      RENOVATE_ENABLED_MANAGERS: "npm",
      RENOVATE_REQUIRE_CONFIG: "ignored",
      RENOVATE_NPMRC: `registry=${registry}`,
      RENOVATE_CACHE_DIR: cacheFor(`renovate-${state}`),
      RENOVATE_BASE_DIR: cacheFor(`renovate-${state}`),
      // What it would ask others than the registry about, such as engines.
      RENOVATE_PACKAGE_RULES: JSON.stringify([{ matchDatasources: ["!npm"], enabled: false }]),
      LOG_LEVEL: "fatal",
    },
    state,
    cache: cacheFor(`renovate-${state}`),
  });
  const cached = ["--cache", "--cacheFile", join(cacheFor("ncu"), "cache.json"), "--concurrency", "32"];
  const floor = [join(root, "bench/floor.ts"), list, registry];
  const series: readonly Series[] = [
    { label: "bare downloads", folder, command: floor, state: "cold", cache: cacheFor("floor") },
    ours("cold"),
    theirs("cold"),
    theirs("cold", "--concurrency", "32"),
    ours("warm"),
    theirs("warm", ...cached),
    ...(options.live ? [] : [ours("stale")]),
    ...(copy.isOfPnpm ? [pnpm("cold"), pnpm("warm")] : []),
    renovate("cold"),
    renovate("warm"),
  ];

  // Once to compile the program, and once for what it asks: that is what the floor downloads.
  await run(ours("cold", address));
  await run(ours("cold", address), list);
  console.log(`\n${copy.name}, ${copy.packages.length} packages named, at ${copy.commit}`);
  const wanted = series.filter(
    ({ label }) =>
      (options.only === undefined || label.includes(options.only)) &&
      (options.without === undefined || !label.includes(options.without)),
  );
  const taken = wanted.map((): Figures[] => []);
  const failures = new Map<Series, string>();
  // In turns, so that what else the machine does falls on all of them alike.
  for (let nth = 0; nth < Number(options.runs); nth++) {
    for (const [index, one] of wanted.entries()) {
      if ((one.isSlow === true && nth > 0) || failures.has(one)) continue;
      try {
        if (one.state !== "cold" && nth === 0) await run(one);
        taken[index]?.push(await run(one));
      } catch (error) {
        // What another tool cannot scan is said, and the rest is measured.
        if (one.label.startsWith("steeplejack")) throw error;
        failures.set(one, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const ran = wanted.flatMap((one, index) =>
    failures.has(one) ? [] : [{ ...one, ...medians(taken[index] ?? []) }],
  );
  print(ran);
  for (const [{ label, state }, message] of failures) console.log(`${state}: ${label} failed: ${message}`);
}

function medians(figures: readonly Figures[]): Figures {
  const middle = (pick: (it: Figures) => number) =>
    figures.map(pick).toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
  return {
    wall: middle(({ wall }) => wall),
    cpu: middle(({ cpu }) => cpu),
    memory: middle(({ memory }) => memory),
    requests: middle(({ requests }) => requests),
  };
}

async function run(series: Series, list?: string): Promise<Figures> {
  const { folder, command, isProgram = false, env, state, cache } = series;
  if (state === "cold") await rm(cache, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await asked(`?max-age=${state === "stale" ? 0 : 300}`);
  const usage = join(place, "usage");
  await writeFile(usage, "");
  const program = isProgram ? ["/usr/bin/time", "-f", "%U %S %M", "-o", `${usage}.time`] : [process.execPath];
  const begin = performance.now();
  const { code, error } = await finished(
    // What the system says of a process's memory begins with that of the one which started it: a small shell.
    spawn("sh", ["-c", '"$@"; exit $?', "sh", ...program, ...command], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: place,
        BENCH_USAGE: usage,
        NODE_OPTIONS: `--import=${join(root, "bench", "usage.mjs")}`,
        ...(certificate === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificate.cert }),
        ...(options.live ? wayOut : {}),
        ...env,
      },
    }),
  );
  const wall = (performance.now() - begin) / 1_000;
  // 3 says that a package is not known, as those of a workspace are not; pnpm says 1 where something is outdated.
  if (code !== 0 && code !== (isProgram ? 1 : 3))
    throw new Error(`it ended with ${code}${error === "" ? " and said nothing" : `\n${error.trim()}`}`);
  const log = await asked();
  if (list !== undefined) await writeFile(list, JSON.stringify(log));
  if (isProgram) return { wall, ...(await timeOf(`${usage}.time`)), requests: log.length };
  const lines = (await readFile(usage, "utf8")).trim().split("\n");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by usage.mjs
  const used = lines.map((line) => JSON.parse(line) as { cpu: number; memory: number });
  return {
    wall,
    cpu: used.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: Math.max(...used.map(({ memory }) => memory)),
    requests: log.length,
  };
}

/** What GNU time wrote: the seconds in the program and in the system, and the kilobytes at the most. */
async function timeOf(file: string): Promise<Pick<Figures, "cpu" | "memory">> {
  const last = (await readFile(file, "utf8")).trim().split("\n").at(-1) ?? "";
  const [user = Number.NaN, system = Number.NaN, kilobytes = Number.NaN] = last.split(" ").map(Number);
  return { cpu: user + system, memory: kilobytes / 1_024 };
}

function print(results: readonly (Series & Figures)[]): void {
  const floor = results.find(({ label }) => label === "bare downloads");
  console.log("        wall      CPU     memory  requests   of ours  of floor");
  for (const result of results) {
    const ours = results.find(({ label, state }) => label === "steeplejack scan" && state === result.state);
    const times = (of: Figures | undefined) =>
      of === undefined ? "" : `${(result.wall / of.wall).toFixed(2)}x`;
    const cells = [
      result.state.padEnd(5),
      `${result.wall.toFixed(2)} s`.padStart(7),
      `${result.cpu.toFixed(2)} s`.padStart(8),
      `${result.memory.toFixed(0)} MB`.padStart(9),
      (options.live ? "" : String(result.requests)).padStart(9),
      times(ours).padStart(9),
      times(result.state === "cold" ? floor : undefined).padStart(9),
    ];
    console.log(`${cells.join(" ")}  ${result.label}`);
  }
}

/** A certificate for this machine, signed by itself. */
async function certify(): Promise<{ cert: string; key: string }> {
  const cert = join(kept, "localhost.pem");
  const key = join(kept, "localhost.key");
  const about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const made = ["-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", key, "-out", cert];
  await execute("openssl", ["req", "-x509", ...made, ...about]);
  return { cert, key };
}

async function startRegistry(): Promise<{ server: ChildProcess; address: string }> {
  const secure =
    certificate === undefined ? [] : ["--certificate", certificate.cert, "--key", certificate.key];
  const given = ["--folder", join(kept, "registry"), "--latency", options.latency, ...secure];
  const server = spawn(process.execPath, [join(root, "bench", "registry.ts"), ...given], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise<string>((resolve, reject) => {
    server.stdout.once("data", (line: Buffer) => resolve(line.toString("utf8").trim()));
    server.once("exit", (code) => reject(new Error(`the registry ended with ${code}`)));
  });
  return { server, address };
}

/** What was asked of the registry since the last time. */
async function asked(query = ""): Promise<readonly unknown[]> {
  const question = [
    "--silent",
    "--show-error",
    ...(certificate === undefined ? [] : ["--cacert", certificate.cert]),
  ];
  const { stdout } = await execute("curl", [...question, `${address}-/log${query}`], {
    maxBuffer: 64_000_000,
  });
  const log: unknown = JSON.parse(stdout);
  if (!Array.isArray(log)) throw new TypeError("the registry gave no log");
  return log;
}

function finished(child: ChildProcess): Promise<{ code: number | null; error: string }> {
  let error = "";
  child.stderr?.on("data", (chunk: Buffer) => (error += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve({ code, error }));
  });
}
