import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManifestError } from "../../../src/domain/errors.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { readPackageJson } from "../../../src/ecosystems/npm/manifest.ts";
import { cannedHttp, memoryFiles } from "../../fakes.ts";
import { keepsTheContract } from "../contract.ts";

const ecosystem = npm();

const web = `{
  "name": "web",
  "dependencies": {"react":"^18.2.0",   "zod" : "~3.22.0" },
  "devDependencies": {
\t"vite": "5.0.0",
    "typescript": ">=5.0.0 <6.0.0"
  },
  "peerDependencies": { "next": "13 || 14" }
}`;

describe("npm", () => {
  keepsTheContract(
    ecosystem,
    {
      "package.json": `\uFEFF{\r\n  "workspaces": ["packages/*"],\r\n  "devDependencies": { "vite": "^5.0.0", "web": "*" }\r\n}\r\n`,
      "packages/web/package.json": web,
      "tools/package.json": `{"dependencies":{"left":"git+ssh://git@host.test/left.git","alias":"npm:real@^1.0.0"}}`,
    },
    "99.1.2",
  );

  it.each([
    ["package.json", true],
    ["packages/a/package.json", true],
    ["node_modules/a/package.json", false],
    ["packages/a/node_modules/b/package.json", false],
    ["my-package.json", false],
    ["package.json.bak", false],
  ])("claims %s: %s", (path, claimed) => {
    expect(ecosystem.claims(path)).toBe(claimed);
  });
});

describe("which manifests belong together", () => {
  const located = async (files: Record<string, string>) => {
    const claimed = Object.keys(files).filter((path) => ecosystem.claims(path));
    return ecosystem.locate(claimed, memoryFiles(files));
  };
  const workspaces = (globs: unknown) => JSON.stringify({ workspaces: globs });

  it.each([
    ["a star", ["packages/*"], ["packages/a", "packages/b"]],
    ["one name", ["packages/a"], ["packages/a"]],
    ["a dot and a final slash", ["./packages/*/"], ["packages/a", "packages/b"]],
    ["two stars", ["**"], ["packages/a", "packages/b", "packages/b/deep"]],
    ["two stars in a folder, which is one of them", ["packages/a/**"], ["packages/a"]],
    ["two stars and a name", ["packages/**/deep"], ["packages/b/deep"]],
    ["some names", ["packages/{a,c}"], ["packages/a"]],
    ["a glob that is taken back", ["packages/*", "!packages/b"], ["packages/a"]],
    ["the object form", { packages: ["packages/b"] }, ["packages/b"]],
    ["a glob that matches nothing", ["apps/*"], []],
  ])("understands workspaces with %s", async (_, globs, members) => {
    const [root] = await located({
      "package.json": workspaces(globs),
      "packages/a/package.json": "{}",
      "packages/b/package.json": "{}",
      "packages/b/deep/package.json": "{}",
    });
    expect(root?.manifests).toEqual(["package.json", ...members.map((folder) => `${folder}/package.json`)]);
  });

  it("keeps what is in no workspace apart, with the lockfile beside it", async () => {
    expect(
      await located({
        "api/package.json": "{}",
        "api/package-lock.json": "{}",
        "web/npm-shrinkwrap.json": "{}",
        "web/package-lock.json": "{}",
        "web/package.json": "{}",
        "docs/package.json": "{}",
      }),
    ).toEqual([
      { root: "api", manifests: ["api/package.json"], lockfile: "api/package-lock.json" },
      {
        root: "web",
        manifests: ["web/package.json"],
        lockfile: "web/npm-shrinkwrap.json",
        unused: ["web/package-lock.json"],
      },
      { root: "docs", manifests: ["docs/package.json"] },
    ]);
  });
});

