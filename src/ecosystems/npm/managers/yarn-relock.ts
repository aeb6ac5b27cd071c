import { posix } from "node:path";
import { dump, load } from "js-yaml";
import semver from "semver";
import { z } from "zod";
import { ProgramError } from "../../../domain/errors.ts";
import { tableOf } from "../../../text/data.ts";
import type { Io } from "../../ecosystem.ts";
import type { RelockTask } from "./manager.ts";
import { pinsOf } from "./pins.ts";
import { failureOf, minutesSince, pinnedRange, programOf, unchangedBy } from "./program.ts";
import { standInsForYarn } from "./yarn-archives.ts";
import { resolutionOf, withYarnRanges } from "./yarn-ranges.ts";

const limits = { seconds: 600, megabytes: 3_072 };

/**
 * With the exact versions that were chosen, over which the ranges are written. Where more was passing than those
 * versions, Yarn is run until it leaves the result as it is: what it would still change, `yarn install --immutable` would
 * refuse. (Yarn has no way to ask for that without installing.)
 */
export async function relock(task: RelockTask, io: Io): Promise<string> {
  const { lockfile, files, exact, text } = task;
  const { archives, restored } = standInsForYarn(files, text);
  const alike = writersOf(text);
  const program = await programOf(
    "@yarnpkg/cli-dist",
    pinnedIn(task) ?? alike,
    "bin/yarn.js",
    task,
    io,
    alike,
  );
  const major = semver.major(program.version);
  // Yarn lets no young release in, which a fix may be; what the lockfile has it does not ask about again.
  const age = io.asOf === undefined ? (task.fixes.length > 0 ? 0 : undefined) : minutesSince(io.asOf);
  const hasGate = age !== undefined && semver.gte(program.version, "4.10.0");
  const dated = hasGate ? `npmMinimalAgeGate: ${age}\n` : "";
  const mode = major >= 3 ? ["--mode=update-lockfile"] : [];
  const run = async (inputs: Readonly<Record<string, string>>) => {
    const order = {
      args: ["install", ...mode],
      files: { ...withoutScripts(inputs), ".yarnrc.yml": `${settingsOf(task, inputs)}${dated}` },
      archives,
      wanted: [lockfile],
      environment: environmentOf(task, program.version),
    };
    const output = await io.tools.run(program, order, limits);
    return output[lockfile] ?? "";
  };
  const again = (ranged: string) => run({ ...files, [lockfile]: ranged });
  try {
    const chosen = await run({ ...files, ...exact, [lockfile]: withoutEntries(text, task) });
    const ranged = withYarnRanges(chosen, pinsOf(task), task);
    const isWhole = Object.keys(archives).length === 0;
    const own = restored(
      ranged.isSettled && isWhole ? ranged.text : await unchangedBy("Yarn", ranged.text, again),
    );
    return text.includes("\r\n") ? own.replaceAll(/\r?\n/g, "\r\n") : own;
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    throw failureOf("Yarn", error, wordsOf(error.output) || error.message, task, {
      isUnreachable: /RequestError|ECONN|ETIMEDOUT|EAI_AGAIN|HTTPError: Response code 5/.test(error.output),
      isHopeless: /Usage Error|Internal Error|any available (?:resolver|fetcher)/.test(error.output),
    });
  }
}

/** What has no entry is resolved anew. Entries are blocks between empty lines; one may serve several ranges. */
function withoutEntries(text: string, { refresh, anew }: RelockTask): string {
  const gone = new Set(refresh.map(({ name, version }) => `${name}@npm:${version}`));
  if (gone.size === 0 && !anew) return text;
  const blocks = text.replaceAll("\r\n", "\n").split("\n\n");
  if (anew) return `${blocks.filter((block) => /^(?:#|__metadata:)/m.test(block)).join("\n\n")}\n`;
  return blocks.filter((block) => !gone.has(resolutionOf(block) ?? "")).join("\n\n");
}

/** The version that the project pins, by `packageManager` or the release it keeps. */
function pinnedIn({ packageManager, settings }: RelockTask): string | undefined {
  const kept = /yarn-(\d+\.\d+\.\d+(?:-[\w.]+)?)\.[cm]?js"?$/.exec(settings["yarnPath"] ?? "")?.[1];
  return pinnedRange("yarn", packageManager ?? `yarn@${kept}`, ">=2.4.0");
}

/** The versions that write a lockfile of this format, as any other would turn it into its own. */
function writersOf(text: string): string {
  const version = Number(/^ {2}version: (\d+)/m.exec(text)?.[1] ?? 8);
  if (version <= 4) return /^ {2}cacheKey: 8$/m.test(text) ? ">=3.0.0 <3.1.0" : "^2.4.0";
  return writers[version] ?? "^4.15.0";
}

