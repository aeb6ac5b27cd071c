import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Arborist, { type Node, type Tree } from "@npmcli/arborist";
import semver from "semver";
import { isTable, tableOf, textOf } from "../../../text/data.ts";
import { indentOf, parseJson } from "../../../text/json.ts";
import { answerQuickly } from "./npm-quick.ts";

answerQuickly();

/**
 * Brings an npm lockfile up to date. Heavy: it is the program of a process of its own, called through `Tools`.
 * Nothing is installed and no script is run; only the files given are there.
 */
export interface RelockInput {
  /** Relative to the project's root: the manifests as they will be, and the lockfile as it is. */
  readonly files: Readonly<Record<string, string>>;
  /** The same manifests with each updated requirement replaced by the exact version that was chosen. */
  readonly exact: Readonly<Record<string, string>>;
  readonly lockfile: string;
  readonly lockfileVersion: 1 | 2 | 3;
  readonly registry: string;
  /** Flat npm settings: registries of scopes and credentials. */
  readonly settings: Readonly<Record<string, string>>;
  readonly legacyPeerDeps: boolean;
  /** The names of packages to be resolved anew wherever they are. */
  readonly refresh: readonly string[];
  readonly omitAddresses: boolean;
  /** ISO 8601: no release published later is chosen. */
  readonly before?: string;
  readonly cache?: string;
}

export interface RelockOutput {
  readonly lockfile: string;
}

// One answer of the registry serves every call of this process, which a busy worker may never end.
const mostPackuments = 1_000;
let packuments: Map<string, unknown> = new Map();
let packumentsFor = "";

