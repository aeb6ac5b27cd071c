import { decode } from "ini";
import { tableOf, textOf } from "../../text/data.ts";

/** The settings of a repository's `.npmrc` that have a say in what is installed. Nothing secret is read from it. */
export interface NpmSettings {
  /** Ends in `/`. */
  readonly registry?: string;
  /** By scope, such as `@acme`. Each ends in `/`. */
  readonly scopes: ReadonlyMap<string, string>;
  readonly legacyPeerDeps: boolean;
  /** All that is written, without tokens. */
  readonly all: ReadonlyMap<string, string>;
}

/**
 * Reads a `.npmrc`. https://docs.npmjs.com/cli/v11/configuring-npm/npmrc
 *
 * The file is a stranger's: `${VARIABLE}` is never replaced from this process's environment, and its tokens are not
 * used. An address that needs a variable is kept as it is written, so that what depends on it is held with a reason.
 */
export function readNpmrc(text: string): NpmSettings {
  const entries = Object.entries(decode(text)).filter((entry): entry is [string, string | boolean] =>
    ["string", "boolean"].includes(typeof entry[1]),
  );
  const settings = new Map(entries.map(([key, value]) => [key, String(value)]));
  const registry = settings.get("registry");
  return {
    ...(registry === undefined ? {} : { registry: withSlash(registry) }),
    scopes: new Map(
      [...settings]
        .filter(([key]) => /^@[^:]+:registry$/.test(key))
        .map(([key, value]) => [key.slice(0, key.indexOf(":")), withSlash(value)]),
    ),
    legacyPeerDeps: settings.get("legacy-peer-deps") === "true",
    all: new Map(
      [...settings].filter(([key]) => !key.startsWith("//") && !/_auth|_password|username/.test(key)),
    ),
  };
}

/** Reads the `.yarnrc.yml` of Yarn 2 and later, under the same rules. https://yarnpkg.com/configuration/yarnrc */
export async function readYarnrc(text: string): Promise<NpmSettings> {
  const { load } = await import("js-yaml");
  const plain = withDefaults(text);
  const { npmRegistryServer, npmScopes, ...rest } = tableOf(isBlank(plain) ? {} : load(plain));
  const registry = textOf(npmRegistryServer);
  return {
    ...(registry === undefined ? {} : { registry: withSlash(registry) }),
    scopes: new Map(
      Object.entries(tableOf(npmScopes)).flatMap(([scope, of]): [string, string][] => {
        const address = textOf(tableOf(of)["npmRegistryServer"]);
        return address === undefined ? [] : [[`@${scope}`, withSlash(address)]];
      }),
    ),
    legacyPeerDeps: false,
    all: new Map(
      Object.entries(rest)
        .filter(([key]) => !/auth|token|password|registries/i.test(key))
        .map(([key, value]): [string, string] => [key, JSON.stringify(value)])
        .filter(([, value]) => !value.includes("${")),
    ),
  };
}

/** `${NAME-default}` and `${NAME:-default}` are their default: no variable of this process is one of the repository's. */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:?-([^${}]*)\}/g, "$1");
}

/** Nothing but comments: no document, to a YAML reader. */
function isBlank(text: string): boolean {
  return /^(?:\s|#.*|\uFEFF|---)*$/.test(text);
}

/** The registry that the settings name for a package; `undefined` for the public one. */
export function registryFor(
  name: string,
  settings: Pick<NpmSettings, "registry" | "scopes">,
): string | undefined {
  const scope = name.startsWith("@") ? name.slice(0, name.indexOf("/")) : undefined;
  return (scope === undefined ? undefined : settings.scopes.get(scope)) ?? settings.registry;
}

export function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}
