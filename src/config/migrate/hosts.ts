import { isTable, textOf } from "../../text/data.ts";
import { addressOf } from "../registries.ts";
import type { ConfigurationFile, Registry } from "../schema/file.ts";
import type { Unmatched } from "./expand.ts";
import type { Table } from "./presets.ts";

export interface MigratedHosts {
  readonly registries: NonNullable<ConfigurationFile["registries"]>;
  readonly unmatched: readonly Unmatched[];
}

const mostHosts = 50;

/** `hostRules` as registries. What is secret in them is never repeated: the operator keeps it, under the name that is told. */
export function toRegistries(top: Table): MigratedHosts {
  const rules: readonly unknown[] = [top["hostRules"] ?? []].flat().slice(0, mostHosts);
  const registries = new Map<string, Registry>();
  const unmatched = rules.map((rule, index): Unmatched => {
    const place = `hostRules[${index}]`;
    const read = isTable(rule) ? toRegistry(rule) : "its value is not understood";
    if (typeof read === "string") return { place, why: read };
    registries.set(read.name, read.registry);
    return {
      place,
      why: `the operator has to keep ${read.secrets.join(" and ")} for ${read.host}: see \`registries\``,
    };
  });
  return { registries: Object.fromEntries(registries), unmatched };
}

function toRegistry(rule: Table) {
  const type = textOf(rule["hostType"]) ?? "npm";
  const written = textOf(rule["matchHost"]) ?? textOf(rule["hostName"]) ?? textOf(rule["baseUrl"]);
  const url = written === undefined ? undefined : addressOf(written);
  if (/^(?:github|gitlab|git|gitea|bitbucket)/.test(type)) return "the App has a token of its own";
  if (type !== "npm") return `${type} is not supported yet`;
  if (url === undefined) return "it is not for one host";
  const { host } = new URL(url);
  const named = host.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
  const fields = (["token", "username", "password"] as const).filter((key) => rule[key] !== undefined);
  if (fields.length === 0)
    return "it names no secret, and how hosts are asked is decided for all repositories together";
  const secrets = fields.map((key) => [key, secretIn(rule[key]) ?? `${named}_${key.toUpperCase()}`] as const);
  const registry: Registry = {
    type: "npm-registry",
    url,
    ...Object.fromEntries(secrets.map(([key, secret]) => [key, `\${{secrets.${secret}}}`])),
  };
  return {
    name: host.toLowerCase().replace(/[^a-z0-9]+/g, "-"),
    registry,
    host,
    secrets: secrets.map(([, name]) => name),
  };
}

/** `{{ secrets.NPM }}` */
function secretIn(value: unknown): string | undefined {
  return /^\{\{\s*secrets\.(\w{1,100})\s*\}\}$/.exec(textOf(value) ?? "")?.[1];
}
