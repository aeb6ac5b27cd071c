import { hash } from "node:crypto";
import { join } from "node:path";
import semver from "semver";
import type { ProgramRun } from "../../../domain/ports.ts";
import type { Io } from "../../ecosystem.ts";
import { publicRegistry } from "../registry.ts";
import type { RelockTask } from "./manager.ts";
import { documentAt, openStandInRegistries, pnpmFor, standInAddress, standInFor } from "./native.ts";
import { hasOwnDocument } from "./pnpm-own.ts";
import { settingsOf } from "./pnpm-settings.ts";
import { minutesSince, pinnedRange, programOf } from "./program.ts";

/** The pnpm that makes a project's lockfile. */
export interface Pnpm {
  readonly version: string;
  /** Whether it reaches nothing but registries, and finds no other program: git and archives are out of its reach. */
  readonly isApart: boolean;
  /** Runs it on these files, with settings of its own beside them, and gives the lockfile that it leaves. Throws `ProgramError`. */
  install(
    files: Readonly<Record<string, string>>,
    archives: Readonly<Record<string, Uint8Array>>,
    ...args: readonly string[]
  ): Promise<string>;
  /** Why it was not answered, where it was not. */
  readonly failures: readonly unknown[];
}

const limits = { seconds: 600, megabytes: 3_072 };
const always = ["install", "--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"];

/** The version that the project pins, else one whose lockfile this is. From 12 on pnpm is a program of machine code. */
export async function pnpmOf(task: RelockTask, io: Io): Promise<Pnpm> {
  const pinned = await programOf("pnpm", rangeOf(task), entry, task, io);
  if (semver.major(pinned.version) < 12) return bounded(pinned, task, io);
  const own = pnpmFor(process);
  return apart(await programOf(own.name, pinned.version, own.entry, task, io), task, io);
}

/** The last that is a program of JavaScript, for what later ones do not reach; it writes the same format. */
export async function lastBoundedPnpm(task: RelockTask, io: Io): Promise<Pnpm> {
  return bounded(await programOf("pnpm", "^11.0.0", entry, task, io), task, io);
}

const entry = "bin/pnpm.cjs";

function rangeOf({ packageManager, text }: RelockTask): string {
  const pinned = pinnedRange("pnpm", packageManager, ">=8.6.0 <13.0.0");
  if (pinned !== undefined) return pinned;
  if (/^lockfileVersion: ['"]?6/m.test(text)) return "^8.15.0";
  return hasOwnDocument(text) ? "^11.0.0" : "^10.0.0";
}

type Program = Awaited<ReturnType<typeof programOf>>;

/** As a process that is held by Node's permission model and may reach public addresses. */
function bounded(program: Program, task: RelockTask, { tools, asOf }: Io): Pnpm {
  const kept = task.cache === undefined ? undefined : join(task.cache, "pnpm");
  return {
    version: program.version,
    isApart: false,
    failures: [],
    async install(files, archives, ...args) {
      const order = orderOf(task, asOf, kept, { ...files, ".npmrc": settingsOf(task) }, archives, args);
      return (await tools.run(program, order, limits))[task.lockfile] ?? "";
    },
  };
}

/** As a program of machine code, whose whole network is answered here: registries under other names. */
function apart(program: Program, task: RelockTask, io: Io): Pnpm {
  const { registry, scopes, isMirror, settings, cache, lockfile } = task;
  const addresses = [registry, ...Object.values(scopes)];
  const known = [...addresses.entries(), ...(isMirror ? [[0, publicRegistry] as const] : [])]
    // One registry's address may be how another's begins.
    .toSorted(([, one], [, other]) => other.length - one.length);
  const seen = openStandInRegistries(task, async (url, _, accept) => {
    const text = await documentAt(url, accept, io);
    // Of archives at the registry's own addresses pnpm writes none into the lockfile.
    return known.reduce((all, [at, address]) => all?.replaceAll(`"${address}`, `"${standInFor(at)}`), text);
  });
  const digest = hash("sha256", JSON.stringify([addresses, isMirror]), "hex");
  const kept = cache === undefined ? undefined : join(cache, "pnpm-apart", digest);
  const npmrc = settingsOf({ registry: seen.registry, scopes: seen.scopes, credentials: {}, settings });
  return {
    version: program.version,
    isApart: true,
    failures: seen.failures,
    async install(files, archives, ...args) {
      const order = orderOf(task, io.asOf, kept, { ...files, ".npmrc": npmrc }, archives, args);
      const output = await io.tools.runNative(
        program,
        {
          ...order,
          // Who answers has tried again already.
          environment: { ...order.environment, pnpm_config_fetch_retries: "0" },
          answer: seen.answer,
          // What it cannot read it makes anew from nothing, and every package in it moves.
          failsAt: /Ignoring broken lockfile/,
        },
        limits,
      );
      return (output[lockfile] ?? "").replace(standInAddress, (_, index: string, path: string) => {
        const address = seen.realOf(index);
        return `${isMirror && address === registry ? publicRegistry : address}${path}`;
      });
    },
  };
}

function orderOf(
  { lockfile }: RelockTask,
  asOf: Date | undefined,
  kept: string | undefined,
  files: Readonly<Record<string, string>>,
  archives: Readonly<Record<string, Uint8Array>>,
  args: readonly string[],
): ProgramRun {
  // Known from 10.16 on; what does not know it takes no notice.
  const dated = asOf === undefined ? {} : { minimum_release_age: String(minutesSince(asOf)) };
  // pnpm's own waits are made for a person at a terminal: ten seconds, then a minute.
  const settings = { fetch_retry_mintimeout: "500", fetch_retry_maxtimeout: "5000", ...dated };
  return {
    args: [...always, ...args],
    files,
    archives,
    wanted: [lockfile],
    environment: {
      ...(kept === undefined ? {} : { XDG_CACHE_HOME: kept }),
      // Up to 10 under the first of the two names, from 11 on under the other.
      ...Object.fromEntries(
        Object.entries(settings).flatMap(([key, value]) => [
          [`npm_config_${key}`, value],
          [`pnpm_config_${key}`, value],
        ]),
      ),
      COREPACK_ENABLE_STRICT: "0",
      pnpm_config_pm_on_fail: "ignore",
      // What is in the lockfile already was let in by others; what is new is still asked about.
      pnpm_config_trust_lockfile: "true",
    },
  };
}
