import { load } from "js-yaml";
import { isTable, listOfTexts } from "../../text/data.ts";
import type { PnpmWorkspace } from "./pnpm-workspace.ts";

/**
 * Reads a `pnpm-workspace.yaml`. Throws `ManifestError` with the place. What knows the places of requirements takes as
 * long to load as a large lockfile to read: only where there may be any, or something is wrong, it is loaded.
 */
export async function readPnpmWorkspaceFile(path: string, text: string): Promise<PnpmWorkspace> {
  const plain = /catalog|overrides/.test(text) ? undefined : plainly(text);
  if (plain !== undefined) {
    const runs = dangerousSettings.filter((key) => key in plain);
    return { path, packages: globsIn(plain), catalog: [], overrides: [], runs };
  }
  const { readPnpmWorkspace } = await import("./pnpm-workspace.ts");
  return readPnpmWorkspace(path, text);
}

/** Keys of settings that would make pnpm run code of the repository, or of a package that it names. */
export const dangerousSettings: readonly string[] = ["configDependencies", "pnpmfile", "globalPnpmfile"];

/** The globs of a workspace's members. */
export function globsIn({ packages }: Readonly<Record<string, unknown>>): readonly string[] {
  return listOfTexts(packages) ?? [];
}

function plainly(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = load(text);
    return isTable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
