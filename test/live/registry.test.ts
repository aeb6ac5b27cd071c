import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { scanReport } from "../../src/reports/contract.ts";
import { manifestOf } from "../e2e/files.ts";
import { desk, type Folder } from "../bin/steeplejack.ts";

// The registry is the one that this machine's npm is set up for: npm's own default, or an operator's mirror.
const passed = /^(npm_config_registry|npm_config_userconfig|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;
const { folder, clear } = desk(() => ({
  npm_config_userconfig: join(homedir(), ".npmrc"),
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && passed.test(name) ? [[name, value]] : [],
    ),
  ),
}));
afterAll(clear);

const old = {
  dependencies: { express: "4.17.1", semver: "7.3.5" },
  devDependencies: { "@types/node": "20.1.0", picomatch: "4.0.1" },
};
const written = {
  dependencies: { express: "^4.16.0", semver: "^7.3.0" },
  devDependencies: { "@types/node": "^20.0.0", picomatch: "~4.0.1" },
};

/** In the folder, with what npm itself is told on this machine. */
async function npm(at: Folder, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", [...args], { cwd: at.path });
  return stdout;
}

describe("with the real registry", () => {
  it("finds the updates of a small project and writes a lockfile that npm accepts and leaves as it is", async () => {
    const project = await folder({ "package.json": manifestOf(old) });
    await npm(project, "install", "--package-lock-only", "--ignore-scripts");
    await writeFile(join(project.path, "package.json"), manifestOf(written));
    await npm(project, "install", "--package-lock-only", "--ignore-scripts"); // keeps what the ranges allow

    const scanned = await project.steeplejack("scan", "--json", "--advisories", "none");
    const report = scanReport.parse(JSON.parse(scanned.stdout));
    expect([scanned.code, scanned.stderr, report.problems]).toEqual([0, "", []]);
    expect(new Set(report.updates.map(({ name }) => name))).toEqual(
      new Set(["express", "semver", "@types/node", "picomatch"]),
    );

    const updated = await project.steeplejack("update", "--advisories", "none");
    expect([updated.code, updated.stderr]).toEqual([0, ""]);
    expect(updated.stdout).toContain("Wrote package-lock.json, package.json");

    const lock = await project.read("package-lock.json");
    await npm(project, "ci", "--ignore-scripts", "--dry-run");
    await npm(
      project,
      "install",
      "--package-lock-only",
      "--ignore-scripts",
      "--omit-lockfile-registry-resolved=false",
    );
    expect(await project.read("package-lock.json")).toBe(lock);
  });
});
