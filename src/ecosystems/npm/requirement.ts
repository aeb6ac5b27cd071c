import { createRequire } from "node:module";
import type npa from "npm-package-arg";
import semver from "semver";
import { messageOf } from "../../domain/errors.ts";
import type { Reason } from "../../domain/types.ts";

/** Why a requirement is none that a release of the registry could replace; `undefined` for a version or a range. */
export function whyHeld(name: string, requirement: string): Reason | undefined {
  if (plainName.test(name) && isPlainRange(requirement)) return undefined;
  const protocol = /^(workspace|catalog|portal|patch|link|jsr|exec):/.exec(requirement)?.[1];
  if (protocol === "workspace" || protocol === "link" || protocol === "portal") {
    return { code: "local", detail: `\`${requirement}\` names a package of this repository` };
  }
  if (protocol === "catalog") {
    return { code: "catalog", detail: `\`${requirement}\` is decided in the workspace's catalog` };
  }
  if (protocol !== undefined)
    return unsupported(`\`${requirement}\` uses the \`${protocol}:\` protocol, which npm has not`);
  if (requirement.includes("\\")) return unsupported("it is written with escaped characters");
  try {
    const kind = kinds[reader().resolve(name, requirement).type];
    return kind && { code: kind.code, detail: `\`${requirement}\` ${kind.is}` };
  } catch (error) {
    return unsupported(`npm does not understand \`${requirement}\`: ${messageOf(error)}`);
  }
}

/** What nearly all are: npm's own reading of a requirement tries addresses first, and takes a hundred times as long. */
function isPlainRange(requirement: string): boolean {
  if (/^[\^~]?\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(requirement)) return true;
  return !/[/:\\@]/.test(requirement) && semver.validRange(requirement, { loose: true }) !== null;
}
const plainName = /^(?!(?:node_modules|favicon\.ico)$)(?:@[a-z\d][a-z\d._-]*\/)?[a-z\d][a-z\d._-]*$/;

function unsupported(detail: string): Reason {
  return { code: "unsupported-requirement", detail };
}

let loaded: typeof npa | undefined;

/** npm's own reader of requirements; most manifests do without it, so it is loaded when it is met. */
function reader(): typeof npa {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is that module
  loaded ??= createRequire(import.meta.url)("npm-package-arg") as typeof npa;
  return loaded;
}

const kinds: Readonly<Record<npa.Result["type"], { code: string; is: string } | undefined>> = {
  version: undefined,
  range: undefined,
  tag: { code: "tag", is: "is a tag: it follows whatever the maintainers tag" },
  alias: { code: "alias", is: "installs another package under this name" },
  git: { code: "git", is: "is a git repository, not a release" },
  remote: { code: "tarball", is: "is the address of an archive, not a release" },
  file: { code: "local", is: "is a file, not a release" },
  directory: { code: "local", is: "is a folder, not a release" },
};
