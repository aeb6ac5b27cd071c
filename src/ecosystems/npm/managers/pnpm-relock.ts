import { join } from "node:path";
import semver from "semver";
import { isMap, isScalar, parseDocument } from "yaml";
import { z } from "zod";
import { ProgramError } from "../../../domain/errors.ts";
import type { Io } from "../../ecosystem.ts";
import type { RelockTask } from "./manager.ts";
import { standInsForPnpm } from "./pnpm-archives.ts";
import { pinsOf } from "./pins.ts";
import { withPnpmRanges } from "./pnpm-ranges.ts";
import { failureOf, minutesSince, pinnedRange, programOf } from "./program.ts";

const table = z.record(z.string(), z.string()).catch({});
const limits = { seconds: 600, megabytes: 3_072 };
const install = ["install", "--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"];
/** The document about pnpm itself that a lockfile may begin with. */
const ownDocument = /^---\r?\n[\s\S]*?\n(?=---\r?\n)/;

/**
 * As with npm, with the exact versions that were chosen, so that pnpm does not take newer ones that the ranges allow; the
 * ranges are written over them. Where more was passing than those versions, pnpm is run with the ranges, and asked
 * whether it would install from the result with `--frozen-lockfile`.
 */
export async function relock(task: RelockTask, io: Io): Promise<string> {
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
  const asked = async (ranged: string) => {
    const result = await run({ ...files, [lockfile]: ranged }, "--no-frozen-lockfile");
    await run({ ...files, [lockfile]: result }, "--frozen-lockfile");
    return result;
  };
  try {
    const wished = withRules({ ...files, ...exact }, task, semver.major(program.version));
    const start = task.anew ? {} : { [lockfile]: text };
    // Where nothing is to move, it would believe the lockfile and ask nobody.
    const isSame = !task.anew && task.moves.length === 0 && task.refresh.length === 0;
    const doubting = isSame ? ["--no-prefer-frozen-lockfile"] : [];
    const chosen = await run({ ...wished, ...start }, "--no-frozen-lockfile", ...doubting);
    const ranged = withPnpmRanges(chosen, pinsOf(task));
    const isWhole = Object.keys(archives).length === 0;
    const own = restored(ranged.isSettled && isWhole ? ranged.text : await asked(ranged.text));
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
