import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

/** A copy of what a real repository says about its dependencies. */
export interface Copy {
  readonly name: string;
  readonly folder: string;
  readonly commit: string;
  /** Every package that a manifest names, sorted. */
  readonly packages: readonly string[];
  /** Whether pnpm's lockfile is at the top. */
  readonly isOfPnpm: boolean;
}

const run = promisify(execFile);
const wantedFiles = new Set([
  "package.json",
  "package-lock.json",
  "npm-shrinkwrap.json",
  "pnpm-lock.yaml",
  "pnpm-workspace.yaml",
  "yarn.lock",
  "bun.lock",
]);
const tables = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/**
 * Copies the manifests and lockfiles at the newest commit of `source`, an address or a folder of git; of several with a
 * comma between them, each into a folder of one checkout. Every tool is given this same copy, without settings that name
 * a registry, and without which package manager to use and for which engines: that would be fetched too.
 */
export async function copyRepository(source: string, into: string): Promise<Copy> {
  const sources = source.split(",");
  const name = sources.map(nameOf).join("+");
  const folder = join(into, "repositories", name);
  await rm(folder, { recursive: true, force: true });
  const parts: { commit: string; packages: readonly string[] }[] = [];
  for (const one of sources) {
    const git = existsSync(one) ? one : await clone(one, join(into, "clones", nameOf(one)));
    parts.push(await copyInto(sources.length === 1 ? folder : join(folder, nameOf(one)), git));
  }
  // A checkout of its own: the files that git ignores around it, this one does not. Renovate asks for what is tracked.
  await run("git", ["init", "--quiet", folder]);
  await run("git", ["-C", folder, "add", "--force", "--all"]);
  return {
    name,
    folder,
    commit: parts.map(({ commit }) => commit.slice(0, 10)).join("+"),
    packages: [...new Set(parts.flatMap(({ packages }) => packages))].toSorted(),
    isOfPnpm: existsSync(join(folder, "pnpm-lock.yaml")),
  };
}

function nameOf(source: string): string {
  return basename(source.replace(/\/(?:repo|\.git)?\/?$/, "")).replace(/^.*\+|\.git$/g, "");
}

async function copyInto(folder: string, git: string): Promise<{ commit: string; packages: string[] }> {
  const show = async (...question: string[]) =>
    (await run("git", ["-C", git, ...question], { maxBuffer: 512_000_000 })).stdout;

  const paths = (await show("ls-tree", "-r", "-z", "--name-only", "HEAD")).split("\0");
  const wanted = paths.filter(
    (path) => wantedFiles.has(basename(path)) && !path.split("/").includes("node_modules"),
  );
  const packages = new Set<string>();
  for (const path of wanted) {
    const text = await show("show", `HEAD:${path}`);
    const manifest = basename(path) === "package.json" ? manifestOf(text) : undefined;
    for (const found of manifest === undefined ? [] : packagesOf(manifest)) packages.add(found);
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), manifest === undefined ? text : stripped(manifest));
  }
  return { commit: (await show("rev-parse", "HEAD")).trim(), packages: [...packages] };
}

async function clone(address: string, folder: string): Promise<string> {
  if (!existsSync(folder)) await run("git", ["clone", "--quiet", "--bare", "--depth", "1", address, folder]);
  return folder;
}

type Manifest = Readonly<Record<string, unknown>>;

/** `undefined` for what is no JSON object, as a test's fixture may be. A mark at its beginning stops npm-check-updates. */
function manifestOf(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    return isTable(value) ? value : undefined;
  } catch {
    return undefined; // each tool is to see it as it is
  }
}

function packagesOf(manifest: Manifest): string[] {
  return tables.flatMap((key) => {
    const table = manifest[key];
    return isTable(table) ? Object.keys(table) : [];
  });
}

function stripped(manifest: Manifest): string {
  const left = new Set(["packageManager", "devEngines", "engines"]);
  const rest = Object.entries(manifest).filter(([key]) => !left.has(key));
  return `${JSON.stringify(Object.fromEntries(rest), null, 2)}\n`;
}

function isTable(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
