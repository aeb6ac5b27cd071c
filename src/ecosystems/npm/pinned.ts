import { tableOf, textOf } from "../../text/data.ts";

/**
 * The package manager that a `package.json` asks to be worked on with, such as `pnpm@9.1.0`: its `packageManager`, else
 * its `devEngines`, whose version may be a range or missing. https://docs.npmjs.com/cli/v11/configuring-npm/package-json#devengines
 */
export function packageManagerOf(manifest: Readonly<Record<string, unknown>>): string | undefined {
  const own = textOf(manifest["packageManager"]);
  if (own !== undefined) return own;
  const asked = tableOf(manifest["devEngines"])["packageManager"];
  const { name, version } = tableOf(Array.isArray(asked) ? asked[0] : asked);
  if (typeof name !== "string") return undefined;
  return typeof version === "string" ? `${name}@${version}` : name;
}
