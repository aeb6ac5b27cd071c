import type { FileEntry } from "../../domain/ports.ts";

/** How much is read at most. */
export interface Bounds {
  readonly files: number;
  /** Of all together. */
  readonly bytes: number;
  /** Of one file. */
  readonly fileBytes: number;
}

export interface Sources {
  readonly paths: readonly string[];
  /** That there are more, as a sentence. */
  readonly cut?: string;
}

/** A folder that is looked through, but for the folders of other projects in it. */
interface Folder {
  readonly folder: string;
  readonly others: readonly string[];
}

const usual: Bounds = { files: 2_000, bytes: 10_000_000, fileBytes: 500_000 };
/** In bytes, where nobody says. */
const usualSize = 5_000;

/** The sources in some folders, as many as may be read, those at the top first. Pure. */
export function chooseSources(
  entries: readonly FileEntry[],
  claims: (path: string) => boolean,
  folders: readonly Folder[],
  bounds: Bounds = usual,
): Sources {
  const isMeant = (path: string) =>
    folders.some(
      ({ folder, others }) =>
        isIn(path, folder) &&
        !others.some((other) => isIn(other, folder) && other !== folder && isIn(path, other)),
    );
  const all = entries
    .filter(({ kind, path }) => kind === "file" && claims(path) && isMeant(path))
    .toSorted((a, b) => depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1));
  const paths: string[] = [];
  let left = bounds.bytes;
  for (const { path, size = usualSize } of all) {
    if (size > bounds.fileBytes || size > left || paths.length === bounds.files) continue;
    left -= size;
    paths.push(path);
  }
  const cut = `only ${paths.length} of ${all.length} source files were looked at`;
  return { paths: paths.toSorted(), ...(paths.length < all.length ? { cut } : {}) };
}

function isIn(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

function depthOf(path: string): number {
  return path.split("/").length;
}
