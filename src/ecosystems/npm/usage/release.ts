import type { HttpClient } from "../../../domain/ports.ts";
import { filesIn } from "../../../text/archive.ts";
import { tableOf, textOf } from "../../../text/data.ts";

/** What a release is made of, as far as it is read to tell its exports. */
export interface ReleaseFiles {
  /** Texts by path below the package's folder. */
  readonly texts: Readonly<Record<string, string>>;
  /** Every path, those of texts that were too large to be kept too. */
  readonly paths: readonly string[];
  /** Whether there are more paths than these. */
  readonly isCut: boolean;
}

const largestArchive = 50_000_000;
const largestText = 600_000;
/** Of declarations, and of code, each: in bytes. */
const mostBytes = 3_000_000;
const mostPaths = 20_000;

const isDeclaration = (path: string) => /\.d\.[cm]?ts$/.test(path);
const isCode = (path: string) => /\.[cm]?js$/.test(path) && !/\.min\.[cm]?js$/.test(path);

/** Fetches a release's archive. `undefined` where the registry has none; throws `HttpError`, also for a broken one. */
export async function filesOf(http: HttpClient, tarball: string): Promise<ReleaseFiles | undefined> {
  return http.get(tarball, {
    read: releaseFilesIn,
    accept: "*/*",
    cacheAs: "npm-usage-1",
    maxBytes: largestArchive,
    immutable: true,
  });
}

export function releaseFilesIn(archive: Buffer): ReleaseFiles {
  let left = { declarations: mostBytes, code: mostBytes };
  const paths: string[] = [];
  const files = filesIn(archive, (path, size) => {
    const inner = below(path);
    if (paths.length < mostPaths) paths.push(inner);
    if (/(?:^|\/)package\.json$/.test(inner)) return size <= largestText ? size : 0;
    const kind = isDeclaration(inner) ? "declarations" : "code";
    if (kind === "code" && !isCode(inner)) return 0;
    if (size > largestText || size > left[kind]) return 0;
    left = { ...left, [kind]: left[kind] - size };
    return size;
  });
  const texts = Object.fromEntries(files.map(({ path, bytes }) => [below(path), bytes.toString("utf8")]));
  return { texts, paths: paths.toSorted(), isCut: paths.length === mostPaths };
}

/** The folder that all of an archive is in has any name. */
function below(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}

/** The manifest of a release; an empty one where it cannot be read. */
export function manifestOf({ texts }: ReleaseFiles, folder = ""): Readonly<Record<string, unknown>> {
  try {
    return tableOf(JSON.parse(texts[`${folder}package.json`] ?? ""));
  } catch {
    return {}; // whoever installs it will see
  }
}

export function typeOf(manifest: Readonly<Record<string, unknown>>): "module" | "commonjs" {
  return textOf(manifest["type"]) === "module" ? "module" : "commonjs";
}
