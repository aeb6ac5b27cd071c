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
  /** Whether lockfiles and the field `packageManager` were left out. */
  readonly isStripped: boolean;
}

const run = promisify(execFile);
const npmFiles = new Set(["package.json", "package-lock.json", "npm-shrinkwrap.json"]);
const foreignFiles = new Set(["pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"]);
const tables = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/**
 * Copies the manifests at the newest commit of `source`, an address or a folder of git. Lockfiles of npm come along;
 * where another package manager is used, its lockfile and the field `packageManager` are left out, for scans hold back
 * what they could not bring up to date. Every tool is given this same copy.
 */
export async function copyRepository(source: string, into: string): Promise<Copy> {
  const name = basename(source.replace(/\/(?:repo|\.git)?\/?$/, "")).replace(/^.*\+|\.git$/g, "");
  const git = existsSync(source) ? source : await clone(source, join(into, "clones", name));
  const folder = join(into, "repositories", name);
  await rm(folder, { recursive: true, force: true });
  const show = async (...question: string[]) =>
    (await run("git", ["-C", git, ...question], { maxBuffer: 512_000_000 })).stdout;

  const paths = (await show("ls-tree", "-r", "-z", "--name-only", "HEAD")).split("\0");
  const isStripped = paths.some((path) => foreignFiles.has(path));
  const wanted = paths.filter((path) => isWanted(path, isStripped));
  const packages = new Set<string>();
  for (const path of wanted) {
    const text = await show("show", `HEAD:${path}`);
    const manifest = basename(path) === "package.json" ? manifestOf(text) : undefined;
    for (const found of manifest === undefined ? [] : packagesOf(manifest)) packages.add(found);
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), isStripped && manifest !== undefined ? stripped(manifest) : text);
  }
  // A checkout of its own: the files that git ignores around it, this one does not.
  await run("git", ["init", "--quiet", folder]);
  const commit = (await show("rev-parse", "HEAD")).trim();
  return { name, folder, commit, packages: [...packages].toSorted(), isStripped };
}

async function clone(address: string, folder: string): Promise<string> {
  if (!existsSync(folder)) await run("git", ["clone", "--quiet", "--bare", "--depth", "1", address, folder]);
  return folder;
}

function isWanted(path: string, isStripped: boolean): boolean {
  if (path.split("/").includes("node_modules")) return false;
  const file = basename(path);
  return isStripped ? file === "package.json" : npmFiles.has(file);
}

type Manifest = Readonly<Record<string, unknown>>;

/** `undefined` for what is no JSON object, as a test's fixture may be. */
function manifestOf(text: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(text);
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
  const rest = Object.entries(manifest).filter(([key]) => key !== "packageManager");
  return `${JSON.stringify(Object.fromEntries(rest), null, 2)}\n`;
}

function isTable(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
