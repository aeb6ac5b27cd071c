import { join } from "node:path";
import { loadAll } from "js-yaml";
import semver from "semver";
import { isMap, isScalar, parseDocument } from "yaml";
import { z } from "zod";
import { ManifestError, messageOf, ProgramError } from "../../../domain/errors.ts";
import type { LockedPackage } from "../../../domain/types.ts";
import { placeOf } from "../../../text/place.ts";
import type { Io } from "../../ecosystem.ts";
import { levelsOfPnpm, splitSelector } from "../overrides.ts";
import { reachable } from "./graph.ts";
import type { LockRoot, Manager, ReadLock, RelockTask } from "./manager.ts";
import { standInsForPnpm } from "./pnpm-archives.ts";
import { failureOf, minutesSince, pinnedRange, programOf } from "./program.ts";

/** pnpm: its lockfiles are made by pnpm itself, at the version that the project pins, of those that run on Node. */
export const pnpm: Manager = {
  id: "pnpm",
  settingsFile: ".npmrc",
  reads: (name) => name === "pnpm-lock.yaml",
  read: readPnpmLock,
  relock,
};

const table = z.record(z.string(), z.string()).catch({});
const direct = z.record(z.string(), z.object({ specifier: z.string(), version: z.string() })).catch({});
const importer = z.object({
  dependencies: direct.optional(),
  devDependencies: direct.optional(),
  optionalDependencies: direct.optional(),
});
const entry = z.object({
  resolution: z.object({ integrity: z.string().optional() }).optional().catch(undefined),
  dependencies: table.optional(),
  optionalDependencies: table.optional(),
});
const entries = z.record(z.string(), entry.nullable()).catch({});
const lockShape = importer.extend({
  lockfileVersion: z.union([z.string(), z.number()]).transform(String),
  catalogs: z.record(z.string(), direct).optional().catch(undefined),
  overrides: table.optional(),
  importers: z.record(z.string(), importer).optional(),
  packages: entries.optional(),
  snapshots: entries.optional(),
});
type Lock = z.infer<typeof lockShape>;