describe("what is read", () => {
  const only = async (files: Record<string, string>) => {
    const claimed = Object.keys(files).filter((path) => ecosystem.claims(path));
    const [location] = await ecosystem.locate(claimed, memoryFiles(files));
    return ecosystem.read(location!, memoryFiles(files));
  };
  const lock = (version: number, packages: Record<string, unknown>) =>
    JSON.stringify({ name: "x", lockfileVersion: version, packages });

  it.each([2, 3])(
    "takes the version in use from a lockfile of version %s, hoisted or nested",
    async (version) => {
      const project = await only({
        "package.json": `{"workspaces":["a"],"dependencies":{"zod":"^3.0.0"}}`,
        "a/package.json": `{"name":"a","dependencies":{"zod":"^2.0.0","ms":"^2.0.0"}}`,
        "package-lock.json": lock(version, {
          "": { workspaces: ["a"], dependencies: { zod: "^3.0.0" } },
          a: { dependencies: { zod: "^2.0.0", ms: "^2.0.0" } },
          "a/node_modules/zod": { version: "2.5.0" },
          "node_modules/a": { resolved: "a", link: true },
          "node_modules/ms": { version: "2.1.3" },
          "node_modules/zod": { version: "3.22.0" },
        }),
      });
      expect(
        project.manifests.map(({ path, dependencies }) => [
          path,
          dependencies.map((it) => `${it.name} ${it.version}`),
        ]),
      ).toEqual([
        ["package.json", ["zod 3.22.0"]],
        ["a/package.json", ["zod 2.5.0", "ms 2.1.3"]],
      ]);
      expect(project.warnings).toEqual([]);
    },
  );

  it("takes the version in use from a lockfile of version 1, with who asked for what", async () => {
    const project = await only({
      "package.json": `{"dependencies":{"a":"^1.0.0"}}`,
      "package-lock.json": JSON.stringify({
        lockfileVersion: 1,
        dependencies: {
          a: {
            version: "1.2.0",
            requires: { b: "^1.0.0" },
            dependencies: { b: { version: "1.1.0", requires: { c: "*" } } },
          },
          b: { version: "2.0.0", dev: true },
          c: { version: "3.0.0" },
        },
      }),
    });
    expect(project.manifests[0]?.dependencies[0]?.version).toBe("1.2.0");
    expect(project.lockfile?.graph.packages.map(({ id, dependencies }) => [id, dependencies])).toEqual([
      ["", ["node_modules/a"]],
      ["node_modules/a", ["node_modules/a/node_modules/b"]],
      ["node_modules/a/node_modules/b", ["node_modules/c"]],
      ["node_modules/b", []],
      ["node_modules/c", []],
    ]);
  });

  it("takes the lowest version that a requirement allows where no lockfile tells", async () => {
    const project = await only({ "package.json": `{"dependencies":{"a":"^1.2.0","b":"*","c":"2.x"}}` });
    expect(project.manifests[0]?.dependencies.map(({ version }) => version)).toEqual([
      "1.2.0",
      undefined,
      "2.0.0",
    ]);
  });

  it.each([
    ["npm:real@^1.0.0", "alias"],
    ["git+https://host.test/a/b.git#semver:^1", "git"],
    ["owner/name", "git"],
    ["github:owner/name#v1", "git"],
    ["file:../a", "local"],
    ["link:../a", "local"],
    ["workspace:^", "local"],
    ["https://host.test/a.tgz", "tarball"],
    ["./a.tgz", "local"],
    ["next", "tag"],
    ["latest", "tag"],
    ["catalog:", "catalog"],
    ["patch:a@1.0.0#x", "unsupported-requirement"],
    ["not a range", "unsupported-requirement"],
    ["\\\\u003e=1.0.0", "unsupported-requirement"],
  ])("holds %s, and says that it is %s", async (requirement, code) => {
    const project = await only({ "package.json": `{"dependencies":{"a":"${requirement}"}}` });
    const [dependency] = project.manifests[0]?.dependencies ?? [];
    expect(dependency?.held?.code).toBe(code);
    expect(dependency?.held?.detail).not.toBe("");
  });

  it("holds a package whose version an override decides", async () => {
    const project = await only({
      "package.json": `{"dependencies":{"a":"^1.0.0","b":"^1.0.0","c":"^1.0.0"},"overrides":{"a":"1.0.5","b":"$b","d":{"c":"1"}}}`,
    });
    expect(project.manifests[0]?.dependencies.map(({ name, held }) => [name, held?.code])).toEqual([
      ["a", "override"],
      ["b", undefined],
      ["c", undefined],
      ["a", undefined],
      ["c", undefined],
    ]);
  });

  it("tells of a lockfile that is out of step with its manifest", async () => {
    const { warnings } = await only({
      "package.json": `{"dependencies":{"a":"^2.0.0"}}`,
      "package-lock.json": lock(3, {
        "": { dependencies: { a: "^1.0.0" } },
        "node_modules/a": { version: "1.0.0" },
      }),
    });
    expect(warnings).toEqual([
      `the lockfile is out of step with package.json: a is "^2.0.0" there and "^1.0.0" in the lockfile. Run \`npm install\` and commit what it writes`,
    ]);
  });

  it("sees nothing out of step where a package is a peer and developed against in another version", async () => {
    const { warnings } = await only({
      "package.json": `{"devDependencies":{"a":"1.9.1"},"peerDependencies":{"a":"^1.3.0"}}`,
      "package-lock.json": lock(3, {
        "": { devDependencies: { a: "1.9.1" }, peerDependencies: { a: "^1.3.0" } },
        "node_modules/a": { version: "1.9.1" },
      }),
    });
    expect(warnings).toEqual([]);
  });

  it.each(["pnpm-lock.yaml", "yarn.lock", "bun.lock"])(
    "takes a package below a %s that is no member of its workspace for a project of its own",
    async (name) => {
      const project = await only({ "app/package.json": `{"dependencies":{"a":"^1.0.0"}}`, [name]: "" });
      expect(project).toMatchObject({ root: "app", warnings: [] });
      expect(project.lockfile).toBeUndefined();
      expect(project.manifests[0]?.dependencies[0]?.held).toBeUndefined();
    },
  );

  it("asks the registries that .npmrc names, but replaces no variable in them", async () => {
    const project = await only({
      ".npmrc":
        "@acme:registry=https://npm.acme.test/private\n@evil:registry=https://evil.test/${NPM_TOKEN}/\n",
      "package.json": `{"dependencies":{"@acme/a":"^1.0.0","@evil/b":"^1.0.0","c":"^1.0.0"}}`,
    });
    const [acme, evil, plain] = project.manifests[0]?.dependencies ?? [];
    expect(acme).toMatchObject({ registry: "https://npm.acme.test/private/" });
    expect(evil?.held).toMatchObject({ code: "registry" });
    expect(plain?.registry).toBeUndefined();
  });

  it.each([
    [
      "is not valid JSON",
      `{"dependencies": {"a": "^1.0.0",}}`,
      /package\.json \(line 1, column 33\): is not valid JSON/,
    ],
    ["is no object", `["a"]`, /is not a JSON object/],
    ["is empty", "", /is empty|is not valid JSON/],
    [
      "has no table of dependencies",
      `{"dependencies": ["a"]}`,
      /"dependencies" is not a table of names and versions/,
    ],
    [
      "has a version that is no text",
      `{"dependencies": {"a": 1}}`,
      /the version of "a" in "dependencies" is not a string/,
    ],
    [
      "has conflict markers",
      `{\n<<<<<<< HEAD\n  "a": 1\n=======\n>>>>>>> main\n}`,
      /\(line 2, column 1\): has merge conflict markers/,
    ],
    ["nests without end", "[".repeat(5000), /nests deeper than 200 levels/],
  ])("refuses a manifest that %s", async (_, text, message) => {
    await expect(only({ "package.json": text })).rejects.toThrow(message);
    await expect(only({ "package.json": text })).rejects.toBeInstanceOf(ManifestError);
  });

  it.each([
    ["is broken", `{"lockfileVersion": 3,`, /package-lock\.json .*is not valid JSON/],
    ["has conflict markers", `{\n<<<<<<< HEAD\n}`, /has merge conflict markers.*Resolve the conflict/],
    [
      "is of a version to come",
      `{"lockfileVersion": 9, "packages": {}}`,
      /lockfileVersion 9, which is not known/,
    ],
    ["is none of npm's", `{"dependencies": []}`, /is no npm lockfile/],
  ])("refuses a lockfile that %s", async (_, text, message) => {
    await expect(only({ "package.json": "{}", "package-lock.json": text })).rejects.toThrow(message);
  });

  it("never throws anything else, and every span reads back", () => {
    const requirement = fc.oneof(
      fc.string(),
      fc.constantFrom("^1.0.0", "npm:a@1", "a/b", "file:x", "\u2028", '"', "\\"),
    );
    const table = fc.dictionary(fc.string(), requirement);
    const document = fc.record({ dependencies: table, devDependencies: table, engines: fc.anything() });
    fc.assert(
      fc.property(document, fc.constantFrom(0, 2, "\t"), fc.nat(), (data, indent, cut) => {
        const text = JSON.stringify(data, null, indent);
        for (const { span, requirement: read } of readPackageJson("package.json", text).requirements) {
          expect(text.slice(span.start, span.end)).toBe(read);
        }
        const failure = failureOf(() => readPackageJson("package.json", text.slice(0, cut % text.length)));
        expect(failure === undefined || failure instanceof ManifestError).toBe(true);
      }),
    );
  });
});