const writers: Readonly<Record<number, string>> = {
  5: ">=3.1.0 <3.2.0",
  6: ">=3.2.0 <4.0.0",
  7: ">=4.0.0-rc.1 <4.0.0-rc.46",
  8: ">=4.0.0 <4.14.0",
  9: ">=4.14.0 <4.15.0",
};

/** Yarn 2, which has no lockfile-only mode, runs those of the workspace's own packages whatever its settings say. */
function withoutScripts(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      if (!path.endsWith("package.json")) return [path, text];
      const { scripts: _scripts, ...rest } = z.looseObject({}).parse(JSON.parse(text.replace(/^\uFEFF/, "")));
      return [path, JSON.stringify(rest)];
    }),
  );
}

/** Of a repository's own settings those that shape a lockfile: no plug-ins, no path to another Yarn, no secrets. */
function settingsOf(
  { settings, registry, scopes, credentials }: RelockTask,
  inputs: Readonly<Record<string, string>>,
): string {
  const tokenOf = (address: string) => {
    const token = credentials[`${address.replace(/^https?:/, "")}:_authToken`];
    return token === undefined ? {} : { npmAuthToken: token, npmAlwaysAuth: true };
  };
  const kept = Object.entries(settings).flatMap(([key, value]): [string, unknown][] =>
    shaping.has(key) ? [[key, load(value)]] : [],
  );
  return dump({
    ...Object.fromEntries(kept),
    ...catalogsIn(inputs[".yarnrc.yml"] ?? ""),
    npmRegistryServer: registry.replace(/\/$/, ""),
    ...tokenOf(registry),
    npmScopes: Object.fromEntries(
      Object.entries(scopes).map(([scope, address]) => [
        scope.slice(1),
        { npmRegistryServer: addressFor(address).replace(/\/$/, ""), ...tokenOf(address) },
      ]),
    ),
    ...(registry.startsWith("http:") ? { unsafeHttpWhitelist: [new URL(registry).hostname] } : {}),
  });
}

/** As they will be: their requirements are among those that move. */
function catalogsIn(settings: string): Record<string, unknown> {
  if (!settings.includes("catalog")) return {};
  const { catalog, catalogs } = tableOf(load(settings));
  return { ...(catalog === undefined ? {} : { catalog }), ...(catalogs === undefined ? {} : { catalogs }) };
}

/** A scope's address that needs a variable leads nowhere, and not to another registry: what is locked stays. */
function addressFor(address: string): string {
  return address.includes("${") ? "https://registry.invalid" : address;
}

const shaping = new Set([
  "checksumBehavior",
  "compressionLevel",
  "defaultProtocol",
  "defaultSemverRangePrefix",
  "enableTransparentWorkspaces",
  "nodeLinker",
  "packageExtensions",
  "supportedArchitectures",
]);

/** Yarn refuses a setting that it does not know. */
function environmentOf({ cache }: RelockTask, version: string): Record<string, string> {
  return {
    ...(cache === undefined ? {} : { YARN_GLOBAL_FOLDER: posix.join(cache, "yarn") }),
    YARN_IGNORE_PATH: "1",
    YARN_ENABLE_SCRIPTS: "0",
    YARN_ENABLE_TELEMETRY: "0",
    YARN_ENABLE_GLOBAL_CACHE: "1",
    YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
    YARN_ENABLE_PROGRESS_BARS: "0",
    YARN_ENABLE_COLORS: "0",
    // Yarn 2 always installs, and this is the quickest way; a lockfile is the same for all of them.
    ...(semver.lt(version, "3.0.0") ? { YARN_NODE_LINKER: "pnp" } : {}),
    ...(semver.lt(version, "4.0.0")
      ? {}
      : { YARN_ENABLE_CONSTRAINTS_CHECKS: "0", YARN_ENABLE_HARDENED_MODE: "0" }),
  };
}

/** What Yarn says is wrong, in one line, without its code and what it warns of: peers, extensions, what is deprecated. */
function wordsOf(output: string): string {
  const lines = output
    .split("\n")
    .filter((line) => line.length < 1_000 && !/^➤ YN00(?:02|60|61|68|86):/.test(line))
    .map((line) => line.replace(/^➤ YN\d+: [│┌└·]?\s*/, "").trim());
  const telling = lines.filter((line) =>
    /error|can't be|doesn't|No candidates|quarantined|would have been|forbidden|not found|failed to/i.test(
      line,
    ),
  );
  const reasons = telling.filter((line) => !line.startsWith("Failed with errors"));
  return ([reasons, telling].find((some) => some.length > 0) ?? lines.filter(Boolean).slice(-3))
    .slice(0, 3)
    .join(" ")
    .replace(/\s+/g, " ")
    .slice(0, 400);
}
