import { posix } from "node:path";
import { z } from "zod";
import { messageOf, ResolutionError } from "../../domain/errors.ts";
import type { FileReader } from "../../domain/ports.ts";
import type { FileChange, Project, Update } from "../../domain/types.ts";
import { type Edit, replaceSpans } from "../../text/spans.ts";
import type { Io } from "../ecosystem.ts";
import { folderOf, relativeTo } from "./locate.ts";
import { readPackageLock } from "./lockfile.ts";
import { settingsOf } from "./project.ts";
import { publicRegistry } from "./registry.ts";
import type { RelockInput, RelockOutput } from "./relock.ts";

/** What the operator decides, not the repository. */
export interface NpmOptions {
  /** Asked in place of the public registry, such as a mirror. Ends in `/`. */
  readonly registry?: string;
  /** The registries of scopes where a repository names none: `{ "@acme": "https://npm.acme.example/" }`. */
  readonly scopes?: Readonly<Record<string, string>>;
  /** Credentials as npm writes them: `{ "//npm.example/:_authToken": "..." }`. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** A folder in which npm keeps what it downloads, from one lockfile to the next. */
  readonly cache?: string;
}

const relock = new URL("relock.ts", import.meta.url);
const relockLimits = { seconds: 300, megabytes: 2_048 };

/** Splices the manifests and has npm's own resolver bring the lockfile up to date. Throws `ResolutionError`. */
export async function patch(
  project: Project,
  updates: readonly Update[],
  io: Io,
  options: NpmOptions & { registry: string },
): Promise<readonly FileChange[]> {
  if (updates.length === 0) return [];
  const before = await readAll(
    project.manifests.map(({ path }) => path),
    io.files,
  );
  const ranges = edited(before, updates, ({ requirement }) => requirement);
  const manifests = changesOf(before, ranges);
  if (project.lockfile === undefined) return manifests;

  const { path } = project.lockfile;
  const text = (await io.files.read(path)) ?? "";
  const settings = await settingsOf(project.root, io.files);
  const lock = readPackageLock(path, text, []);
  const inside = (texts: ReadonlyMap<string, string>) =>
    Object.fromEntries(
      [...texts].map(([file, content]) => [relativeTo(project.root, file) ?? file, content]),
    );
  const linked = await linkedManifests(project, io.files);
  const input: RelockInput = {
    files: { ...inside(linked), ...inside(ranges), [relativeTo(project.root, path) ?? path]: text },
    exact: inside(edited(before, updates, ({ release }) => release.version)),
    lockfile: relativeTo(project.root, path) ?? path,
    lockfileVersion: lock.version,
    registry: settings.registry ?? options.registry,
    settings: {
      ...options.credentials,
      ...Object.fromEntries(
        [...Object.entries(options.scopes ?? {}), ...settings.scopes].map(([scope, address]) => [
          `${scope}:registry`,
          address,
        ]),
      ),
    },
    legacyPeerDeps: settings.legacyPeerDeps,
    omitAddresses: !lock.namesAddresses,
    ...(io.asOf === undefined ? {} : { before: io.asOf.toISOString() }),
    ...(options.cache === undefined ? {} : { cache: options.cache }),
  };
  const output = await ask(io, input);
  const own =
    settings.registry === undefined
      ? output.lockfile.replaceAll(`"${options.registry}`, `"${publicRegistry}`)
      : output.lockfile;
  const content = keepLayout(text, own);
  return content === text ? manifests : [...manifests, { path, content }];
}

async function ask(io: Io, input: RelockInput): Promise<RelockOutput> {
  try {
    return await io.tools.call<RelockOutput>(relock, input, relockLimits);
  } catch (error) {
    const { code, suspects } = failureShape.parse(error);
    const reason = [code, oneLine(messageOf(error))].filter(Boolean).join(": ");
    throw new ResolutionError(`npm finds no consistent lockfile: ${reason}`, { cause: error, suspects });
  }
}

const failureShape = z.object({
  code: z.string().optional().catch(undefined),
  suspects: z.array(z.string()).catch([]),
});

/** The manifests of folders outside the workspace that `file:` requirements point at: npm looks into them. */
async function linkedManifests(project: Project, files: FileReader): Promise<ReadonlyMap<string, string>> {
  const own = new Set(project.manifests.map(({ path }) => path));
  const targets = project.manifests.flatMap((manifest) =>
    manifest.dependencies
      .filter(({ requirement }) => requirement.startsWith("file:"))
      .map(({ requirement }) =>
        posix.join(folderOf(manifest.path), requirement.slice("file:".length), "package.json"),
      )
      // What lies above the project's root has no place in the folder that npm sees.
      .filter(
        (path) => !path.startsWith("..") && relativeTo(project.root, path) !== undefined && !own.has(path),
      ),
  );
  return readAll([...new Set(targets)], files);
}

async function readAll(paths: readonly string[], files: FileReader): Promise<ReadonlyMap<string, string>> {
  const texts = await Promise.all(
    paths.map(async (path): Promise<[string, string | undefined]> => [path, await files.read(path)]),
  );
  return new Map(texts.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function edited(
  texts: ReadonlyMap<string, string>,
  updates: readonly Update[],
  write: (update: Update) => string,
): ReadonlyMap<string, string> {
  const edits = Map.groupBy(updates, ({ manifest }) => manifest.path);
  return new Map(
    [...texts].map(([path, text]) => {
      const own = edits.get(path) ?? [];
      return [
        path,
        replaceSpans(
          text,
          own.map((update): Edit => ({ span: update.dependency.span, text: write(update) })),
        ),
      ];
    }),
  );
}

function changesOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): FileChange[] {
  return [...after]
    .filter(([path, text]) => before.get(path) !== text)
    .map(([path, content]) => ({ path, content }));
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

function indentOf(text: string): string {
  return /^\uFEFF?\s*\{\r?\n([ \t]*)/.exec(text)?.[1] ?? "";
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 400);
}
