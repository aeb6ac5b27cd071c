import type { Package } from "../../domain/types.ts";
import { npmVersions } from "../../versions/semver.ts";
import type { Ecosystem } from "../ecosystem.ts";
import { lockfiles, pnpmWorkspaceFile } from "./lockfiles.ts";
import type { NpmOptions } from "./patch.ts";
import { addressOf, archiveOf, publicRegistry, releasesOf } from "./registry.ts";
import { usage } from "./usage/index.ts";

export type { NpmOptions } from "./patch.ts";

// Loaded when they are asked: a scan that recalls what was read needs none of them.
const late = {
  locate: () => import("./locate.ts"),
  project: () => import("./project.ts"),
  publication: () => import("./publication.ts"),
  details: () => import("./details.ts"),
  patch: () => import("./patch.ts"),
};

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
    locate: async (paths, files) => (await late.locate()).locate(paths, files),
    read: async (location, files) => (await late.project()).readProject(location, files),
    releases: (of, http, need) => releasesOf(at(of), http, need),
    isPublished: async (publication, http) =>
      (await late.publication()).isPublished(publication, addressOf(at(publication)), http),
    details: async (of, version, http) => (await late.details()).detailsOf(at(of), version, http),
    archiveOf: (of, version) => archiveOf(at(of), version),
    usage,
    patch: async (project, updates, io) =>
      (await late.patch()).patch(project, updates, io, { ...options, registry }),
    refresh: async (project, io) => (await late.patch()).refresh(project, io, { ...options, registry }),
    assertResolves: async (project, io) =>
      (await late.patch()).assertResolves(project, io, { ...options, registry }),
  };
}

function isNamed(path: string, names: readonly string[]): boolean {
  return names.includes(path.slice(path.lastIndexOf("/") + 1)) && !/(?:^|\/)node_modules\//.test(path);
}

function scopeOf({ name }: Package, { scopes }: NpmOptions): string | undefined {
  return name.startsWith("@") ? scopes?.[name.slice(0, name.indexOf("/"))] : undefined;
}