export async function main(input: RelockInput): Promise<RelockOutput> {
  const path = await mkdtemp(join(tmpdir(), "relock-"));
  const identity = JSON.stringify([input.registry, input.settings, input.before]);
  if (identity !== packumentsFor || packuments.size > mostPackuments) {
    packuments = new Map();
    packumentsFor = identity;
  }
  try {
    return await resolved(path, input, false).catch((error: unknown) => {
      if (!isOutOfDate(error)) throw error;
      // What was chosen a moment ago may be younger than what this process and npm's cache remember.
      packuments = new Map();
      return resolved(path, input, true);
    });
  } catch (error) {
    throw explained(error);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * First with exact versions, so that npm takes the chosen releases and not newer ones that the ranges allow. Those satisfy
 * the ranges, so that only the ranges themselves change: they are written over the exact versions. Where more could depend
 * on them, npm is asked whether it would change anything else; where it would, or the lockfile has no place for them, it
 * does so.
 */
async function resolved(path: string, input: RelockInput, afresh: boolean): Promise<RelockOutput> {
  await write(path, { ...input.files, ...input.exact });
  const tree = await relock(path, input, afresh, input.refresh);
  const pins = pinsIn(input);
  const ranged = withRanges(await readFile(join(path, input.lockfile), "utf8"), input.lockfile, pins);
  if (ranged !== undefined && isWhole(tree, input) && isPlain(input, pins)) return { lockfile: ranged };
  await write(path, {
    ...withoutLockfile(input),
    ...(ranged === undefined ? {} : { [input.lockfile]: ranged }),
  });
  if (ranged === undefined || !(await difference(path, input)).isNone) {
    await relock(path, input, afresh, []);
    assertFrozen((await difference(path, input)).missing, input);
  }
  return { lockfile: await readFile(join(path, input.lockfile), "utf8") };
}

/**
 * Whether everything that anybody asks for is there, so that npm would find nothing to do in the lockfile made of it.
 * Optional packages may be missing where they were missing before: npm does not look for them again.
 */
function isWhole({ inventory }: Tree, input: RelockInput): boolean {
  const missing = new Set<Node>();
  for (const node of inventory.values()) {
    for (const { type, to, valid } of node.edgesOut.values()) {
      if (!valid) return false;
      if (to === null && type !== "peerOptional") missing.add(node);
    }
  }
  if (missing.size === 0) return true;
  const before = lockedBefore(input);
  return [...missing].every(({ name, version }) => before.has(`${name}@${version}`));
}

/** Whether npm makes of each requirement what it made of the exact version: a range that this satisfies, and no override. */
function isPlain({ files }: RelockInput, pins: readonly Pin[]): boolean {
  const { overrides } = tableOf(parseJson("package.json", files["package.json"] ?? "{}"));
  if (Object.keys(tableOf(overrides)).length > 0) return false;
  return pins.every(
    ({ version, range }) =>
      typeof range === "string" && typeof version === "string" && semver.satisfies(version, range),
  );
}

/** An exact version that a requirement was replaced by. */
interface Pin {
  /** Of its manifest; empty for the root's. */
  readonly folder: string;
  readonly table: string;
  readonly name: string;
  readonly version: unknown;
  /** What the manifest says. */
  readonly range: unknown;
}

function pinsIn({ files, exact }: RelockInput): readonly Pin[] {
  return Object.entries(exact).flatMap(([path, content]) => {
    const folder = dirname(path) === "." ? "" : dirname(path);
    const [manifest, pinned] = [files[path] ?? "{}", content].map((text) => tableOf(parseJson(path, text)));
    return tables.flatMap((table) => {
      const wished = tableOf(pinned?.[table]);
      return Object.entries(tableOf(manifest?.[table]))
        .filter(([name, range]) => range !== wished[name])
        .map(([name, range]): Pin => ({ folder, table, name, version: wished[name], range }));
    });
  });
}

/** npm knows the package, and not the version. */
function isOutOfDate(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ETARGET";
}

async function relock(
  path: string,
  input: RelockInput,
  afresh: boolean,
  refresh: readonly string[],
): Promise<Tree> {
  const update = refresh.length === 0 ? {} : { update: { names: refresh } };
  const options = { ...optionsOf(path, input), preferOnline: afresh, ...update };
  const arborist = new Arborist(options);
  const tree = await arborist.buildIdealTree(options);
  await arborist.reify({ ...options, save: true });
  return tree;
}

function optionsOf(path: string, input: RelockInput): Record<string, unknown> {
  return {
    ...input.settings,
    path,
    registry: input.registry,
    cache: input.cache ?? join(path, ".cache"),
    packumentCache: packuments,
    packageLockOnly: true,
    ignoreScripts: true,
    audit: false,
    fund: false,
    progress: false,
    legacyPeerDeps: input.legacyPeerDeps,
    lockfileVersion: input.lockfileVersion,
    omitLockfileRegistryResolved: input.omitAddresses,
    replaceRegistryHost: "never",
    before: input.before === undefined ? null : new Date(input.before),
    // npm's own waits are made for a person at a terminal: ten seconds, then a minute.
    fetchRetries: 2,
    fetchRetryFactor: 4,
    fetchRetryMintimeout: 500,
    fetchRetryMaxtimeout: 5_000,
  };
}

/** What npm would change of the lockfile as it stands. */
interface Difference {
  readonly missing: readonly Node[];
  readonly isNone: boolean;
}

/**
 * Asks what `npm ci` asks before it installs: whether the lockfile holds all that the manifests lead to. It may not,
 * though npm wrote it: a registry can lack the optional packages of a release for other machines than this one.
 */
async function difference(path: string, input: RelockInput): Promise<Difference> {
  const options = optionsOf(path, input);
  const arborist = new Arborist(options);
  const held = new Map((await arborist.loadVirtual()).inventory);
  const { inventory: wanted } = await arborist.buildIdealTree(options);
  const missing = [...wanted].flatMap(([location, node]) =>
    held.get(location)?.version === node.version ? [] : [node],
  );
  return { missing, isNone: missing.length === 0 && held.size === wanted.size };
}

function assertFrozen(all: readonly Node[], input: RelockInput): void {
  const before = lockedBefore(input);
  const missing = all.flatMap((node) => {
    // What was missing before the update is not its fault.
    const askers = [...node.edgesIn]
      .flatMap(({ from }) => from ?? [])
      .filter(({ name, version }) => !before.has(`${name}@${version}`));
    return askers.length === 0 ? [] : [{ node, askers }];
  });
  const [first] = missing;
  if (first === undefined) return;
  const more = missing.length > 1 ? ` and ${missing.length - 1} more` : "";
  const asker = first.askers.map(({ name, version }) => `${name}@${version}`).join(", ");
  const message = `\`npm ci\` would refuse it, for the registry lacks ${first.node.name}${more}, which ${asker} wants`;
  const suspects = [...new Set(missing.flatMap(({ askers }) => askers.map(({ name }) => name)))];
  throw Object.assign(new Error(message), { code: "EINCOMPLETE", suspects });
}

const tables = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/**
 * A lockfile that was made for exact versions, with what the manifests require in their place; `undefined` where it does
 * not say what they require, as that of version 1.
 */
function withRanges(text: string, lockfile: string, pins: readonly Pin[]): string | undefined {
  const data = tableOf(parseJson(lockfile, text));
  if (!isTable(data["packages"])) return undefined;
  const packages: Record<string, unknown> = { ...data["packages"] };
  const legacy: Record<string, unknown> = { ...tableOf(data["dependencies"]) };
  for (const [folder, own] of Map.groupBy(pins, (pin) => pin.folder)) {
    const written: Record<string, unknown> = { ...tableOf(packages[folder]) };
    for (const [table, inTable] of Map.groupBy(own, (pin) => pin.table))
      if (isTable(written[table])) written[table] = over(written[table], inTable);
    packages[folder] = written;
    // What npm before 7 reads, in version 2: a member of the workspace is told by its folder there.
    for (const [name, found] of Object.entries(legacy)) {
      const { version, requires } = tableOf(found);
      if (folder !== "" && version === `file:${folder}` && isTable(requires))
        legacy[name] = { ...tableOf(found), requires: over(requires, own) };
    }
  }
  const dependencies = data["dependencies"] === undefined ? {} : { dependencies: legacy };
  const ranged = JSON.stringify({ ...data, packages, ...dependencies }, null, indentOf(text));
  return text.endsWith("\n") ? `${ranged}\n` : ranged;
}

/** A table of requirements with ranges for those that it has of `pins`. */
function over(table: Readonly<Record<string, unknown>>, pins: readonly Pin[]): Record<string, unknown> {
  const ranges = new Map(pins.map(({ name, range }) => [name, range]));
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => [name, ranges.has(name) ? ranges.get(name) : value]),
  );
}