/** Reads a lockfile of version 6 or 9. https://github.com/pnpm/spec/tree/master/lockfile */
function readPnpmLock(path: string, text: string, roots: readonly LockRoot[]): ReadLock {
  const lock = parse(path, text);
  const importers = lock.importers ?? { ".": lock };
  const installed = lock.snapshots ?? lock.packages ?? {};
  const keys = new Map(Object.keys(installed).map((key) => [plainKey(key), key]));
  const idOf = (name: string, version: string) => keyOf(name, version, keys);
  const overridden = new Set(
    Object.keys(lock.overrides ?? {}).map((key) => splitSelector(levelsOfPnpm(key).at(-1) ?? "").name),
  );

  const own = roots.map(({ folder, manifest, name, version }): LockedPackage => {
    const asked = Object.entries(directOf(importers[folder || "."]));
    const dependencies = asked.flatMap(([alias, { version: at }]) => {
      const linked = /^link:(.*)$/.exec(at)?.[1];
      if (linked === undefined) return idOf(alias, at) ?? [];
      const target = join(folder, linked);
      return roots.some((root) => root.folder === target || (root.folder === "" && target === "."))
        ? [rootId(target)]
        : [];
    });
    return {
      id: rootId(folder),
      name: name ?? "",
      version: version ?? "",
      scope: "runtime",
      manifest,
      dependencies: dependencies.toSorted(),
    };
  });
  const graph = Object.entries(installed).map(([key, found]): LockedPackage => {
    const id = plainKey(key);
    const { name, version } = splitKey(id);
    const asked = { ...found?.dependencies, ...found?.optionalDependencies };
    const integrity = (lock.snapshots === undefined ? found : lock.packages?.[`${name}@${version}`])
      ?.resolution?.integrity;
    return {
      id,
      name,
      version,
      scope: "development",
      dependencies: Object.entries(asked)
        .flatMap(([alias, at]) => idOf(alias, at) ?? [])
        .toSorted(),
      ...(integrity === undefined ? {} : { integrity }),
    };
  });
  const runtime = reachable(
    graph,
    roots.flatMap(({ folder }) => {
      const { dependencies, optionalDependencies } = importers[folder || "."] ?? {};
      return Object.entries({ ...dependencies, ...optionalDependencies }).flatMap(
        ([alias, { version }]) => idOf(alias, version) ?? [],
      );
    }),
  );
  const packages = graph.map((locked): LockedPackage =>
    runtime.has(locked.id) ? { ...locked, scope: "runtime" } : locked,
  );
  return {
    graph: { packages: [...own, ...packages] },
    believed: new Map(
      roots.map(({ folder, requirements }) => [
        folder,
        believedOf(importers[folder || "."], requirements, overridden),
      ]),
    ),
    catalogs: new Map(
      Object.entries(lock.catalogs ?? {}).flatMap(([catalog, members]) =>
        Object.entries(members).map(
          ([name, { version }]) => [`${catalog}/${name}`, version.replace(/\(.*$/, "")] as const,
        ),
      ),
    ),
  };
}

function parse(path: string, text: string): Lock {
  const conflict = /^(?:<{7}|>{7}) /m.exec(text);
  if (conflict !== null) {
    throw new ManifestError(path, "has merge conflict markers", {
      at: placeOf(text, conflict.index),
      mend: "Run `pnpm install`, which resolves them, and commit the file",
    });
  }
  const parsed = lockShape.safeParse(loaded(path, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ManifestError(
      path,
      `is no pnpm lockfile: ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
    );
  }
  const { lockfileVersion } = parsed.data;
  if (!/^(?:6\.\d|9\.0)$/.test(lockfileVersion)) {
    throw new ManifestError(
      path,
      `has lockfileVersion ${lockfileVersion}, which is not supported: 6 and 9 are`,
    );
  }
  return parsed.data;
}

/** From version 11 on a document of pnpm's own, about its configuration and itself, may stand before the project's. */
function loaded(path: string, text: string): unknown {
  try {
    return loadAll(text).at(-1);
  } catch (error) {
    throw new ManifestError(path, `is not valid YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

function directOf(found: z.infer<typeof importer> | undefined): z.infer<typeof direct> {
  return { ...found?.devDependencies, ...found?.dependencies, ...found?.optionalDependencies };
}

/**
 * Peers are not always in the lockfile, and what it does not name it does not believe anything of. Of what is
 * overridden it names only what is decided.
 */
function believedOf(
  found: z.infer<typeof importer> | undefined,
  requirements: LockRoot["requirements"],
  overridden: ReadonlySet<string>,
): Record<string, string> {
  const written = Object.entries(directOf(found)).map(([name, { specifier }]) => [name, specifier]);
  const asked = (which: (of: LockRoot["requirements"][number]) => boolean) =>
    requirements.filter(which).map(({ name, requirement }) => [name, requirement]);
  return Object.fromEntries([
    ...asked(({ scope }) => scope === "peer"),
    ...written,
    ...asked(({ name }) => overridden.has(name)),
  ]);
}

/** Version 6 begins its keys with a slash. */
function plainKey(key: string): string {
  return key.replace(/^\//, "");
}

/** `@acme/a@1.0.0(peer@2.0.0)` is @acme/a at 1.0.0. */
function splitKey(key: string): { name: string; version: string } {
  const bare = key.replace(/\(.*$/, "");
  const at = bare.indexOf("@", 1);
  return at === -1 ? { name: bare, version: "" } : { name: bare.slice(0, at), version: bare.slice(at + 1) };
}

/** A dependency is told by its version, or, where it is an alias, by the whole key of the real package. */
function keyOf(name: string, version: string, keys: ReadonlyMap<string, string>): string | undefined {
  return [`${name}@${version}`, plainKey(version)].find((key) => keys.has(key));
}

function rootId(folder: string): string {
  return `./${folder === "." ? "" : folder}`;
}

const limits = { seconds: 600, megabytes: 3_072 };
const install = ["install", "--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"];
/** The document about pnpm itself that a lockfile may begin with. */
const ownDocument = /^---\r?\n[\s\S]*?\n(?=---\r?\n)/;

/**
 * As with npm, first with the exact versions that were chosen and then with the ranges; the third time pnpm is asked
 * whether it would install from the result with `--frozen-lockfile`.
 */
async function relock(task: RelockTask, io: Io): Promise<string> {
  const { lockfile, files, exact, text } = task;
  const { archives, restored } = standInsForPnpm(files, text);
  const program = await programOf("pnpm", rangeOf(task), "bin/pnpm.cjs", task, io);
  const run = async (inputs: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    const order = {
      args: [...install, ...args],
      files: { ...cleaned(inputs), ".npmrc": settingsOf(task) },
      archives,
      wanted: [lockfile],
      environment: environmentOf(task, io.asOf),
    };
    const output = await io.tools.run(program, order, limits);
    return output[lockfile] ?? "";
  };
  try {
    const wished = withRules({ ...files, ...exact }, task, semver.major(program.version));
    const start = task.anew ? {} : { [lockfile]: text };
    // Where nothing is to move, it would believe the lockfile and ask nobody.
    const isSame = !task.anew && task.moves.length === 0 && task.refresh.length === 0;
    const doubting = isSame ? ["--no-prefer-frozen-lockfile"] : [];
    const chosen = await run({ ...wished, ...start }, "--no-frozen-lockfile", ...doubting);
    const ranged = await run({ ...files, [lockfile]: chosen }, "--no-frozen-lockfile");
    await run({ ...files, [lockfile]: ranged }, "--frozen-lockfile");
    const own = restored(ranged);
    return text.includes("\r\n") ? own.replaceAll("\n", "\r\n") : own;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw failureOf("pnpm", error, wordsOf(error.output), task, {
      isUnreachable: /META_FETCH_FAIL|ERR_PNPM_FETCH_5/.test(error.output),
      isHopeless: !error.output.includes("ERR_PNPM_"),
    });
  }
}

/**
 * pnpm does not bring a transitive package of a workspace up to date when it is asked to. So it is overridden where its
 * old version would do, and keeps the new one afterwards where what asks for it accepts that.
 */
function withRules(
  files: Readonly<Record<string, string>>,
  { refresh }: RelockTask,
  major: number,
): Readonly<Record<string, string>> {
  if (refresh.length === 0) return files;
  const rules = refresh.map(({ name, version, to }) => [`${name}@${version}`, to] as const);
  const workspace = files["pnpm-workspace.yaml"] ?? "";
  if (major >= 11 || /^overrides:/m.test(workspace)) {
    const document = parseDocument(workspace);
    for (const [rule, to] of rules) document.setIn(["overrides", rule], to);
    return { ...files, "pnpm-workspace.yaml": document.toString() };
  }
  const manifest = z
    .looseObject({ pnpm: z.looseObject({ overrides: table.optional() }).optional() })
    .parse(JSON.parse((files["package.json"] ?? "{}").replace(/^\uFEFF/, "")));
  const overrides = { ...manifest.pnpm?.overrides, ...Object.fromEntries(rules) };
  return {
    ...files,
    "package.json": JSON.stringify({ ...manifest, pnpm: { ...manifest.pnpm, overrides } }),
  };
}

/** The versions whose lockfile this is. From 12 on pnpm is a program for one machine, which cannot be kept in bounds. */
function rangeOf({ packageManager, text }: RelockTask): string {
  const pinned = pinnedRange("pnpm", packageManager, ">=8.6.0 <12.0.0");
  if (pinned !== undefined) return pinned;
  if (/^lockfileVersion: ['"]?6/m.test(text)) return "^8.15.0";
  const isLate = ownDocument.test(text) || pinnedRange("pnpm", packageManager, ">=12.0.0") !== undefined;
  return isLate ? "^11.0.0" : "^10.0.0";
}

/** The files without what has no say in a lockfile: scripts, which pnpm to run, and settings that lead elsewhere. */
function cleaned(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      if (path === "pnpm-workspace.yaml") return [path, cleanWorkspace(text)];
      return [path, path.endsWith("package.json") ? cleanManifest(text) : text];
    }),
  );
}

function cleanWorkspace(text: string): string {
  const document = parseDocument(text);
  const top = document.contents;
  if (!isMap(top)) return text;
  top.items = top.items.filter(({ key }) => isScalar(key) && shapingFields.has(String(key.value)));
  return document.toString();
}

function cleanManifest(text: string): string {
  const manifest = z.looseObject({}).parse(JSON.parse(text.replace(/^\uFEFF/, "")));
  const { scripts: _scripts, packageManager: _pinned, devEngines, pnpm: own, ...rest } = manifest;
  const engines = z.looseObject({}).safeParse(devEngines).data;
  const settings = Object.entries(z.looseObject({}).safeParse(own).data ?? {});
  return JSON.stringify({
    ...rest,
    ...(engines === undefined ? {} : { devEngines: { ...engines, packageManager: undefined } }),
    pnpm: Object.fromEntries(settings.filter(([key]) => shapingFields.has(key))),
  });
}

/** The operator's registries and credentials; of a repository's own settings only those that shape a lockfile. */
function settingsOf({ registry, scopes, credentials, settings }: RelockTask): string {
  const rows = {
    ...Object.fromEntries(Object.entries(settings).filter(([key]) => shaping.has(key))),
    registry,
    ...Object.fromEntries(Object.entries(scopes).map(([scope, address]) => [`${scope}:registry`, address])),
    ...credentials,
    "manage-package-manager-versions": "false",
    "package-manager-strict": "false",
    "engine-strict": "false",
  };
  return `${Object.entries(rows)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n")}\n`;
}

const shaping = new Set([
  "auto-install-peers",
  "dedupe-direct-deps",
  "dedupe-injected-deps",
  "dedupe-peer-dependents",
  "exclude-links-from-lockfile",
  "inject-workspace-packages",
  "link-workspace-packages",
  "lockfile-include-tarball-url",
  "peers-suffix-max-length",
  "prefer-workspace-packages",
  "resolution-mode",
  "resolve-peers-from-workspace-root",
  "save-workspace-protocol",
  "shared-workspace-lockfile",
  "strict-peer-dependencies",
]);

/** The same of `pnpm-workspace.yaml` and of `pnpm` in a manifest: https://pnpm.io/settings */
const shapingFields = new Set([
  ...[...shaping].map((key) => key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())),
  "allowNonAppliedPatches",
  "allowUnusedPatches",
  "allowedDeprecatedVersions",
  "blockExoticSubdeps",
  "catalog",
  "catalogs",
  "dedupePeers",
  "ignorePatchFailures",
  "ignoredOptionalDependencies",
  "minimumReleaseAge",
  "minimumReleaseAgeExclude",
  "minimumReleaseAgeIgnoreMissingTime",
  "minimumReleaseAgeStrict",
  "overrides",
  "packageExtensions",
  "packages",
  "patchedDependencies",
  "peerDependencyRules",
  "supportedArchitectures",
  "trustPolicy",
  "trustPolicyExclude",
  "trustPolicyIgnoreAfter",
]);

function environmentOf({ cache }: RelockTask, asOf: Date | undefined): Record<string, string> {
  // Known from 10.16 on, under one of the two names; what does not know it takes no notice.
  const age = asOf === undefined ? undefined : String(minutesSince(asOf));
  const dated =
    age === undefined ? {} : { npm_config_minimum_release_age: age, pnpm_config_minimum_release_age: age };
  const kept: Record<string, string> = cache === undefined ? {} : { XDG_CACHE_HOME: join(cache, "pnpm") };
  return {
    ...kept,
    ...dated,
    COREPACK_ENABLE_STRICT: "0",
    pnpm_config_pm_on_fail: "ignore",
    // What is in the lockfile already was let in by others; what is new is still asked about.
    pnpm_config_trust_lockfile: "true",
  };
}

/** What pnpm says is wrong, in one line. */
function wordsOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => /ERR_PNPM_|^ERROR|^\w*Error: |^\[?ERR/.test(line));
  const telling = at === -1 ? lines.filter(Boolean).slice(-3) : lines.slice(at, at + 4).filter(Boolean);
  return telling
    .filter((line) => !line.startsWith("at "))
    .join(" ")
    .replace(/\s+/g, " ")
    .slice(0, 400);
}
