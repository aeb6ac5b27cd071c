import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../src/bin/steeplejack.mjs", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Desk {
  /** Runs the command line in a folder with these files; `at(path)` reads them afterwards. */
  readonly folder: (files: Readonly<Record<string, string>>) => Promise<Folder>;
  readonly clear: () => Promise<void>;
}

export interface Folder {
  readonly path: string;
  readonly steeplejack: (...args: readonly string[]) => Promise<Ended>;
  readonly read: (path: string) => Promise<string>;
}

/** Folders for the command line, which sees only this environment, a home of its own and no cache from before. */
export function desk(environment: () => Readonly<Record<string, string>>): Desk {
  const made: string[] = [];
  return {
    folder: async (files) => {
      const top = await mkdtemp(join(tmpdir(), "steeplejack-cli-"));
      made.push(top);
      const path = join(top, "repository");
      await mkdir(path);
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(path, name)), { recursive: true });
        await writeFile(join(path, name), text);
      }
      const env = { PATH: process.env["PATH"] ?? "", HOME: top, NODE_COMPILE_CACHE: codeCache };
      return {
        path,
        steeplejack: (...args) => run(args, path, { ...env, ...environment() }),
        read: (name) => readFile(join(path, name), "utf8"),
      };
    },
    clear: async () => {
      for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Shared by all runs, so that the code is compiled once. */
const codeCache = join(tmpdir(), "steeplejack-test-code");

function run(args: readonly string[], cwd: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Starts the command line, reads one line of what it prints, and hangs up. */
export function firstLine(
  folder: Folder,
  args: string,
  env: Readonly<Record<string, string>>,
): Promise<Ended> {
  const command = `set -o pipefail; "${process.execPath}" "${program}" ${args} | head -n 1`;
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", command], {
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", HOME: dirname(folder.path), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
