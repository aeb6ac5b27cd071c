import { dump } from "js-yaml";
import semver from "semver";
import { parseJson } from "../../../text/json.ts";
import { tableOf, textOf, textsOf } from "../../../text/data.ts";
import type { Io } from "../../ecosystem.ts";
import { abbreviated } from "../registry.ts";
import type { RelockTask } from "./manager.ts";
import { documentAt } from "./native.ts";

/** The document about pnpm itself that a lockfile may begin with. */
const ownDocument = /^---\r?\n[\s\S]*?\n(?=---\r?\n)/;

export function hasOwnDocument(lockfile: string): boolean {
  return ownDocument.test(lockfile);
}

/**
 * A lockfile that begins with what pnpm, from 12 on, wants to know of the release that `packageManager` pins: where that is
 * another, `--frozen-lockfile` fails. pnpm asks the public registry about itself whatever its settings say, and here it
 * cannot. Where the registry lacks a part it leaves the lockfile as it is, and so does this.
 */
export async function withOwnDocument(lockfile: string, task: RelockTask, io: Io): Promise<string> {
  const pinned = /^pnpm@(\d[^+\s]*)/.exec(task.packageManager ?? "")?.[1];
  if (pinned === undefined || semver.valid(pinned) === null || semver.major(pinned) < 12) return lockfile;
  const [before = ""] = ownDocument.exec(lockfile) ?? [];
  const isWanted = before !== "" || task.moves.some(({ name }) => name === "pnpm");
  if (!isWanted || before.includes(`\n        specifier: ${pinned}\n`)) return lockfile;
  const made = await ownDocumentFor(pinned, task, io);
  if (made === undefined) return lockfile;
  return before === "" ? `${made}---\n${lockfile}` : `${made}${lockfile.slice(before.length)}`;
}

interface Part {
  readonly name: string;
  readonly version: string;
  readonly found: Readonly<Record<string, unknown>>;
}

async function ownDocumentFor(pinned: string, task: RelockTask, io: Io): Promise<string | undefined> {
  const part = async (name: string, version: string): Promise<Part | undefined> => {
    const url = `${task.operatorRegistry}${name.replace("/", "%2F")}`;
    const text = await documentAt(url, abbreviated, io);
    const { versions } = tableOf(text === undefined ? undefined : parseJson(url, text));
    const found = tableOf(tableOf(versions)[version]);
    return textOf(tableOf(found["dist"])["integrity"]) === undefined ? undefined : { name, version, found };
  };
  const own = await part("pnpm", pinned);
  if (own === undefined) return undefined;
  const wanted = Object.entries(textsOf(own.found["optionalDependencies"]));
  const others = await Promise.all(wanted.map(([name, version]) => part(name, version)));
  const parts = others.flatMap((it) => it ?? []);
  if (parts.length < others.length) return undefined;
  const all = [own, ...parts]
    .map((it) => ({ ...it, key: `${it.name}@${it.version}` }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const optional = parts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [
    "---",
    "lockfileVersion: '9.0'",
    "",
    "importers:",
    "",
    "  .:",
    "    configDependencies: {}",
    "    packageManagerDependencies:",
    "      pnpm:",
    `        specifier: ${pinned}`,
    `        version: ${pinned}`,
    "",
    "packages:",
    "",
    ...all.flatMap(({ key, found }) => [`  ${quoted(key)}:`, ...aboutPackage(found), ""]),
    "snapshots:",
    "",
    ...all.flatMap(({ key, name }) => [
      `  ${quoted(key)}:${name === "pnpm" && optional.length === 0 ? " {}" : ""}`,
      ...(name === "pnpm" ? aboutOptional(optional) : ["    optional: true"]),
      "",
    ]),
    "",
  ].join("\n");
}

function aboutPackage(found: Part["found"]): string[] {
  const { dist, engines, cpu, os, libc, bin } = found;
  const node = textOf(tableOf(engines)["node"]);
  const lists = Object.entries({ cpu, os, libc }).flatMap(([key, value]) =>
    Array.isArray(value) ? [`    ${key}: [${value.map((it) => quoted(String(it))).join(", ")}]`] : [],
  );
  return [
    `    resolution: {integrity: ${textOf(tableOf(dist)["integrity"])}}`,
    ...(node === undefined ? [] : [`    engines: {node: ${quoted(node)}}`]),
    ...lists,
    ...(bin === undefined ? [] : ["    hasBin: true"]),
  ];
}

function aboutOptional(parts: readonly Part[]): string[] {
  if (parts.length === 0) return [];
  return [
    "    optionalDependencies:",
    ...parts.map(({ name, version }) => `      ${quoted(name)}: ${quoted(version)}`),
  ];
}

function quoted(text: string): string {
  return dump(text, { lineWidth: -1 }).trimEnd();
}
