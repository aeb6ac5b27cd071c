import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** A tool that is compared with, in a folder of its own below `kept`, outside the project; gives the file to run. */
export async function installed(
  kept: string,
  name: string,
  version: string,
  entry: string,
  // What a program fetches for itself when it is installed, such as its machine code.
  scripts: "run" | "ignore" = "ignore",
): Promise<string> {
  const folder = join(kept, "tools", `${name.replace("/", "+")}@${version}`);
  const manifest = join(folder, "node_modules", name, "package.json");
  const wanted = `${name}@${version}`;
  if (!existsSync(manifest) || !(await readFile(manifest, "utf8")).includes(`"version": "${version}"`)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
    tell(`installing ${wanted}`);
    const quietly = ["--no-audit", "--no-fund", ...(scripts === "run" ? [] : ["--ignore-scripts"])];
    await promisify(execFile)("npm", ["install", ...quietly, wanted], { cwd: folder, maxBuffer: 64_000_000 });
  }
  return join(folder, "node_modules", name, entry);
}

export function tell(text: string): void {
  console.error(`… ${text}`);
}
