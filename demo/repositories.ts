import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { RepositorySeed } from "./github/index.ts";

const folder = fileURLToPath(new URL("repositories/", import.meta.url));

/** Who owns the demo's repositories, and who may merge in them. */
export const organisation = "acme";
export const person = "octocat";

/** The repositories of the demo, one for each folder of `repositories`, with their files as they are. */
export async function demoRepositories(): Promise<readonly RepositorySeed[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => ({
      name: `${organisation}/${name}`,
      files: await filesOf(join(folder, name)),
      write: [person],
    })),
  );
}

async function filesOf(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = paths
    .toSorted()
    .map(async (path): Promise<[string, string]> => [
      relative(root, path).split(sep).join("/"),
      await readFile(path, "utf8"),
    ]);
  return Object.fromEntries(await Promise.all(texts));
}
