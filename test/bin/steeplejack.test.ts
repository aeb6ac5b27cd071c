import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGithub, type GithubEmulator } from "../../demo/github/index.ts";
import { scanSchema, schemaFile } from "../../script/schema.ts";
import { scanReport } from "../../src/reports/contract.ts";
import { locked, manifestOf } from "../e2e/files.ts";
import { osv } from "../e2e/stage.ts";
import { startRegistry, type TestRegistry } from "../registry.ts";
import { desk, firstLine } from "./steeplejack.ts";

let registry: TestRegistry;
let advisories: string;
beforeAll(async () => {
  registry = await startRegistry(
    {
      router: {
        "1.0.0": { dependencies: { matcher: "^1.0.0" } },
        "1.1.0": { dependencies: { matcher: "^1.0.0" } },
        "1.2.0": { dependencies: { matcher: "^1.0.0" }, at: "2026-04-01T00:00:00Z" },
        "2.0.0": { at: "2026-05-01T00:00:00Z" },
      },
      matcher: { "1.0.0": {}, "1.0.4": {} },
      logger: { "2.3.0": {}, "2.3.9": {}, "2.4.0-rc.1": {} },
      linter: { "3.0.0": {}, "3.1.0": { deprecated: "it finds nothing" } },
      odd: { "1.0.0": {} },
    },
    { faults: { broken: { status: 500 } } },
  );
  advisories = await mkdtemp(join(tmpdir(), "steeplejack-osv-"));
  await writeFile(join(advisories, "1.json"), JSON.stringify(osv("GHSA-aaaa-bbbb-cccc", "matcher", "1.0.2")));
  await writeFile(join(advisories, "2.json"), JSON.stringify(osv("GHSA-dddd-eeee-ffff", "logger", "2.3.5")));
});
const environment = () => ({ npm_config_registry: registry.url, GITHUB_API_URL: github?.url ?? "" });
const { folder, clear } = desk(environment);
let github: GithubEmulator | undefined;
afterAll(async () => {
  await clear();
  await registry.close();
  await github?.close();
  await rm(advisories, { recursive: true, force: true });
});

const written = {
  dependencies: { router: "^1.0.0", logger: "~2.3.0" },
  devDependencies: { linter: "^3.0.0" },
};
const web = locked(
  written,
  { router: "1.0.0", matcher: "1.0.0", logger: "2.3.0", linter: "3.0.0" },
  { router: { dependencies: { matcher: "^1.0.0" } } },
);
const webOf = async (files: Readonly<Record<string, string>> = web) => {
  const made = await folder(files);
  const { steeplejack } = made;
  const told = (command: string, ...args: string[]) =>
    steeplejack(command, ...args, "--advisories", advisories, "--as-of", "2026-06-01");
  return { ...made, told };
};

const schema = new Ajv2020({ strict: false }).compile(scanSchema());
/** Reads what was printed; it must be what the contract and its schema say, and no more. */
function reportIn(stdout: string) {
  const data: unknown = JSON.parse(stdout);
  if (!schema(data)) throw new Error(JSON.stringify(schema.errors));
  const report = scanReport.parse(data);
  expect(report).toEqual(data);
  return report;
}

describe("the published schema", () => {
  it("is what the code says: `npm run schema` writes it", async () => {
    expect(JSON.parse(await readFile(schemaFile, "utf8"))).toEqual(scanSchema());
  });
});

