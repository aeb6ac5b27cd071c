import { messageOf, ResolutionError } from "../../../domain/errors.ts";
import type { Io } from "../../ecosystem.ts";
import { listOfTexts, tableOf, textOf } from "../../../text/data.ts";
import { indentOf } from "../../../text/json.ts";
import { publicRegistry } from "../registry.ts";
import type { Manager } from "./manager.ts";
import { readPackageLock } from "./npm-lockfile.ts";
import type { RelockInput, RelockOutput } from "./npm-relock.ts";

const relock = new URL("npm-relock.ts", import.meta.url);
const relockLimits = { seconds: 300, megabytes: 2_048 };

/** npm itself: its lockfiles are made by its own resolver. */
export const npmManager: Manager = {
  id: "npm",
  settingsFile: ".npmrc",
  reads: (name) => name === "package-lock.json" || name === "npm-shrinkwrap.json",
  read: readPackageLock,
  async relock(task, io) {
    const { lockfile, text, files, exact, registry, isMirror, scopes, credentials, legacyPeerDeps, cache } =
      task;
    // What its lockfile holds of an archive, npm does not look into.
    if (task.anew) (await import("./archives.ts")).assertNoArchives(files);
    const lock = readPackageLock(lockfile, text, []);
    const addresses = Object.entries(scopes).map(([scope, address]) => [`${scope}:registry`, address]);
    const output = await ask(io, {
      files: { ...files, [lockfile]: task.anew ? emptied(text) : text },
      exact,
      lockfile,
      lockfileVersion: lock.version,
      registry,
      settings: { ...credentials, ...Object.fromEntries(addresses) },
      legacyPeerDeps,
      refresh: [...new Set(task.refresh.map(({ name }) => name))],
      omitAddresses: !lock.namesAddresses,
      ...(io.asOf === undefined ? {} : { before: io.asOf.toISOString() }),
      ...(cache === undefined ? {} : { cache }),
    });
    const own = isMirror ? output.lockfile.replaceAll(`"${registry}`, `"${publicRegistry}`) : output.lockfile;
    return { lockfile: keepLayout(text, own) };
  },
};

async function ask(io: Io, input: RelockInput): Promise<RelockOutput> {
  try {
    return await io.tools.call<RelockOutput>(relock, input, relockLimits);
  } catch (error) {
    const about = tableOf(error);
    const code = textOf(about["code"]);
    const suspects = listOfTexts(about["suspects"]) ?? [];
    const reason = [code, oneLine(messageOf(error))].filter(Boolean).join(": ");
    throw new ResolutionError(`npm finds no consistent lockfile: ${reason}`, { cause: error, suspects });
  }
}

/** A lockfile of the same version with nothing in it. */
function emptied(text: string): string {
  const { name, version, lockfileVersion } = tableOf(JSON.parse(text.replace(/^\uFEFF/, "")));
  return JSON.stringify({ name, version, lockfileVersion, requires: true, packages: {}, dependencies: {} });
}

/** npm lays a lockfile out as the manifest beside it; here it stays as it was: indentation, line ends, last line, mark. */
function keepLayout(before: string, after: string): string {
  const indent = indentOf(before);
  const same = indentOf(after) === indent;
  const text = same
    ? after.replace(/\r\n/g, "\n").trimEnd()
    : JSON.stringify(JSON.parse(after), null, indent);
  const ends = before.endsWith("\n") ? `${text}\n` : text;
  const lines = before.includes("\r\n") ? ends.replace(/\n/g, "\r\n") : ends;
  return before.startsWith("\uFEFF") ? `\uFEFF${lines}` : lines;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 400);
}
