import type { Warning } from "./lints.ts";
import { addressOf } from "./registries.ts";
import type { ConfigurationFile, Registry } from "./schema/file.ts";
import type { Secret } from "./secrets.ts";

/** What is to be said of a file's registries. */
export function registryLints(file: ConfigurationFile, secrets: readonly Secret[]): readonly Warning[] {
  return [
    ...Object.entries(file.registries ?? {}).flatMap(([name, registry]) =>
      ofRegistry(name, registry, secrets),
    ),
    ...unnamedBases(file),
  ];
}

/** With entries, a registry takes npm's place only for those that name it. */
function unnamedBases({ updates = [], registries = {} }: ConfigurationFile): readonly Warning[] {
  const named = updates.flatMap((entry) => entry.registries ?? []);
  if (updates.length === 0 || named.includes("*")) return [];
  return Object.entries(registries)
    .filter(([name, registry]) => registry["replaces-base"] === true && !named.includes(name))
    .map(([name]) => ({
      keys: ["registries", name, "replaces-base"],
      message: 'no entry of "updates" names this registry: it replaces none',
    }));
}

/** What a registry says that has no effect, what secrets it names, and whether the operator has them for its host. */
function ofRegistry(name: string, registry: Registry, secrets: readonly Secret[]): readonly Warning[] {
  const keys = ["registries", name];
  if (registry.type !== "npm-registry")
    return [
      {
        keys,
        message: `registries of the type ${registry.type} are for what is not supported yet: this one is never asked`,
      },
    ];
  if (addressOf(registry.url ?? "") === undefined)
    return [
      {
        keys,
        message: 'without a "url" of the web this registry has no effect, such as https://npm.acme.example',
      },
    ];
  return [
    ...Object.keys(registry)
      .filter((key) => !keysOfNpm.has(key))
      .map((key) => ({
        keys: [...keys, key],
        message: `"${key}" has no effect: the operator keeps what registries ask for, by host`,
      })),
    ...(["token", "username", "password"] as const).flatMap((field) =>
      ofSecret([...keys, field], field, registry, secrets),
    ),
  ];
}

const keysOfNpm = new Set(["type", "url", "token", "username", "password", "replaces-base"]);

function ofSecret(
  keys: Warning["keys"],
  field: "token" | "username" | "password",
  registry: Registry,
  secrets: readonly Secret[],
): readonly Warning[] {
  const value = registry[field];
  if (value === undefined) return [];
  const host = hostOf(registry.url ?? "");
  const secret = /^\$\{\{\s*secrets\.(\w+)\s*\}\}$/.exec(value)?.[1];
  if (secret === undefined && field === "username") return [];
  if (secret === undefined)
    return [{ keys, message: "a secret is written here, and is not used: write ${{secrets.NAME}}" }];
  const known = secrets.find((it) => it.name === secret);
  if (known === undefined)
    return [
      { keys, message: `the operator has no secret ${secret}: without it only public packages are found` },
    ];
  return hostOf(`https://${known.host}`) === host
    ? []
    : [{ keys, message: `the operator's secret ${secret} is not for ${host}, and is not sent there` }];
}

function hostOf(address: string): string {
  return URL.parse(address.includes("://") ? address : `https://${address}`)?.host ?? "";
}