describe("the registry", () => {
  const address = "https://registry.test/";
  const versions = {
    "1.0.0": { engines: { node: ">=18" }, dist: {} },
    "1.1.0-rc.1": {},
    "1.1.0": { deprecated: "use 2" },
    "not-a-version": {},
    "2.0.0": {
      deprecated: "",
      repository: { url: "git+https://github.com/o/r.git", directory: "packages/a" },
    },
  };
  const time = {
    modified: "2026-05-01T00:00:00Z",
    "1.0.0": "2025-01-01T00:00:00Z",
    "2.0.0": "2026-05-01T00:00:00Z",
  };

  it("is distilled to what the planner needs, in the order of versions", async () => {
    const http = cannedHttp({ [`${address}a`]: { "dist-tags": { latest: "2.0.0" }, versions, time } });
    expect(await npm({ registry: address }).releases({ name: "a" }, http, { dated: false })).toEqual({
      releases: [
        { version: "1.0.0", publishedAt: "2025-01-01T00:00:00Z", engines: { node: ">=18" } },
        { version: "1.1.0-rc.1" },
        { version: "1.1.0", withdrawn: { kind: "deprecated", message: "use 2" } },
        { version: "2.0.0", publishedAt: "2026-05-01T00:00:00Z" },
      ],
      dated: true,
      recommended: "2.0.0",
      modifiedAt: "2026-05-01T00:00:00Z",
      source: { url: "git+https://github.com/o/r.git", directory: "packages/a" },
    });
  });

  it("is asked for the large document only where times are wanted and the brief one has none", async () => {
    const http = cannedHttp({ [`${address}@acme%2Fa`]: { versions, modified: "2026-05-01T00:00:00Z" } });
    await npm({ registry: address }).releases({ name: "@acme/a" }, http, { dated: false });
    expect(http.asked).toHaveLength(1);
    await npm({ registry: address }).releases({ name: "@acme/a" }, http, { dated: true });
    expect(http.asked).toHaveLength(3);
  });

  it("answers nothing for a package that it does not know", async () => {
    const http = cannedHttp({ [`${address}a`]: undefined });
    expect(await npm({ registry: address }).releases({ name: "a" }, http, { dated: false })).toBeUndefined();
  });
});

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
