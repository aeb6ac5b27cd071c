import { parse } from "smol-toml";
import { tableOf, textOf } from "../../text/data.ts";
import { type NpmSettings, withSlash } from "./npmrc.ts";

/**
 * Reads what a `bunfig.toml` says of registries, over what the `.npmrc` beside it says, under the same rules.
 * https://bun.com/docs/runtime/bunfig#package-manager
 */
export function readBunfig(text: string, npmrc: NpmSettings): NpmSettings {
  const { registry: main, scopes, ...rest } = tableOf(parse(text)["install"]);
  const registry = addressOf(main) ?? npmrc.registry;
  const named = Object.entries(tableOf(scopes)).flatMap(([scope, of]): [string, string][] => {
    const address = addressOf(of);
    return address === undefined ? [] : [[scope.startsWith("@") ? scope : `@${scope}`, address]];
  });
  return {
    ...(registry === undefined ? {} : { registry }),
    scopes: new Map([...npmrc.scopes, ...named]),
    legacyPeerDeps: false,
    all: new Map(Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)])),
  };
}

/** An address, or a table with one; what else the table holds is secret. */
function addressOf(registry: unknown): string | undefined {
  const address = textOf(registry) ?? textOf(tableOf(registry)["url"]);
  return address === undefined ? undefined : withSlash(address);
}
