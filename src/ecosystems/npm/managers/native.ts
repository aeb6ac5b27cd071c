import type { Program } from "../../../domain/ports.ts";
import { tableOf, textOf } from "../../../text/data.ts";
import { pick } from "../../../text/pick.ts";
import type { Io } from "../../ecosystem.ts";
import type { RelockTask } from "./manager.ts";

/*
 * For package managers that are programs of machine code, bun and pnpm from 12 on: which program is one for this machine,
 * and what it learns of the network.
 */

type Machine = Pick<NodeJS.Process, "platform" | "arch" | "report">;

/** What bun is published as for a machine, in the kind that asks the least of its processor. */
export function bunFor(machine: Machine): Pick<Program, "name" | "entry"> {
  const { platform, arch } = machine;
  const system = platform === "win32" ? "windows" : platform;
  const processor = arch === "arm64" ? "aarch64" : arch;
  const kinds = [...(isMusl(machine) ? ["musl"] : []), ...(arch === "x64" ? ["baseline"] : [])];
  return {
    name: ["@oven/bun", system, processor, ...kinds].join("-"),
    entry: platform === "win32" ? "bin/bun.exe" : "bin/bun",
  };
}

/** What pnpm is published as for a machine, from 12 on. */
export function pnpmFor(machine: Machine): Pick<Program, "name" | "entry"> {
  const { platform, arch } = machine;
  return {
    name: [`@pnpm/exe.${platform}`, arch, ...(isMusl(machine) ? ["musl"] : [])].join("-"),
    entry: platform === "win32" ? "pnpm.exe" : "pnpm",
  };
}

function isMusl({ platform, report }: Machine): boolean {
  const { header } = tableOf(platform === "linux" ? report.getReport() : undefined);
  return platform === "linux" && textOf(tableOf(header)["glibcVersionRuntime"]) === undefined;
}

/** The registries of a project as such a program sees them: addresses that exist nowhere, for which the real ones are asked. */
export interface StandInRegistries {
  readonly registry: string;
  /** By scope: `@acme`. */
  readonly scopes: Readonly<Record<string, string>>;
  /** For `NativeRun.answer`. */
  readonly answer: (url: URL, accept: string) => Promise<Buffer | undefined>;
  /** The real registry at such an address. */
  realOf(index: string): string;
  /** What was thrown in place of answers. */
  readonly failures: readonly unknown[];
}

/** How an address that was made up here looks in what such a program writes: which registry it is, and the path there. */
export const standInAddress = /http:\/\/registry\.invalid(?::80)?\/(\d+)\/([^"'\s,}]*)/g;
const host = "registry.invalid";

/** `load` gives the document of a package by its real address; each is asked for once. */
export function openStandInRegistries(
  { registry, scopes }: Pick<RelockTask, "registry" | "scopes">,
  load: (url: string, name: string, accept: string) => Promise<string | undefined>,
): StandInRegistries {
  const addresses = [registry, ...Object.values(scopes)];
  const known = new Map<string, Promise<string | undefined>>();
  const failures: unknown[] = [];
  return {
    registry: standInFor(0),
    scopes: Object.fromEntries(Object.keys(scopes).map((scope, index) => [scope, standInFor(index + 1)])),
    realOf: (index) => addresses[Number(index)] ?? registry,
    failures,
    async answer({ hostname, pathname }, accept) {
      const [, index = "", name = ""] = /^\/(\d+)\/((?:@[^/]+(?:\/|%2f))?[^/]+)$/i.exec(pathname) ?? [];
      const address = addresses[Number(index)];
      if (hostname !== host || address === undefined || name === "") return undefined;
      const url = `${address}${name.replace(/\/|%2f/i, "%2F")}`;
      const question = `${accept} ${url}`;
      const answer = known.get(question) ?? load(url, decodeURIComponent(name), accept);
      known.set(question, answer);
      try {
        const text = await answer;
        return text === undefined ? undefined : Buffer.from(text);
      } catch (error) {
        failures.push(error);
        throw error;
      }
    },
  };
}

/** Where the registry of that place in a list, the project's own before those of its scopes, seems to be. */
export function standInFor(index: number): string {
  return `http://${host}/${index}/`;
}

/** What package managers read of a registry's document. Of a full one, which some registries always send, all the rest is most. */
const needed = {
  name: "value",
  modified: "value",
  "dist-tags": "value",
  time: "value",
  versions: {
    "*": {
      name: "value",
      version: "value",
      bin: "value",
      directories: "value",
      dependencies: "value",
      optionalDependencies: "value",
      peerDependencies: "value",
      peerDependenciesMeta: "value",
      bundleDependencies: "value",
      bundledDependencies: "value",
      engines: "value",
      os: "value",
      cpu: "value",
      libc: "value",
      hasInstallScript: "value",
      deprecated: "value",
      dist: { tarball: "value", integrity: "value", shasum: "value", attestations: "value" },
      _npmUser: { trustedPublisher: "value" },
    },
  },
} as const;

/** A registry's document on one package, without what no package manager reads; `undefined` where there is none. */
export function documentAt(url: string, accept: string, { http }: Io): Promise<string | undefined> {
  return http.get(url, {
    accept,
    cacheAs: "npm-documents-4",
    read: (body) => JSON.stringify(pick(body.toString("utf8"), needed)),
  });
}
