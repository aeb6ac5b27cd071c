import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { z } from "zod";
import { pnpmWorkspaceFile } from "../lockfiles.ts";
import type { RelockTask } from "./manager.ts";

/** The files without what has no say in a lockfile: scripts, which pnpm to run, and settings and patterns that lead elsewhere. */
export function cleaned(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => {
      if (path === pnpmWorkspaceFile) return [path, cleanWorkspace(text)];
      return [path, path.endsWith("package.json") ? cleanManifest(text) : text];
    }),
  );
}

function cleanWorkspace(text: string): string {
  const document = parseDocument(text);
  const top = document.contents;
  if (!isMap(top)) return text;
  top.items = top.items.filter(({ key }) => isScalar(key) && shapingFields.has(String(key.value)));
  const packages = document.get("packages");
  if (isSeq(packages))
    packages.items = packages.items.filter((it) => !isScalar(it) || !leadsOut(String(it.value)));
  return document.toString();
}

function leadsOut(pattern: string): boolean {
  return /^!?(?:[/\\~]|[a-z]:)|(?:^!?|[/\\])\.\.(?:[/\\]|$)/i.test(pattern);
}

function cleanManifest(text: string): string {
  const manifest = z.looseObject({}).parse(JSON.parse(text.replace(/^\uFEFF/, "")));
  const { scripts: _scripts, packageManager: _pinned, devEngines, pnpm: own, ...rest } = manifest;
  const engines = z.looseObject({}).safeParse(devEngines).data;
  const settings = Object.entries(z.looseObject({}).safeParse(own).data ?? {});
  return JSON.stringify({
    ...rest,
    ...(engines === undefined ? {} : { devEngines: { ...engines, packageManager: undefined } }),
    pnpm: Object.fromEntries(settings.filter(([key]) => shapingFields.has(key))),
  });
}

/** The operator's registries and credentials; of a repository's own settings only those that shape a lockfile. */
export function settingsOf({
  registry,
  scopes,
  credentials,
  settings,
}: Pick<RelockTask, "registry" | "scopes" | "credentials" | "settings">): string {
  const rows = {
    ...Object.fromEntries(Object.entries(settings).filter(([key]) => shaping.has(key))),
    registry,
    ...Object.fromEntries(Object.entries(scopes).map(([scope, address]) => [`${scope}:registry`, address])),
    ...credentials,
    "manage-package-manager-versions": "false",
    "package-manager-strict": "false",
    "engine-strict": "false",
  };
  return `${Object.entries(rows)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n")}\n`;
}

const shaping = new Set([
  "auto-install-peers",
  "dedupe-direct-deps",
  "dedupe-injected-deps",
  "dedupe-peer-dependents",
  "exclude-links-from-lockfile",
  "inject-workspace-packages",
  "link-workspace-packages",
  "lockfile-include-tarball-url",
  "peers-suffix-max-length",
  "prefer-workspace-packages",
  "resolution-mode",
  "resolve-peers-from-workspace-root",
  "save-workspace-protocol",
  "shared-workspace-lockfile",
  "strict-peer-dependencies",
]);

/** The same of `pnpm-workspace.yaml` and of `pnpm` in a manifest: https://pnpm.io/settings */
const shapingFields = new Set([
  ...[...shaping].map((key) => key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())),
  "allowNonAppliedPatches",
  "allowUnusedPatches",
  "allowedDeprecatedVersions",
  "blockExoticSubdeps",
  "catalog",
  "catalogs",
  "dedupePeers",
  "ignorePatchFailures",
  "ignoredOptionalDependencies",
  "minimumReleaseAge",
  "minimumReleaseAgeExclude",
  "minimumReleaseAgeIgnoreMissingTime",
  "minimumReleaseAgeStrict",
  "overrides",
  "packageExtensions",
  "packages",
  "patchedDependencies",
  "peerDependencyRules",
  "supportedArchitectures",
  "trustPolicy",
  "trustPolicyExclude",
  "trustPolicyIgnoreAfter",
]);