describe("scan", () => {
  it("shows what is vulnerable, outdated and held, without colours where it is piped", async () => {
    const { told } = await webOf();
    const { code, stdout, stderr } = await told("scan");
    expect(stdout).toMatchInlineSnapshot(`
      "Vulnerable
        high    logger 2.3.0   GHSA-dddd-eeee-ffff  fixed in 2.3.5  direct
        high    matcher 1.0.0  GHSA-aaaa-bbbb-cccc  fixed in 1.0.2  by router

      npm/security
        logger   2.3.0  →  2.3.9  patch  16 months  package.json       mends GHSA-dddd-eeee-ffff
        matcher  1.0.0  →  1.0.4  patch  16 months  package-lock.json  mends GHSA-aaaa-bbbb-cccc

      npm/runtime
        router  1.0.0  →  1.2.0  minor  2 months  package.json

      npm/major:router
        router  1.0.0  →  2.0.0  major  31 days  package.json

      Held back
        linter  3.0.0  deprecated  3.1.0: it is deprecated: it finds nothing

      1 project, 3 dependencies (4 locked packages): 2 outdated in 3 groups, 2 vulnerable
      "
    `);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("prints the whole result as the contract has it", async () => {
    const { told } = await webOf();
    const { code, stdout, stderr } = await told("scan", "--json");
    const report = reportIn(stdout);
    expect([code, stderr]).toEqual([0, ""]);
    expect(report.manifests).toEqual([
      { ecosystem: "npm", path: "package.json", lockfiles: ["package-lock.json"] },
    ]);
    expect(
      report.updates.map(({ name, from, to, group, advisories: ids }) => [name, from, to, group, ids]),
    ).toEqual([
      ["logger", "2.3.0", "2.3.9", "npm/security", ["GHSA-dddd-eeee-ffff"]],
      ["matcher", "1.0.0", "1.0.4", "npm/security", ["GHSA-aaaa-bbbb-cccc"]],
      ["router", "1.0.0", "1.2.0", "npm/runtime", []],
      ["router", "1.0.0", "2.0.0", "npm/major:router", []],
    ]);
    expect(report.dependencies.filter(({ direct }) => !direct)).toEqual([
      {
        ecosystem: "npm",
        name: "matcher",
        manifest: "package-lock.json",
        version: "1.0.0",
        scope: "runtime",
        direct: false,
      },
    ]);
    expect(report.advisories.map(({ id, name, paths, fixed }) => ({ id, name, paths, fixed }))).toEqual([
      { id: "GHSA-dddd-eeee-ffff", name: "logger", paths: [["logger"]], fixed: ["2.3.5"] },
      { id: "GHSA-aaaa-bbbb-cccc", name: "matcher", paths: [["router", "matcher"]], fixed: ["1.0.2"] },
    ]);
  });

  it("gives the same result again, and ignores what was published later", async () => {
    const { steeplejack } = await webOf();
    const at = (date: string) => steeplejack("scan", "--json", "--advisories", advisories, "--as-of", date);
    const [first, again, earlier] = [await at("2026-06-01"), await at("2026-06-01"), await at("2026-04-20")];
    expect(again.stdout).toBe(first.stdout);
    expect(reportIn(earlier.stdout).updates.map(({ name, to }) => `${name} ${to}`)).toEqual([
      "logger 2.3.9",
      "matcher 1.0.4",
      "router 1.2.0",
    ]);
  });

  it.each([
    ["critical", 0],
    ["high", 1],
    ["critical,major", 1],
  ])("with --fail-on %s ends with %i", async (what, expected) => {
    const { told } = await webOf();
    expect((await told("scan", "--fail-on", what)).code).toBe(expected);
  });

  it("ends with 3 where some part failed, and tells the rest", async () => {
    const { told } = await webOf({
      "package.json": manifestOf({ dependencies: { broken: "^1.0.0", router: "^1.0.0" } }),
      "shop/package.json": "{",
      ".github/steeplejack.yml": "ignor: []\n",
    });
    const { code, stdout } = await told("scan", "--json");
    const { problems, updates } = reportIn(stdout);
    expect(code).toBe(3);
    expect(problems.map(({ stage, subject }) => `${stage}: ${subject}`)).toEqual([
      "configure: .github/steeplejack.yml",
      "discover: shop/package.json",
      "resolve: broken",
    ]);
    expect(updates.map(({ name }) => name)).toEqual(["router", "router"]);
  });

  it("minds nothing when who reads it hangs up", async () => {
    const { told: _told, ...made } = await webOf();
    const ended = await firstLine(made, `scan --json --advisories ${advisories}`, environment());
    expect(ended).toEqual({ code: 0, stdout: "{\n", stderr: "" });
  });
});

describe("update", () => {
  it("writes manifest and lockfile, and says so", async () => {
    const { told, read } = await webOf();
    const { code, stdout, stderr } = await told("update", "--no-major");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("Wrote package-lock.json, package.json");
    expect(JSON.parse(await read("package.json"))).toMatchObject({
      dependencies: { router: "^1.2.0", logger: "~2.3.9" },
      devDependencies: { linter: "^3.0.0" },
    });
    expect(JSON.parse(await read("package-lock.json"))).toMatchObject({
      packages: {
        "node_modules/router": { version: "1.2.0" },
        "node_modules/logger": { version: "2.3.9" },
        "node_modules/matcher": { version: "1.0.4" },
      },
    });
    expect((await told("scan", "--json")).stdout).not.toContain("npm/runtime");
  });

  it("keeps line ends, tabs, a missing last line end and a byte order mark", async () => {
    const layouts: Readonly<Record<string, (text: string) => string>> = {
      "as npm does it": (text) => text,
      "Windows line ends": (text) => text.replaceAll("\n", "\r\n"),
      tabs: (text) => text.replace(/^( {2})+/gm, (spaces) => "\t".repeat(spaces.length / 2)),
      "no last line end": (text) => text.trimEnd(),
      "byte order mark": (text) => `\uFEFF${text}`,
    };
    const laid = Object.entries(layouts).flatMap(([name, lay]) =>
      Object.entries(web).map(([path, text]) => [`${name}/${path}`, lay(text)]),
    );
    const { told, read } = await webOf(Object.fromEntries(laid));
    expect((await told("update")).code).toBe(0);
    for (const path of ["package.json", "package-lock.json"]) {
      const plain = await read(`as npm does it/${path}`);
      expect(plain).not.toBe(web[path]);
      for (const [name, lay] of Object.entries(layouts))
        expect(await read(`${name}/${path}`)).toBe(lay(plain));
    }
  });

  it("with --dry-run writes nothing, and with --json gives the files as they would be", async () => {
    const [dry, real] = [await webOf(), await webOf()];
    const { stdout } = await dry.told("update", "--dry-run", "--json");
    await real.told("update");
    expect(reportIn(stdout).files).toEqual([
      { path: "package-lock.json", content: await real.read("package-lock.json") },
      { path: "package.json", content: await real.read("package.json") },
    ]);
    expect(await dry.read("package.json")).toBe(web["package.json"]);
    expect(await dry.read("package-lock.json")).toBe(web["package-lock.json"]);
  });

  it.each([
    [["--group", "npm/major:router"], { router: "^2.0.0", logger: "~2.3.0" }],
    [["--security-only"], { router: "^1.0.0", logger: "~2.3.9" }],
    [["--no-major"], { router: "^1.2.0", logger: "~2.3.9" }],
  ])("with %j writes no more than that", async (args, dependencies) => {
    const { told, read } = await webOf();
    expect((await told("update", ...args)).code).toBe(0);
    expect(JSON.parse(await read("package.json"))).toMatchObject({ dependencies });
  });
});

describe("explain", () => {
  it("tells why a dependency moves, stays or waits", async () => {
    const { told } = await webOf();
    expect((await told("explain", "router")).stdout).toMatchInlineSnapshot(`
      "router in package.json
        required  ^1.0.0 (runtime)
        in use    1.0.0
        update: 1.2.0 and 2.0.0 are newer than 1.0.0 [newer-release]
        goes into npm/runtime at 1.2.0
        goes into npm/major:router at 2.0.0
        next      2026-06-01T00:00Z, at once
        newer releases, newest first:
          ✓ 2.0.0  taken
          ✓ 1.2.0  taken
          · 1.1.0  1.2.0 and 2.0.0 were taken [not-needed]
      "
    `);
    expect((await told("explain", "logger")).stdout).toMatchInlineSnapshot(`
      "logger in package.json
        required  ~2.3.0 (runtime)
        in use    2.3.0
        vulnerable GHSA-dddd-eeee-ffff (high): A flaw in logger
        update: 2.3.9 is the lowest release that mends GHSA-dddd-eeee-ffff [fixes-advisory]
        goes into npm/security at 2.3.9
        next      2026-06-01T00:00Z, at once
        newer releases, newest first:
          · 2.4.0-rc.1  it is a prerelease, and the version in use is not [prerelease]
          ✓ 2.3.9       taken
      "
    `);
    expect((await told("explain", "linter")).stdout).toMatchInlineSnapshot(`
      "linter in package.json
        required  ^3.0.0 (development)
        in use    3.0.0
        held: 3.1.0: it is deprecated: it finds nothing [deprecated]
        next      when there is a newer release, or the configuration changes
        newer releases, newest first:
          · 3.1.0  it is deprecated: it finds nothing [deprecated]
      "
    `);
  });

  it("tells it to programs", async () => {
    const { told } = await webOf();
    expect(JSON.parse((await told("explain", "linter", "--json")).stdout)).toEqual([
      {
        ecosystem: "npm",
        name: "linter",
        manifest: "package.json",
        requirement: "^3.0.0",
        version: "3.0.0",
        scope: "development",
        outcome: "held",
        reason: { code: "deprecated", detail: "3.1.0: it is deprecated: it finds nothing" },
        advisories: [],
        groups: [],
        next: { why: "when there is a newer release, or the configuration changes" },
        candidates: [
          {
            version: "3.1.0",
            rejected: { code: "deprecated", detail: "it is deprecated: it finds nothing" },
          },
        ],
      },
    ]);
  });
});

describe("wrong use", () => {
  it.each([
    [["scn"], "error: unknown command 'scn'\n(Did you mean scan?)\n"],
    [["scan", "nowhere"], "steeplejack: nowhere is no folder\n"],
    [
      ["scan", "--as-of", "yesterday"],
      'steeplejack: --as-of takes a date such as 2026-06-01 or 2026-06-01T12:00:00Z, not "yesterday"\n',
    ],
    [
      ["scan", "--fail-on", "grave"],
      'steeplejack: --fail-on knows outdated, major, vulnerable, low, moderate, high, critical, not "grave"\n',
    ],
    [["explain"], "error: missing required argument 'name'\n"],
    [
      ["explain", "left", "--advisories", "none"],
      "steeplejack: no manifest here requires left. Known are: linter, logger, router\n",
    ],
    [
      ["update", "--group", "npm/dev", "--advisories", "none", "--as-of", "2026-06-01"],
      "steeplejack: there is no group npm/dev. There are: npm/runtime, npm/major:router\n",
    ],
    [["run", "acme"], 'steeplejack: "acme" is no repository: write it as owner/name\n'],
    [
      ["run", "acme/web"],
      "steeplejack: a token is needed to open pull requests: set GITHUB_TOKEN, or use --token\n",
    ],
  ])("%j ends with 2 and says what would be right", async (args, said) => {
    const { steeplejack } = await webOf();
    expect(await steeplejack(...args)).toEqual({ code: 2, stdout: "", stderr: said });
  });
});

describe("run", () => {
  it("opens the pull requests of one repository with a person's token, and nothing the second time", async () => {
    github = await startGithub({
      repositories: [{ name: "acme/web", files: web, write: ["octocat"] }],
      installed: false,
    });
    const { told } = await webOf();
    const token = github.token("octocat");
    const first = await told("run", "acme/web", "--token", token);
    expect(first.stdout.replaceAll(github.url, "https://github.test")).toMatchInlineSnapshot(`
      "opened    Bump the security group with 2 updates  https://github.test/acme/web/pull/1
      opened    Bump router from 1.0.0 to 1.2.0 in the runtime group  https://github.test/acme/web/pull/2
      opened    Bump router from 1.0.0 to 2.0.0  https://github.test/acme/web/pull/3
      "
    `);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    const again = await told("run", "acme/web", "--token", token);
    expect(again.stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "unchanged",
      "unchanged",
      "unchanged",
      "",
    ]);
  });
});
