import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type Adapters, createAdapters } from "../src/bin/adapters.ts";
import { operatorNpm } from "../src/config/npm.ts";
import { defaultPolicy, everywhere } from "../src/domain/policy.ts";
import type { Program, Tools } from "../src/domain/ports.ts";
import type { FileChange, Update, UpdateGroup } from "../src/domain/types.ts";
import { localFiles } from "../src/files/local.ts";
import { type Scan, scan, type World } from "../src/pipeline/scan.ts";
import { writeGroup } from "../src/pipeline/write.ts";
import { networkEnvironment } from "../src/tools/program.ts";
import { installed, tell } from "./tools.ts";

/*
 * `npm run bench:locks -- [--runs 3] [--slow] FOLDER ...`: how long it takes to bring the lockfile of a real checkout up
 * to date for one direct dependency, beside the package manager's own command on the same manifests. Cold: nothing of
 * the registry is kept, but the package manager is there, and its code compiled. Warm: once more. The registry itself is asked. Yarn 1 has to
 * install everything for it, which takes `--slow`.
 */
const { values: options, positionals: folders } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: "string", default: "3" }, slow: { type: "boolean", default: false } },
});
const kept = join(import.meta.dirname, "..", ".cache", "bench");
const place = await mkdtemp(join(tmpdir(), "steeplejack-locks-"));
const states = ["cold", "warm"] as const;

try {
  const [processor] = cpus();
  console.log(`${cpus().length} cores (${processor?.model ?? "unknown"}), Node ${process.version}`);
  console.log(`${"medians, in seconds".padEnd(70)}    ours            its own`);
  console.log(`${" ".repeat(70)}    cold    warm    cold    warm`);
  for (const folder of folders) await measure(folder);
} finally {
  await rm(place, { recursive: true, force: true });
}

async function measure(folder: string): Promise<void> {
  const home = await mkdtemp(join(place, "repository-"));
  const first = worldOf(folder, join(home, "first"));
  const found = await scan(first.world);
  const update = smallUpdate(found);
  const lockfile = update?.project.lockfile;
  if (update === undefined || lockfile === undefined) return tell(`${folder}: nothing small to update`);
  // Once without a clock: it fetches the package manager, and tells which it is.
  const { patched } = await writeGroup(groupOf(update), found, first.world);
  await first.adapters.close();
  if (patched.dropped[0] !== undefined) return tell(`${folder}: ${patched.dropped[0].message}`);
  const command = await commandOf(basename(lockfile.path), lockfileText(lockfile.path), first.program());
  function lockfileText(path: string): string {
    return patched.changes.find((it) => it.path === path)?.content ?? "";
  }

  const seconds = { ours: { cold: [], warm: [] }, own: { cold: [], warm: [] } } satisfies Taken as Taken;
  let made: string | undefined;
  for (let nth = 0; nth < Number(options.runs); nth++) {
    const cache = join(home, `ours-${nth}`);
    for (const kind of ["programs", "compiled"])
      await cp(join(home, "first", kind), join(cache, kind), { recursive: true }).catch(() => undefined);
    const { world, adapters } = worldOf(folder, cache);
    const copy = await copyOf(folder, update, patched.changes, join(home, `own-${nth}`));
    for (const state of states) {
      seconds.ours[state].push(await timed(() => writeGroup(groupOf(update), found, world)));
      if (command === undefined) continue;
      await copy.reset();
      seconds.own[state].push(await timed(() => run(command, copy.folder, join(home, `store-${nth}`))));
    }
    made =
      command === undefined ? undefined : await readFile(join(copy.folder, basename(lockfile.path)), "utf8");
    await adapters.close();
  }
  const what = `${basename(folder)}: ${basename(lockfile.path)} of ${lockfile.graph.packages.length}, ${update.dependency.name} to ${update.release.version}`;
  const figures = [seconds.ours, seconds.own].flatMap((of) => states.map((state) => middle(of[state])));
  console.log(
    `${what.slice(0, 70).padEnd(70)}${figures.join("")}  ${likeness(lockfileText(lockfile.path), made)}`,
  );
}

type Taken = Record<"ours" | "own", Record<(typeof states)[number], number[]>>;

/** Of the updates without a major the first of a package that moves by itself. */
function smallUpdate({ groups }: Scan): Update | undefined {
  return groups
    .flatMap(({ updates }) => updates)
    .find(
      ({ size, project, bonds, dependency }) =>
        size !== "major" &&
        project.lockfile !== undefined &&
        bonds === undefined &&
        dependency.kind === undefined,
    );
}

function groupOf(update: Update): UpdateGroup {
  return { key: "bench", name: "bench", kind: "version", single: true, updates: [update] };
}

