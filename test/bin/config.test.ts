import { afterAll, describe, expect, it } from "vitest";
import { desk } from "./steeplejack.ts";

const { folder, clear } = desk(() => ({ STEEPLEJACK_SECRET_OURS: "npm.acme.example token" }));
afterAll(clear);

const manifest = '{ "name": "web", "private": true, "dependencies": { "react": "^18.0.0" } }\n';
const rival = `version: 2
updates:
  - package-ecosystem: npm
    directory: /
    schedule: { interval: weekly }
    labels: [deps]
`;

describe("config validate", () => {
  it("tells faults with their places, and ends with 1", async () => {
    const { steeplejack } = await folder({ ".github/dependabot.yml": rival.replace("weekly", "weekley") });
    const { code, stdout } = await steeplejack("config", "validate");
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      ".github/dependabot.yml:5:27: error: "updates[0].schedule.interval" is "weekley": expected one of daily, weekly, monthly, quarterly, semiannually, yearly, cron. Did you mean "weekly"?
      .github/dependabot.yml cannot be obeyed.
      "
    `);
  });

  it("tells what may surprise, and ends with 0", async () => {
    const { steeplejack } = await folder({
      "package.json": manifest,
      ".github/dependabot.yml": "not read",
      ".github/steeplejack.yml": 'ignore: [{ dependency-name: "angular*" }]\n',
    });
    const { code, stdout } = await steeplejack("config", "validate");
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      ".github/steeplejack.yml:1:1: warning: .github/dependabot.yml is set aside for this file
      .github/steeplejack.yml:1:10: warning: "angular*" fits no dependency of this repository
      .github/steeplejack.yml is valid.
      "
    `);
  });

  it("prints the same as JSON", async () => {
    const { steeplejack } = await folder({ ".github/steeplejack.yml": "labls: []\n" });
    const { code, stdout } = await steeplejack("config", "validate", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      path: ".github/steeplejack.yml",
      errors: [{ line: 1, column: 1, message: 'there is no option "labls". Did you mean "labels"?' }],
      warnings: [],
    });
  });

  it("is content without a configuration", async () => {
    const { steeplejack } = await folder({ "package.json": manifest });
    expect(await steeplejack("config", "validate")).toMatchObject({
      code: 0,
      stdout: "There is no configuration: the defaults hold.\n",
    });
  });
});

describe("config show", () => {
  it("shows what holds for each project, and who says so", async () => {
    const { steeplejack } = await folder({ "package.json": manifest, ".github/dependabot.yml": rival });
    const { code, stdout } = await steeplejack("config", "show");
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "npm in /
        allow                     "every dependency"  default
        approval                  false               default
        cooldown.default-days     3                   default
        default-groups            false               the default of an entry
        exclude-paths             []                  the default of an entry
        group-related             true                default
        groups                    {}                  default
        ignore                    []                  default
        labels                    ["deps"]            .github/dependabot.yml:6
        lock-maintenance          false               default
        lockfile                  "report"            default
        open-pull-requests-limit  5                   the default of an entry
        schedule.interval         "weekly"            .github/dependabot.yml:5
        security.response         "propose"           default
        security.severity         "every advisory"    default
        versioning-strategy       "auto"              default

      "
    `);
  });

  it("follows what a file builds on, where it is told where that is", async () => {
    const { steeplejack, path } = await folder({
      "package.json": manifest,
      ".github/steeplejack.yml": "extends: acme/presets\n",
      "others/acme/presets/.github/steeplejack.yml": "labels: [preset]\n",
    });
    const alone = await steeplejack("config", "show", "--json");
    expect(alone).toMatchObject({ code: 3, stdout: "" });
    expect(alone.stderr).toContain("--config-from");
    const { stdout } = await steeplejack("config", "show", "--json", "--config-from", `${path}/others`);
    const { projects } = JSON.parse(stdout);
    expect(projects[0].settings).toContainEqual({
      name: "labels",
      value: ["preset"],
      origin: "acme/presets//.github/steeplejack.yml:1",
    });
  });
});

it("config schema prints a JSON Schema", async () => {
  const { steeplejack } = await folder({});
  const { code, stdout } = await steeplejack("config", "schema");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ title: "Steeplejack configuration", type: "object" });
});

describe("config migrate", () => {
  const renovate = '{ "extends": ["config:recommended"], "labels": ["deps"], "branchPrefix": "x/" }';

  it("writes the file, which is valid, and tells what has no equal", async () => {
    const { steeplejack, read } = await folder({ "package.json": manifest, "renovate.json": renovate });
    const { code, stdout } = await steeplejack("config", "migrate");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Wrote .github/steeplejack.yml from renovate.json.
Not taken over:
  branchPrefix: branches have names of their own
See what it means with \`steeplejack config show\`.
`,
    });
    expect(await read(".github/steeplejack.yml")).toContain("labels:\n  - deps\n");
    expect(await steeplejack("config", "validate")).toMatchObject({
      code: 0,
      stdout: ".github/steeplejack.yml is valid.\n",
    });
    expect(await steeplejack("config", "migrate")).toMatchObject({ code: 2 });
  });

  it("asks which file is meant where there are two, and takes the one that is named", async () => {
    const { steeplejack } = await folder({ "renovate.json": renovate, ".github/dependabot.yml": rival });
    const { code, stderr } = await steeplejack("config", "migrate");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "steeplejack: there are renovate.json and .github/dependabot.yml: choose one with --from\n",
    });
    const { stdout } = await steeplejack(
      "config",
      "migrate",
      "--dry-run",
      "--from",
      ".github/dependabot.yml",
    );
    expect(stdout).toContain(rival);
  });

  it("tells where a file cannot be read, and ends with 1", async () => {
    const { steeplejack } = await folder({ "renovate.json": "{ labels: [" });
    expect(await steeplejack("config", "migrate")).toMatchObject({
      code: 1,
      stdout: "renovate.json: invalid end of input at 1:12\n",
    });
  });
});
