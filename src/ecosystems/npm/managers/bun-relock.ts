import { join } from "node:path";
import { ProgramError, ResolutionError } from "../../../domain/errors.ts";
import { tableOf } from "../../../text/data.ts";
import { parseJson } from "../../../text/json.ts";
import type { Io } from "../../ecosystem.ts";
import { assertNoArchives } from "./archives.ts";
import { bunProject, outsideOf } from "./bun-project.ts";
import { type BunRegistries, openBunRegistries } from "./bun-registries.ts";
import { withBunRanges } from "./bun-ranges.ts";
import { type BunLock, parseBunLock } from "./bun-lockfile.ts";
import type { RelockTask } from "./manager.ts";
import { bunFor } from "./native.ts";
import { pinsOf } from "./pins.ts";
import { failureOf, pinnedRange, programOf, unchangedBy } from "./program.ts";

const limits = { seconds: 300, megabytes: 2_048 };
const install = ["install", "--lockfile-only", "--ignore-scripts", "--no-progress"];

/**
 * With the exact versions that were chosen, over which the ranges are written. Where more was passing than those
 * versions, bun is run until it leaves the result as it is: what it would still change, `bun install --frozen-lockfile`
 * would refuse. (Without installing, bun does not obey that flag.)
 */
export async function relock(task: RelockTask, io: Io): Promise<string> {
  const { lockfile, files, exact, text } = task;
  const lock = parseBunLock(lockfile, text);
  const [outside] = outsideOf({ ...files, ...exact }, lock);
  if (outside !== undefined) {
    throw new ResolutionError(`${outside} lies outside of the project, where bun would look`, {
      isHopeless: true,
    });
  }
  // With an entry for it in the lockfile, bun does not look into an archive.
  if (task.anew) assertNoArchives(files);
  const { name, entry } = bunFor(process);
  const program = await programOf(name, rangeOf(task, lock), entry, task, io);
  const registries = openBunRegistries(task, lock, io);
  const attempt = async (cache: string | undefined) => {
    const run = async (inputs: Readonly<Record<string, string>>) => {
      const order = {
        args: install,
        files: { ...bunProject(inputs, task), "bunfig.toml": registries.settings },
        wanted: [lockfile],
        environment: { ...environment, ...(cache === undefined ? {} : { BUN_INSTALL_CACHE_DIR: cache }) },
        answer: registries.answer,
        // What it cannot read it makes anew from nothing, and every package in it moves.
        failsAt: /Ignoring lockfile/,
      };
      const output = await io.tools.runNative(program, order, limits);
      return registries.named(output[lockfile] ?? "");
    };
    const start = task.anew ? {} : { [lockfile]: text };
    const chosen = await run({ ...overriding({ ...files, ...exact }, task, lock), ...start });
    const ranged = withBunRanges(lockfile, chosen, pinsOf(task));
    if (ranged.isSettled) return ranged.text;
    return unchangedBy("bun", ranged.text, (it) => run({ ...files, [lockfile]: it }));
  };
  const cache = cacheOf(task, registries);
  try {
    const own = await attempt(cache).catch((error: unknown) => {
      // What was chosen a moment ago may be younger than what bun remembers.
      if (cache === undefined || !(error instanceof ProgramError) || !unresolved.test(error.output))
        throw error;
      return attempt(undefined);
    });
    return text.includes("\r\n") ? own.replaceAll("\n", "\r\n") : own;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const [unanswered] = registries.failures;
    if (unanswered !== undefined) throw unanswered;
    throw failureOf("bun", error, wordsOf(error.output), task, {
      isUnreachable: false,
      isHopeless: !unresolved.test(error.output),
    });
  }
}

const unresolved = /failed to resolve|No version matching|lockfile had changes/;
const environment = { DO_NOT_TRACK: "1", BUN_ENABLE_CRASH_REPORTING: "0", NO_COLOR: "1" };

/** Where bun keeps the answers of these registries, for the minutes that they hold. */
function cacheOf({ cache }: RelockTask, { digest }: BunRegistries): string | undefined {
  return cache === undefined || digest === undefined ? undefined : join(cache, "bun", digest);
}

/**
 * The files with a passing override for each package that is to be resolved anew: bun has no other way to move one that
 * no manifest names. What an override decided stays when it goes, where it fits all who ask.
 */
function overriding(
  files: Readonly<Record<string, string>>,
  { refresh }: RelockTask,
  { packages }: BunLock,
): Readonly<Record<string, string>> {
  if (refresh.length === 0) return files;
  for (const { name } of refresh) {
    const versions = new Set(
      [...packages.values()].filter((it) => it.name === name).map(({ reference }) => reference),
    );
    if (versions.size > 1) {
      const detail = `${[...versions].toSorted().join(" and ")} are installed, and bun's overrides decide one version for all`;
      throw new ResolutionError(`${name} cannot be moved alone: ${detail}`, { suspects: [name] });
    }
  }
  const manifest = tableOf(parseJson("package.json", files["package.json"] ?? "{}"));
  const overrides = {
    ...tableOf(manifest["overrides"]),
    ...Object.fromEntries(refresh.map(({ name, to }) => [name, to])),
  };
  return { ...files, "package.json": JSON.stringify({ ...manifest, overrides }) };
}

/** The version that the project pins, unless its lockfile was written by a later one; else one that writes such a lockfile. */
function rangeOf({ packageManager }: RelockTask, { version, configVersion }: BunLock): string {
  const first = version >= 2 ? "1.4.0" : configVersion === undefined ? "1.2.0" : "1.3.0";
  return pinnedRange("bun", packageManager, `>=${first} <2.0.0`) ?? `~${first}`;
}

/** What bun says is wrong, in one line. */
function wordsOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const telling = lines.filter((line) => line.startsWith("error:"));
  return (telling.length > 0 ? telling : lines.filter(Boolean).slice(-3))
    .slice(0, 3)
    .join(" ")
    .replace(/\s+/g, " ")
    .slice(0, 400);
}
