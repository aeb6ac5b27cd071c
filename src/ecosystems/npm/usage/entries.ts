import { isTable, textOf } from "../../../text/data.ts";
import { manifestOf, type ReleaseFiles, typeOf } from "./release.ts";

/** What one path below a package leads to. */
export interface Entry {
  /** The file that declares its types, where there is one. */
  readonly types?: string;
  /** The file with its code: the one for `import`, else the one for `require`. */
  readonly code?: string;
  /** The file that `require` gets, where there is one. */
  readonly required?: string;
  /** Whether `require` gets an ES module, which older runtimes refuse. */
  readonly isModuleOnly: boolean;
}

const forTypes = ["types", "import", "module", "node", "default"];
const forImport = ["import", "module", "node", "default", "require"];
const forRequire = ["require", "node", "default", "module-sync"];

/**
 * Where `.` or `./path` of a release leads, as Node and TypeScript resolve it: by `exports`, else by `main`, `module` and
 * `types`, else by the file's name. `undefined` where it leads nowhere.
 * https://nodejs.org/api/packages.html#resolution-algorithm-specification
 */
export function entryOf(release: ReleaseFiles, subpath: string): Entry | undefined {
  const manifest = manifestOf(release);
  const found =
    manifest["exports"] === undefined
      ? byName(release, subpath)
      : byExports(release, manifest["exports"], subpath);
  if (found === undefined) return undefined;
  const { required, code } = found;
  // `exports` that has something for `import` and nothing for `require`.
  const isUnexported = manifest["exports"] !== undefined && required === undefined && code !== undefined;
  return {
    ...found,
    isModuleOnly: isUnexported || (required !== undefined && isModule(required, release)),
  };
}

type Found = Omit<Entry, "isModuleOnly">;

function byExports(release: ReleaseFiles, exported: unknown, subpath: string): Found | undefined {
  const [target, star] = targetOf(exported, subpath);
  if (target === undefined || target === null) return undefined;
  const pick = (conditions: readonly string[]): string | undefined => {
    const path = resolved(target, conditions)?.replaceAll("*", star);
    return path === undefined ? undefined : trimmed(path);
  };
  const there = new Set(release.paths);
  const code = pick(forImport);
  const required = pick(forRequire);
  const named = pick(forTypes) ?? pick([...forTypes, "require"]);
  const types = named === undefined ? undefined : declarationOf(named, there);
  if (types === undefined && (code === undefined || !there.has(code))) return undefined;
  return {
    ...(types === undefined ? {} : { types }),
    ...(code === undefined ? {} : { code }),
    ...(required === undefined ? {} : { required }),
  };
}

/** What `exports` says of a subpath, and what its `*` stands for. */
function targetOf(exported: unknown, subpath: string): readonly [target: unknown, star: string] {
  const isMap = isTable(exported) && Object.keys(exported).some((key) => key.startsWith("."));
  if (!isMap) return [subpath === "." ? exported : undefined, ""];
  if (exported[subpath] !== undefined) return [exported[subpath], ""];
  const patterns = Object.keys(exported)
    .filter((key) => key.includes("*"))
    .toSorted((a, b) => b.indexOf("*") - a.indexOf("*"));
  for (const pattern of patterns) {
    const [start = "", end = ""] = pattern.split("*");
    if (subpath.startsWith(start) && subpath.endsWith(end) && subpath.length >= pattern.length)
      return [exported[pattern], subpath.slice(start.length, subpath.length - end.length)];
  }
  return [undefined, ""];
}

/** The first condition that is asked for decides, in the order in which the package names them. */
function resolved(target: unknown, conditions: readonly string[]): string | undefined {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) {
    for (const one of target) {
      const path = resolved(one, conditions);
      if (path !== undefined) return path;
    }
    return undefined;
  }
  if (!isTable(target)) return undefined;
  for (const [condition, below] of Object.entries(target)) {
    // Types for one version of the compiler are as good as any.
    if (!conditions.includes(condition) && !(condition.startsWith("types@") && conditions[0] === "types"))
      continue;
    const path = resolved(below, conditions);
    if (path !== undefined) return path;
  }
  return undefined;
}

function byName(release: ReleaseFiles, subpath: string): Found | undefined {
  const there = new Set(release.paths);
  const wanted = subpath === "." ? "" : trimmed(subpath);
  const folder = wanted === "" ? "" : `${wanted}/`;
  const own = wanted === "" || there.has(`${folder}package.json`) ? manifestOf(release, folder) : {};
  const named = (field: string) => {
    const value = textOf(own[field]);
    return value === undefined ? undefined : joined(folder, value);
  };
  const main = named("main");
  const bases = [main, `${folder}index`, ...(wanted === "" ? [] : [wanted])].flatMap((base) => base ?? []);
  const required = bases.flatMap((base) => fileAt(base, there) ?? [])[0];
  const imported = named("module");
  const code = imported !== undefined && there.has(imported) ? imported : required;
  const told = named("types") ?? named("typings");
  const types =
    told === undefined
      ? [...(required === undefined ? [] : [required]), ...bases].flatMap(
          (base) => declarationOf(base, there) ?? [],
        )[0]
      : declarationOf(told, there);
  if (types === undefined && code === undefined) return undefined;
  return {
    ...(types === undefined ? {} : { types }),
    ...(code === undefined ? {} : { code }),
    ...(required === undefined ? {} : { required }),
  };
}

/** The file of code that a path without its ending means. */
export function fileAt(path: string, there: ReadonlySet<string>): string | undefined {
  const endings = ["", ".js", ".cjs", ".mjs", ".json", "/index.js", "/index.cjs", "/index.mjs"];
  return endings.map((ending) => path + ending).find((one) => there.has(one) && /\.\w+$/.test(one));
}

/** The declarations of a path to code, to declarations, or to neither. */
export function declarationOf(path: string, there: ReadonlySet<string>): string | undefined {
  const bare = path.replace(/\.([cm]?)js$/, "");
  const kind = /\.([cm])js$/.exec(path)?.[1] ?? "";
  const candidates = [
    ...(/\.d\.[cm]?ts$/.test(path) ? [path] : []),
    `${bare}.d.${kind}ts`,
    `${bare}.d.ts`,
    `${path}.d.ts`,
    `${path}.d.mts`,
    `${path}.d.cts`,
    `${path}/index.d.ts`,
    `${path}/index.d.mts`,
  ];
  return candidates.find((one) => there.has(one));
}

/** Whether a file is an ES module: by its ending, else by the manifest that is nearest above it. */
function isModule(path: string, release: ReleaseFiles): boolean {
  if (/\.[cm]js$/.test(path)) return path.endsWith(".mjs");
  if (!path.endsWith(".js")) return false;
  const there = new Set(release.paths);
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder.slice(0, -1)))
    if (there.has(`${folder}package.json`)) return typeOf(manifestOf(release, folder)) === "module";
  return typeOf(manifestOf(release)) === "module";
}

/** Ends in a slash; empty for the top. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** A path from a file or a folder, without the dots. */
export function joined(path: string, from: string): string {
  const parts = folderOf(path).split("/").filter(Boolean);
  for (const part of from.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

function trimmed(path: string): string {
  return path.replace(/^\.?\/+/, "").replace(/\/+$/, "");
}