function lockedBefore({ lockfile, files }: RelockInput): ReadonlySet<string> {
  return lockedIn(parseJson(lockfile, files[lockfile] ?? "{}"));
}

/** Each `name@version` of a lockfile, or of what is nested in it. */
function lockedIn(data: unknown): ReadonlySet<string> {
  const { packages, dependencies } = tableOf(data);
  const nested = Object.entries(tableOf(dependencies));
  return new Set([
    ...[...Object.entries(tableOf(packages)), ...nested].map(
      ([place, found]) => `${place.replace(/^.*node_modules\//, "")}@${textOf(tableOf(found)["version"])}`,
    ),
    ...nested.flatMap(([, found]) => [...lockedIn({ dependencies: tableOf(found)["dependencies"] })]),
  ]);
}

/** npm keeps the reason of a conflict beside its message: who wants what of whom. */
function explained(error: unknown): unknown {
  const { code, edge, currentEdge, peerConflict } = tableOf(error);
  if (!(error instanceof Error) || code !== "ERESOLVE") return error;
  const edges = [edge, currentEdge, tableOf(peerConflict)["peer"]].flatMap((it) => wishIn(it) ?? []);
  const wishes = [...new Set(edges.map(({ words }) => words))];
  const message = wishes.length === 0 ? error.message : wishes.join(", but ");
  return Object.assign(new Error(message), {
    code,
    suspects: edges.flatMap(({ name, asker }) => [name, asker ?? ""]),
  });
}

/** What one edge of npm's tree says in plain words. */
function wishIn(edge: unknown): { name: string; asker: string | undefined; words: string } | undefined {
  const { type, from, ...rest } = tableOf(edge);
  const [name, spec] = [textOf(rest["name"]), textOf(rest["spec"])];
  if (name === undefined || spec === undefined) return undefined;
  const [asker, version = "?"] = ["name", "version"].map((key) => textOf(tableOf(from)[key]));
  const who = asker === undefined || asker === "" ? "the project" : `${asker}@${version}`;
  return { name, asker, words: `${who} wants ${type === "peer" ? "beside it " : ""}${name}@${spec}` };
}

function withoutLockfile(input: RelockInput): Record<string, string> {
  return Object.fromEntries(Object.entries(input.files).filter(([path]) => path !== input.lockfile));
}

async function write(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(files).map(async ([path, content]) => {
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }),
  );
}
