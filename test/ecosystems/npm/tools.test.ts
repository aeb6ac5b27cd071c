import { describe, expect, it } from "vitest";
import { ResolutionError } from "../../../src/domain/errors.ts";
import type { Dependency, Project, Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { assertSameFormat, assertSettingsAreRead } from "../../../src/ecosystems/npm/lock-format.ts";
import { readPackageJson } from "../../../src/ecosystems/npm/manifest.ts";
import { plan } from "../../../src/pipeline/plan/plan.ts";
import { dependency, findings, manifest, policy, project, releases, summary } from "../../builders.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";

const registry = "https://registry.example/";
const ecosystem = npm({ registry });

async function read(fields: object, more: Readonly<Record<string, string>> = {}) {
  const reader = memoryFiles({ "package.json": JSON.stringify(fields, null, 2), ...more });
  const claimed = ["package.json", ...Object.keys(more)].filter((path) => ecosystem.claims(path));
  const [location] = await ecosystem.locate(claimed, reader);
  return { reader, project: await ecosystem.read(location!, reader) };
}

const dependenciesOf = (of: Project) => of.manifests.flatMap(({ dependencies }) => dependencies);
const told = (of: readonly Dependency[]) =>
  of.map(({ name, requirement, version, kind, held }) => [name, requirement, version, kind, held?.code]);

describe("a program to work with a project", () => {
  it.each<[string, object, (string | undefined)[][]]>([
    [
      "packageManager",
      { packageManager: "npm@10.2.0" },
      [["npm", "10.2.0", "10.2.0", "package-manager", undefined]],
    ],
    [
      "a checksum",
      { packageManager: "npm@10.2.0+sha512.0a1b" },
      [["npm", "10.2.0+sha512.0a1b", "10.2.0", "package-manager", undefined]],
    ],
    [
      "an address",
      { packageManager: "npm@https://npm.example/npm.tgz" },
      [["npm", "https://npm.example/npm.tgz", undefined, "package-manager", "unsupported-requirement"]],
    ],
    ["another program", { packageManager: "cnpm@1.0.0" }, []],
    ["no version", { packageManager: "npm" }, []],
    [
      "devEngines",
      {
        devEngines: {
          packageManager: { name: "npm", version: "^10.1.0" },
          runtime: { name: "node", version: ">=20" },
        },
      },
      [
        ["npm", "^10.1.0", "10.1.0", "package-manager", undefined],
        ["node", ">=20", undefined, "package-manager", "runtime"],
      ],
    ],
    [
      "devEngines with a list",
      {
        devEngines: {
          packageManager: [
            { name: "npm", version: "10.1.0" },
            { name: "pnpm", version: "latest" },
          ],
        },
      },
      [
        ["npm", "10.1.0", "10.1.0", "package-manager", undefined],
        ["pnpm", "latest", undefined, "package-manager", "unsupported-requirement"],
      ],
    ],
    [
      "engines, with nothing pinned",
      { engines: { node: ">=20", npm: ">=9", vscode: "^1.80.0" } },
      [
        ["node", ">=20", undefined, "engine", "runtime"],
        ["npm", ">=9", undefined, "engine", "engines"],
      ],
    ],
    [
      "engines of what is pinned",
      { packageManager: "npm@10.2.0", engines: { npm: ">=9" } },
      [
        ["npm", "10.2.0", "10.2.0", "package-manager", undefined],
        ["npm", ">=9", "10.2.0", "engine", undefined],
      ],
    ],
  ])("is read from %s", async (_, fields, expected) => {
    const { project: found } = await read(fields);
    expect(told(dependenciesOf(found))).toEqual(expected);
    const text = JSON.stringify(fields, null, 2);
    for (const { span, requirement } of dependenciesOf(found))
      expect(text.slice(span.start, span.end)).toBe(requirement);
  });

  it("is Yarn under the name that its major is released under", async () => {
    const lock = { "yarn.lock": "# yarn lockfile v1\n\n\n" };
    const classic = await read({ packageManager: "yarn@1.22.19", engines: { yarn: "^1.22.0" } }, lock);
    expect(dependenciesOf(classic.project).map(({ name }) => name)).toEqual(["yarn", "yarn"]);
    const modern = await read(
      { packageManager: "yarn@4.1.0" },
      { "yarn.lock": "__metadata:\n  version: 8\n" },
    );
    expect(told(dependenciesOf(modern.project))).toEqual([
      ["@yarnpkg/cli-dist", "4.1.0", "4.1.0", "package-manager", undefined],
    ]);
  });

  it("is never the Yarn that its old name leads to", async () => {
    const document = { name: "yarn", versions: { "1.22.19": {}, "1.22.22": {}, "2.4.3": {} } };
    const http = cannedHttp({ [`${registry}yarn`]: document });
    const found = await ecosystem.releases({ name: "yarn" }, http, { dated: false });
    expect(found?.releases.map(({ version }) => version)).toEqual(["1.22.19", "1.22.22"]);
  });

  it("is held where its release is kept in the repository", async () => {
    const kept = {
      "yarn.lock": "__metadata:\n  version: 8\n",
      ".yarnrc.yml": "yarnPath: .yarn/yarn-4.1.0.cjs\n",
    };
    const { project: found } = await read({ packageManager: "yarn@4.1.0" }, kept);
    expect(dependenciesOf(found)[0]?.held?.code).toBe("kept-release");
  });
});

describe("a package manager's update", () => {
  const now = new Date("2026-08-01T00:00:00Z");
  const pinned = dependency("pnpm", "9.1.0", { kind: "package-manager", scope: "development" });
  const known = { pnpm: releases("9.1.0", "9.2.0", "10.0.0") };

  it("is one pull request with what the engines promise, where that must be raised", () => {
    const engine = (requirement: string) =>
      dependency("pnpm", requirement, { version: "9.1.0", kind: "engine", scope: "development" });
    const both = findings(project(manifest(pinned, engine("^9.0.0"))), known);
    expect(summary(plan(both, policy(), now))).toEqual({
      "npm/development": ["pnpm 9.1.0 -> 9.2.0"],
      "npm/major:pnpm": ["pnpm 9.1.0 -> 10.0.0", "pnpm ^9.0.0 -> ^10.0.0"],
    });
    const kept = findings(project(manifest(pinned, engine(">=9"))), known);
    expect(summary(plan(kept, policy(), now))).toEqual({
      "npm/development": ["pnpm 9.1.0 -> 9.2.0"],
      "npm/major:pnpm": ["pnpm 9.1.0 -> 10.0.0"],
    });
  });

  it("has the checksum of its own archive", async () => {
    const integrity = `sha512-${Buffer.from("archive").toString("base64")}`;
    const http = cannedHttp({
      [`${registry}pnpm`]: {
        "dist-tags": { latest: "9.2.0" },
        versions: { "9.1.0": {}, "9.2.0": { dist: { integrity } } },
      },
    });
    const found = await ecosystem.releases({ name: "pnpm" }, http, { dated: false });
    const digest = `sha512.${Buffer.from("archive").toString("hex")}`;
    expect(found?.releases).toEqual([{ version: "9.1.0" }, { version: "9.2.0", digest }]);
    const release = { version: "9.2.0", digest };
    expect(ecosystem.versions.raise("9.1.0+sha224.00", release, "increase")).toBe(`9.2.0+${digest}`);
  });

  it("is written where it stands", async () => {
    const { project: found, reader } = await read({
      packageManager: "npm@10.2.0+sha512.0a1b",
      engines: { node: ">=20" },
    });
    const [own] = found.manifests;
    const [pin] = own!.dependencies;
    const update: Update = {
      project: found,
      manifest: own!,
      dependency: pin!,
      from: "10.2.0",
      release: { version: "10.3.0" },
      requirement: "10.3.0",
      size: "minor",
      fixes: [],
    };
    const [change] = await ecosystem.patch(found, [update], {
      files: reader,
      http: cannedHttp({}),
      tools: noTools,
    });
    expect(JSON.parse(change?.content ?? "")).toEqual({
      packageManager: "npm@10.3.0",
      engines: { node: ">=20" },
    });
  });
});

describe("the format of a lockfile", () => {
  const own = project(manifest());
  const updateOf = (name: string, from: string, to: string): Update => ({
    project: own,
    manifest: manifest(),
    dependency: dependency(name, from, { kind: "package-manager" }),
    from,
    release: { version: to },
    requirement: to,
    size: "major",
    fixes: [],
  });
  const pnpm = (version: string) => `lockfileVersion: '${version}'\n\nsettings:\n  autoInstallPeers: true\n`;
  const npmLock = (version: number) => `{\n  "name": "x",\n  "lockfileVersion": ${version}\n}\n`;
  const yarn = (version: number) => `# generated\n\n__metadata:\n  version: ${version}\n  cacheKey: 10\n`;

  it.each([
    ["pnpm 9 to 10", updateOf("pnpm", "9.1.0", "10.0.0"), pnpm("9.0"), pnpm("9.0")],
    ["npm 8 to 11", updateOf("npm", "8.0.0", "11.0.0"), npmLock(2), npmLock(2)],
    ["npm 5 to 6", updateOf("npm", "5.0.0", "6.0.0"), npmLock(1), npmLock(1)],
    ["Yarn within 4", updateOf("@yarnpkg/cli-dist", "4.1.0", "4.5.0"), yarn(8), yarn(8)],
    ["Yarn within 1", updateOf("yarn", "1.22.0", "1.22.22"), "# yarn lockfile v1\n", "# yarn lockfile v1\n"],
  ])("stays from %s", (_, update, before, after) => {
    expect(() => assertSameFormat("lock", before, after, [update])).not.toThrow();
  });

  it.each([
    ["pnpm 8 to 9", updateOf("pnpm", "8.15.0", "9.0.0"), pnpm("6.0"), pnpm("9.0")],
    ["npm 6 to 7", updateOf("npm", "6.14.0", "7.0.0"), npmLock(1), npmLock(1)],
    ["Yarn 3 to 4", updateOf("@yarnpkg/cli-dist", "3.8.0", "4.0.0"), yarn(6), yarn(8)],
  ])("changes from %s, which is refused", (_, update, before, after) => {
    expect(() => assertSameFormat("lock", before, after, [update])).toThrow(ResolutionError);
  });

  it("is none of pnpm's where its settings would be lost", () => {
    const update = updateOf("pnpm", "10.2.0", "11.0.0");
    const settled = readPackageJson("package.json", `{"pnpm":{"overrides":{}}}`);
    const plain = readPackageJson("package.json", "{}");
    expect(() =>
      assertSettingsAreRead(plain, ["registry", "//npm.example/:_authToken"], [update]),
    ).not.toThrow();
    expect(() => assertSettingsAreRead(settled, [], [updateOf("pnpm", "9.1.0", "10.2.0")])).not.toThrow();
    expect(() => assertSettingsAreRead(settled, ["hoist"], [update])).toThrow(
      "pnpm 11.0.0 no longer reads the field `pnpm` of package.json, `hoist` of .npmrc: " +
        "move what is there to pnpm-workspace.yaml first",
    );
  });

  it("says what to do about it", () => {
    const update = updateOf("@yarnpkg/cli-dist", "3.8.0", "4.0.0");
    expect(() => assertSameFormat("yarn.lock", yarn(6), yarn(8), [update])).toThrow(
      "@yarnpkg/cli-dist 4.0.0 writes yarn.lock in another format, 8 instead of 6: " +
        "raise it by hand, run `yarn install` and commit both",
    );
  });
});