/** The world of a worker, with its tools watched for the program that they run. */
function worldOf(
  folder: string,
  cacheFolder: string,
): { world: World; adapters: Adapters; program: () => Program | undefined } {
  const adapters = createAdapters({ env: process.env, advisories: "none", cacheFolder });
  let program: Program | undefined;
  const tools: Tools = {
    call: (module, input, limits) => adapters.tools.call(module, input, limits),
    run: (used, order, limits) => adapters.tools.run((program = used), order, limits),
    runNative: (used, order, limits) => adapters.tools.runNative((program = used), order, limits),
  };
  const { ecosystems, http, advisories } = adapters;
  const files = localFiles(folder);
  // Every requirement is raised, so that the manifests by themselves ask for the new release.
  const policies = everywhere({ ...defaultPolicy, versioningStrategy: "increase" });
  const reporter = { stage: () => undefined };
  const world: World = { ecosystems, http, advisories, tools, files, policies, now: new Date(), reporter };
  return { world, adapters, program: () => program };
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The package manager's own way to bring its lockfile up to date, and to run nothing of the repository. */
async function commandOf(
  lockfile: string,
  text: string,
  program: Program | undefined,
): Promise<Command | undefined> {
  const at = (name: string, version: string, entry: string) => installed(kept, name, version, entry);
  const node = process.execPath;
  if (program !== undefined) {
    const entry = await at(program.name, program.version, program.entry);
    if (lockfile === "bun.lock")
      return { file: entry, args: ["install", "--lockfile-only", "--ignore-scripts"] };
    if (lockfile === "pnpm-lock.yaml") {
      const args = ["install", "--lockfile-only", "--ignore-scripts", "--no-frozen-lockfile"];
      return program.name === "pnpm" ? { file: node, args: [entry, ...args] } : { file: entry, args };
    }
    return { file: node, args: [entry, "install", "--mode=update-lockfile"] };
  }
  if (lockfile.endsWith(".json")) {
    const npm = await at("npm", "11.19.1", "bin/npm-cli.js");
    const quietly = ["--ignore-scripts", "--no-audit", "--no-fund"];
    return { file: node, args: [npm, "install", "--package-lock-only", ...quietly] };
  }
  if (!options.slow || !text.includes("# yarn lockfile v1")) return undefined;
  const yarn = await at("yarn", "1.22.22", "bin/yarn.js");
  return { file: node, args: [yarn, "install", "--ignore-scripts", "--ignore-engines", "--non-interactive"] };
}

/** Manifests with the update in them, settings and patches; `reset` puts the old lockfile back. */
async function copyOf(
  folder: string,
  { project }: Update,
  changes: readonly FileChange[],
  into: string,
): Promise<{ folder: string; reset(): Promise<void> }> {
  const files = localFiles(folder);
  const inner = (path: string) => (project.root === "" ? path : path.slice(project.root.length + 1));
  const isOurs = ({ path }: { readonly path: string }) =>
    (project.root === "" || path.startsWith(`${project.root}/`)) &&
    (/(?:^|\/)(?:package\.json|pnpm-workspace\.yaml|\.npmrc|\.yarnrc\.yml|bunfig\.toml)$/.test(path) ||
      /(?:^|\/)(?:\.yarn\/)?patches\//.test(path));
  for (const { path } of (await files.list()).filter(isOurs)) {
    const text = changes.find((it) => it.path === path)?.content ?? (await files.read(path)) ?? "";
    await mkdir(dirname(join(into, inner(path))), { recursive: true });
    await writeFile(join(into, inner(path)), text);
  }
  const lockfile = project.lockfile?.path ?? "";
  const old = (await files.read(lockfile)) ?? "";
  return { folder: into, reset: () => writeFile(join(into, inner(lockfile)), old) };
}

async function run({ file, args }: Command, folder: string, store: string): Promise<void> {
  const env = {
    PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`,
    HOME: store,
    npm_config_cache: join(store, "npm"),
    pnpm_config_store_dir: join(store, "pnpm"),
    // The release that the manifests pin is the one that runs.
    pnpm_config_pm_on_fail: "ignore",
    XDG_CACHE_HOME: join(store, "cache"),
    YARN_GLOBAL_FOLDER: join(store, "yarn"),
    YARN_CACHE_FOLDER: join(store, "yarn-cache"),
    YARN_IGNORE_PATH: "1",
    YARN_ENABLE_TELEMETRY: "0",
    BUN_INSTALL_CACHE_DIR: join(store, "bun"),
    ...networkEnvironment(),
    ...registryOf(operatorNpm(process.env).registry),
  };
  await new Promise<void>((resolve, reject) => {
    const child = spawn(file, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${args.join(" ")} ended with ${code}\n${said.slice(-2_000)}`)),
    );
  });
}

function registryOf(address: string | undefined): Record<string, string> {
  return address === undefined ? {} : { npm_config_registry: address, YARN_NPM_REGISTRY_SERVER: address };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1_000;
}

function middle(seconds: readonly number[]): string {
  const found = seconds.toSorted((a, b) => a - b)[Math.floor(seconds.length / 2)];
  return (found === undefined ? "" : found.toFixed(2)).padStart(8);
}

function likeness(ours: string, own: string | undefined): string {
  if (own === undefined) return "";
  if (ours === own) return "the same lockfile";
  const theirs = new Set(own.split("\n"));
  return `${ours.split("\n").filter((line) => !theirs.has(line)).length} lines differ`;
}
