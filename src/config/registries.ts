import { posix } from "node:path";
import type { Policies } from "../domain/policy.ts";
import type { FileReader } from "../domain/ports.ts";
import type { ConfigurationFile } from "./schema/file.ts";

/**
 * The repository's files, read as if the settings of its package managers named the registry that the configuration puts in
 * the place of the public one. What they name themselves holds.
 */
export function withRegistries(
  files: FileReader,
  { registryFor }: Pick<Policies, "registryFor">,
): FileReader {
  if (registryFor === undefined) return files;
  return {
    list: () => files.list(),
    async read(path) {
      const text = await files.read(path);
      const write = settings[posix.basename(path)];
      if (write === undefined) return text;
      const folder = posix.dirname(path);
      const url = registryFor({ ecosystem: "npm", root: folder === "." ? "" : folder });
      return url === undefined ? text : (write(text ?? "", url) ?? text);
    },
    prefetch: async (paths) => files.prefetch?.(paths),
  };
}

/** By the name of the file: it with the registry, or `undefined` where it is to stay as it is. */
const settings: Readonly<Record<string, (text: string, url: string) => string | undefined>> = {
  ".npmrc": (text, url) => (/^\s*registry\s*=/m.test(text) ? undefined : `registry=${url}\n${text}`),
  // A file that has a catalog is edited, and must not get a line that nobody wrote.
  ".yarnrc.yml": (text, url) =>
    /^(?:npmRegistryServer|catalogs?):/m.test(text) ? undefined : `${text}\nnpmRegistryServer: "${url}"\n`,
};

/** The addresses of a file's registries that take the place of npm's own, by their names. */
export function basesOf({ registries = {} }: ConfigurationFile): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(registries).flatMap(([name, registry]): [string, string][] => {
      const url = registry.type === "npm-registry" && registry["replaces-base"] === true && registry.url;
      const address = typeof url === "string" ? addressOf(url) : undefined;
      return address === undefined ? [] : [[name, address]];
    }),
  );
}

/** Ends in `/`; a host may be written without a scheme. `undefined` for what is no address of the web. */
export function addressOf(written: string): string | undefined {
  const url = URL.parse(written.includes("://") ? written : `https://${written}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "")
    return undefined;
  return url.href.replace(/[?#].*$/, "").replace(/\/*$/, "/");
}
