import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Agent, request } from "undici";
import { publicRegistry } from "../src/ecosystems/npm/registry.ts";

type Table = Readonly<Record<string, unknown>>;

/** What an abbreviated document says of a version: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
const kept = [
  "name",
  "version",
  "deprecated",
  "dependencies",
  "optionalDependencies",
  "devDependencies",
  "bundleDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
  "acceptDependencies",
  "bin",
  "directories",
  "dist",
  "engines",
  "cpu",
  "os",
  "libc",
  "funding",
  "hasInstallScript",
  "_hasShrinkwrap",
];

/** The file of a document: an empty one stands for a package that the registry does not know. */
export function fileOf(folder: string, name: string, kind: "full" | "brief"): string {
  return join(folder, `${name.replace("/", "%2F")}.${kind}.json.gz`);
}

/** Fetches the documents that are not there yet, and writes them in both forms as they go over the wire. */
export async function record(names: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const missing = names.filter((name) => !existsSync(fileOf(folder, name, "full")));
  const dispatcher = new Agent({ connections: 8 });
  const next = missing.values();
  const work = async () => {
    for (const name of next) await recordOne(name, folder, dispatcher);
  };
  await Promise.all(Array.from({ length: 8 }, work));
  await dispatcher.close();
}

async function recordOne(name: string, folder: string, dispatcher: Agent): Promise<void> {
  const { statusCode, body } = await request(publicRegistry + name.replace("/", "%2F"), { dispatcher });
  const text = await body.text();
  if (statusCode !== 200 && statusCode !== 404 && statusCode !== 405)
    throw new Error(`${name}: answered ${statusCode}`);
  const document: unknown = statusCode === 200 ? JSON.parse(text) : undefined;
  const compress = async (value: unknown) =>
    value === undefined ? "" : promisify(gzip)(JSON.stringify(value));
  await writeFile(
    fileOf(folder, name, "brief"),
    await compress(isTable(document) ? brief(document) : undefined),
  );
  await writeFile(fileOf(folder, name, "full"), await compress(document));
}

function brief(document: Table): Table {
  const { versions, time } = document;
  const entries = Object.entries(isTable(versions) ? versions : {}).map(([number, version]) => [
    number,
    isTable(version) ? pick(version) : version,
  ]);
  return {
    name: document["name"],
    modified: modifiedOf(isTable(time) ? time : {}),
    "dist-tags": document["dist-tags"],
    versions: Object.fromEntries(entries),
  };
}

function pick(version: Table): Table {
  const entries = kept.flatMap((key) => (key in version ? [[key, version[key]]] : []));
  return { ...Object.fromEntries(entries), ...(hasInstallScript(version) ? { hasInstallScript: true } : {}) };
}

function hasInstallScript({ scripts }: Table): boolean {
  return isTable(scripts) && ["preinstall", "install", "postinstall"].some((name) => name in scripts);
}

function modifiedOf(time: Table): unknown {
  return time["modified"] ?? Object.values(time).map(String).toSorted().at(-1);
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
