import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { decode } from "ini";

/** What the person or the operator that runs Steeplejack tells npm: the registries they use and their credentials. */
export interface OperatorNpm {
  /** Ends in `/`; absent for npm's own default. */
  readonly registry?: string;
  /** By scope: `{ "@acme": "https://npm.acme.example/" }`. */
  readonly scopes: Readonly<Record<string, string>>;
  /** As npm writes them: `{ "//npm.acme.example/:_authToken": "..." }`. */
  readonly credentials: Readonly<Record<string, string>>;
}

/**
 * Reads the user's own `.npmrc` and `npm_config_registry`, as npm does. This file is trusted, so `${VARIABLE}` in it is
 * replaced from the environment; a repository's `.npmrc` is read elsewhere, and never so.
 */
export function operatorNpm(env: NodeJS.ProcessEnv): OperatorNpm {
  const variable = (name: string) => env[name] ?? env[name.toUpperCase()];
  const path = variable("npm_config_userconfig") ?? join(homedir(), ".npmrc");
  const settings = new Map(
    Object.entries(decode(readIfThere(path)))
      .filter((entry): entry is [string, string] => typeof entry[1] === "string")
      .map(([key, value]) => [key, expand(value, env)]),
  );
  const registry = variable("npm_config_registry") ?? settings.get("registry");
  return {
    ...(registry === undefined ? {} : { registry: withSlash(registry) }),
    scopes: pick(settings, /^@[^:]+:registry$/, (key, value) => [
      key.slice(0, key.indexOf(":")),
      withSlash(value),
    ]),
    credentials: pick(settings, /^\/\/.+:(?:_authToken|_auth|username|_password)$/, (key, value) => [
      key,
      value,
    ]),
  };
}

/** The same credentials as HTTP headers, by the address that they are for. */
export function authorizations(
  credentials: Readonly<Record<string, string>>,
): readonly { prefix: string; authorization: string }[] {
  const places = Map.groupBy(Object.entries(credentials), ([key]) => key.slice(0, key.lastIndexOf(":")));
  return [...places].flatMap(([place, entries]) => {
    const of = new Map(entries.map(([key, value]) => [key.slice(key.lastIndexOf(":") + 1), value]));
    const password = Buffer.from(of.get("_password") ?? "", "base64").toString("utf8");
    const user = of.get("username");
    const basic = of.get("_auth") ?? (user && Buffer.from(`${user}:${password}`).toString("base64"));
    const token = of.get("_authToken");
    const authorization = token === undefined ? basic && `Basic ${basic}` : `Bearer ${token}`;
    if (authorization === undefined || authorization === "") return [];
    return ["https:", "http:"].map((scheme) => ({ prefix: `${scheme}${place}`, authorization }));
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return "";
    throw error;
  }
}

function expand(value: string, env: NodeJS.ProcessEnv): string {
  return value.replace(
    /\$\{([^}]+)\}/g,
    (whole, name: string) => env[name.replace(/\?$/, "")] ?? (name.endsWith("?") ? "" : whole),
  );
}

function pick(
  settings: ReadonlyMap<string, string>,
  keys: RegExp,
  make: (key: string, value: string) => [string, string],
): Record<string, string> {
  return Object.fromEntries(
    [...settings].filter(([key]) => keys.test(key)).map(([key, value]) => make(key, value)),
  );
}

function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}
