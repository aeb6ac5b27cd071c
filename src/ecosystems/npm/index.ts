import type { Package } from "../../domain/types.ts";
import { npmVersions } from "../../versions/semver.ts";
import type { Ecosystem } from "../ecosystem.ts";
import { detailsOf } from "./details.ts";
import { locate, pnpmWorkspaceFile } from "./locate.ts";
import { lockfiles } from "./lockfiles.ts";
import { assertResolves, type NpmOptions, patch, refresh } from "./patch.ts";
import { readProject } from "./project.ts";
import { isPublished } from "./publication.ts";
import { addressOf, archiveOf, publicRegistry, releasesOf } from "./registry.ts";
import { usage } from "./usage/index.ts";

export type { NpmOptions } from "./patch.ts";

/** `package.json`, with the lockfile of npm, pnpm, Yarn or bun, or with none. */
export function npm(options: NpmOptions = {}): Ecosystem {
  const registry = options.registry ?? publicRegistry;
  const at = (of: Package) => ({ name: of.name, registry: of.registry ?? scopeOf(of, options) ?? registry });
  return {
    id: "npm",
    osv: "npm",
    label: "javascript",
    revision: "npm-1",
    versions: npmVersions,
    claims: (path) => isNamed(path, ["package.json", pnpmWorkspaceFile]),
    concerns: (path) =>
      isNamed(path, [
        "package.json",
        pnpmWorkspaceFile,
        ".npmrc",
        ".yarnrc.yml",
        "bunfig.toml",
        ...lockfiles,
      ]),
    locate,
    read: readProject,
    releases: (of, http, need) => releasesOf(at(of), http, need),
    isPublished: (publication, http) => isPublished(publication, addressOf(at(publication)), http),
    details: (of, version, http) => detailsOf(at(of), version, http),
    archiveOf: (of, version) => archiveOf(at(of), version),
    usage,
    patch: (project, updates, io) => patch(project, updates, io, { ...options, registry }),
    refresh: (project, io) => refresh(project, io, { ...options, registry }),
    assertResolves: (project, io) => assertResolves(project, io, { ...options, registry }),
  };
}

function isNamed(path: string, names: readonly string[]): boolean {
  return names.includes(path.slice(path.lastIndexOf("/") + 1)) && !/(?:^|\/)node_modules\//.test(path);
}

function scopeOf({ name }: Package, { scopes }: NpmOptions): string | undefined {
  return name.startsWith("@") ? scopes?.[name.slice(0, name.indexOf("/"))] : undefined;
}
