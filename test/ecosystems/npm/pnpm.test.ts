import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { mayPass, ProgramError } from "../../../src/domain/errors.ts";
import type { Program, ProgramRun, Tools } from "../../../src/domain/ports.ts";
import type { Project, Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { filesIn } from "../../../src/text/archive.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";
import { keepsTheContract } from "../contract.ts";

const workspace = `packages:
  - "packages/*"
  - '!packages/old'

# what everybody uses
catalog:
  zod: ^3.0.0   # keep me
  "@acme/util": '~1.0.0'
catalogs:
  old: { ms: "2.0.0" }
`;
const lock = `lockfileVersion: '9.0'

catalogs:
  default:
    zod:
      specifier: ^3.0.0
      version: 3.22.0
  old:
    ms:
      specifier: 2.0.0
      version: 2.0.0

importers:

  .:
    devDependencies:
      vite:
        specifier: ^5.0.0
        version: 5.0.0(zod@3.22.0)

  packages/a:
    dependencies:
      b:
        specifier: workspace:*
        version: link:../b
      ms:
        specifier: catalog:old
        version: 2.0.0
      renamed:
        specifier: npm:real@^1.0.0
        version: real@1.0.0

  packages/b:
    dependencies:
      zod:
        specifier: 'catalog:'
        version: 3.22.0

packages:

  ms@2.0.0:
    resolution: {integrity: sha512-ms}

  real@1.0.0:
    resolution: {integrity: sha512-real}

  vite@5.0.0:
    resolution: {integrity: sha512-vite}

  zod@3.22.0:
    resolution: {integrity: sha512-zod}

snapshots:

  ms@2.0.0: {}

  real@1.0.0:
    dependencies:
      ms: 2.0.0

  vite@5.0.0(zod@3.22.0):
    dependencies:
      zod: 3.22.0

  zod@3.22.0: {}
`;
const ownDocument = `---
lockfileVersion: '9.0'

importers:

  .:
    configDependencies: {}
    packageManagerDependencies:
      pnpm:
        specifier: 11.19.0
        version: 11.19.0

packages:

  pnpm@11.19.0:
    resolution: {integrity: sha512-pnpm}

`;
const repository = {
  "package.json": `{"private":true,"packageManager":"pnpm@9.1.0","devDependencies":{"vite":"^5.0.0"}}`,
  "pnpm-workspace.yaml": workspace,
  "packages/a/package.json": `{"name":"a","dependencies":{"b":"workspace:*","ms":"catalog:old","renamed":"npm:real@^1.0.0"}}`,
  "packages/b/package.json": `{"name":"b","dependencies":{"zod":"catalog:"}}`,
  "packages/old/package.json": `{"name":"old","dependencies":{"zod":"^3.0.0"}}`,
};
const locked = { ...repository, "pnpm-lock.yaml": lock };

const ecosystem = npm({ registry: "https://registry.test/" });

async function read(files: Record<string, string>): Promise<readonly Project[]> {
  const reader = memoryFiles(files);
  const claimed = Object.keys(files).filter((path) => ecosystem.claims(path));
  const locations = await ecosystem.locate(claimed, reader);
  return Promise.all(locations.map((location) => ecosystem.read(location, reader)));
}

describe("pnpm", () => {
  keepsTheContract(
    ecosystem,
    { ...repository, "package.json": `{"devDependencies":{"vite":"^5.0.0"}}` },
    "99.1.2",
  );
});

describe("a workspace of pnpm", () => {
  it("is one project with its catalogs; what its globs leave out is another", async () => {
    const projects = await read(locked);
    expect(projects.map(({ root, manifests }) => [root, manifests.map(({ path }) => path)])).toEqual([
      ["", ["package.json", "pnpm-workspace.yaml", "packages/a/package.json", "packages/b/package.json"]],
      ["packages/old", ["packages/old/package.json"]],
    ]);
    expect(projects.map(({ lockfile }) => lockfile?.path)).toEqual(["pnpm-lock.yaml", undefined]);
    expect(projects.flatMap(({ warnings }) => warnings)).toEqual([]);
  });

  it("tells versions in use, of catalog entries too, and what is decided elsewhere", async () => {
    const [project] = await read(locked);
    expect(
      project?.manifests.flatMap(({ dependencies }) =>
        dependencies.map(({ name, version, held }) => [name, version, held?.code]),
      ),
    ).toEqual([
      ["vite", "5.0.0", undefined],
      ["pnpm", "9.1.0", undefined],
      ["zod", "3.22.0", undefined],
      ["@acme/util", "1.0.0", undefined],
      ["ms", "2.0.0", undefined],
      ["b", undefined, "local"],
      ["ms", "2.0.0", "catalog"],
      ["renamed", undefined, "alias"],
      ["zod", "3.22.0", "catalog"],
    ]);
  });

  it("reads its lockfile into a graph", async () => {
    const [project] = await read(locked);
    expect(
      project?.lockfile?.graph.packages.map(({ id, scope, dependencies }) => [id, scope, dependencies]),
    ).toEqual([
      ["./", "runtime", ["vite@5.0.0(zod@3.22.0)"]],
      ["./packages/a", "runtime", ["./packages/b", "ms@2.0.0", "real@1.0.0"]],
      ["./packages/b", "runtime", ["zod@3.22.0"]],
      ["ms@2.0.0", "runtime", []],
      ["real@1.0.0", "runtime", ["ms@2.0.0"]],
      ["vite@5.0.0(zod@3.22.0)", "development", ["zod@3.22.0"]],
      ["zod@3.22.0", "runtime", []],
    ]);
  });

  it("reads version 6 too, with and without importers", async () => {
    const [project] = await read({
      "package.json": `{"dependencies":{"zod":"^3.0.0"}}`,
      "pnpm-lock.yaml": `lockfileVersion: '6.0'\n\ndependencies:\n  zod:\n    specifier: ^3.0.0\n    version: 3.22.0(ms@2.0.0)\n\npackages:\n\n  /ms@2.0.0:\n    resolution: {integrity: sha512-ms}\n\n  /zod@3.22.0(ms@2.0.0):\n    resolution: {integrity: sha512-zod}\n    dependencies:\n      ms: 2.0.0\n`,
    });
    expect(project?.manifests[0]?.dependencies[0]?.version).toBe("3.22.0");
    expect(project?.lockfile?.graph.packages.map(({ id, integrity }) => [id, integrity])).toEqual([
      ["./", undefined],
      ["ms@2.0.0", "sha512-ms"],
      ["zod@3.22.0(ms@2.0.0)", "sha512-zod"],
    ]);
  });

  it("reads what stands behind the document that pnpm 11 keeps about itself", async () => {
    const [plain] = await read(locked);
    const [late] = await read({ ...locked, "pnpm-lock.yaml": `${ownDocument}---\n${lock}` });
    expect(late?.lockfile?.graph).toEqual(plain?.lockfile?.graph);
    expect(late?.warnings).toEqual([]);
  });

  it.each(["zod", "zod@3", "a>zod", "a@1>zod@3"])("is in step where %j is overridden", async (rule) => {
    const text = lock
      .replace("\ncatalogs:", `\noverrides:\n  ${rule}: 3.22.0\n\ncatalogs:`)
      .replace("specifier: 'catalog:'", "specifier: 3.22.0");
    const [project] = await read({ ...locked, "pnpm-lock.yaml": text });
    expect(project?.warnings).toEqual([]);
  });

  it.each([
    ["a pnpmfile", { ".pnpmfile.cjs": "" }],
    [
      "dependencies of its configuration",
      { "pnpm-workspace.yaml": `${workspace}configDependencies:\n  evil: 1.0.0+sha512-x\n` },
    ],
    ["a pnpmfile of another name", { "pnpm-workspace.yaml": `${workspace}pnpmfile: hooks.js\n` }],
  ])("is left alone when %s would be run", async (_, files) => {
    const [project] = await read({ ...locked, ...files });
    expect(project?.manifests[0]?.dependencies[0]?.held?.code).toBe("runs-code");
  });

  it.each([
    ["of an older version", "lockfileVersion: 5.4\n", /lockfileVersion 5\.4, which is not supported/],
    ["of a version to come", "lockfileVersion: '12.0'\n", /lockfileVersion 12\.0, which is not supported/],
    ["that is no YAML", "lockfileVersion: '9.0'\n  x: [", /is not valid YAML/],
    [
      "with conflict markers",
      "lockfileVersion: '9.0'\n<<<<<<< HEAD\n",
      /line 2, column 1.*has merge conflict markers/,
    ],
    ["of another kind", "[]", /is no pnpm lockfile/],
  ])("refuses a lockfile %s", async (_, text, message) => {
    await expect(read({ ...repository, "pnpm-lock.yaml": text })).rejects.toThrow(message);
  });
});

describe("a lockfile of pnpm is made by pnpm", () => {
  const archive = { dist: { tarball: "https://registry.test/pnpm.tgz", integrity: "sha512-x" } };
  const http = cannedHttp({
    "https://registry.test/pnpm": {
      versions: {
        "8.15.9": archive,
        "9.1.0": archive,
        "10.34.8": archive,
        "11.19.0": archive,
        "12.0.0": archive,
      },
    },
  });

  /** Notes what it is asked to run, and gives the same lockfile with the version in it raised, for what is asked of it. */
  function noting(fails?: Error, more = "") {
    const runs: { program: Program; order: ProgramRun }[] = [];
    const tools: Tools = {
      ...noTools,
      async run(program, order) {
        runs.push({ program, order });
        if (fails !== undefined) throw fails;
        const wanted = /zod: (\S+)/.exec(order.files["pnpm-workspace.yaml"] ?? "")?.[1];
        return {
          "pnpm-lock.yaml": (order.files["pnpm-lock.yaml"] ?? "").replace(
            /specifier: \S+\n {6}version: 3\.(?:22\.0|23\.8)/,
            `specifier: ${wanted}${more}\n      version: 3.23.8`,
          ),
        };
      },
    };
    return { runs, tools };
  }

  async function raiseZod(tools: Tools, files: Record<string, string> = locked) {
    const [project] = await read(files);
    const manifest = project!.manifests.find(({ path }) => path === "pnpm-workspace.yaml")!;
    const dependency = manifest.dependencies.find(({ name }) => name === "zod")!;
    const update: Update = {
      project: project!,
      manifest,
      dependency,
      from: "3.22.0",
      release: { version: "3.23.8" },
      requirement: "^3.23.0",
      size: "minor",
      fixes: [],
    };
    return ecosystem.patch(project!, [update], { files: memoryFiles(files), http, tools });
  }

  const raised = lock.replace(
    "specifier: ^3.0.0\n      version: 3.22.0",
    "specifier: ^3.23.0\n      version: 3.23.8",
  );
  const wishes = (runs: readonly { order: ProgramRun }[]) =>
    runs.map(({ order }) => [
      order.args.at(-1),
      /zod: (\S+)/.exec(order.files["pnpm-workspace.yaml"] ?? "")?.[1],
    ]);

  it("with exact versions, over which the ranges are written; a catalog is edited once, in its place", async () => {
    const { runs, tools } = noting();
    const changes = await raiseZod(tools);
    expect(changes).toEqual([
      { path: "pnpm-workspace.yaml", content: workspace.replace("zod: ^3.0.0 ", "zod: ^3.23.0 ") },
      { path: "pnpm-lock.yaml", content: raised },
    ]);
    expect(wishes(runs)).toEqual([["--no-frozen-lockfile", "3.23.8"]]);
    for (const { order } of runs)
      expect(order.args).toEqual(
        expect.arrayContaining(["--ignore-scripts", "--ignore-pnpmfile", "--lockfile-only"]),
      );
  });

  it("and where the lockfile has something else than was asked, with the ranges, and then frozen", async () => {
    const { runs, tools } = noting(undefined, "-own");
    await raiseZod(tools);
    expect(wishes(runs)).toEqual([
      ["--no-frozen-lockfile", "3.23.8"],
      ["--no-frozen-lockfile", "^3.23.0"],
      ["--frozen-lockfile", "^3.23.0"],
    ]);
  });

  it.each([
    ["pnpm@9.1.0", lock, "9.1.0"],
    ["pnpm@9.1.0+sha512.abc", lock, "9.1.0"],
    ["pnpm@11.19.0", lock, "11.19.0"],
    [undefined, lock, "10.34.8"],
    [undefined, `${ownDocument}---\n${lock}`, "11.19.0"],
  ])("at the version that the project pins: %s", async (pinned, text, version) => {
    const { runs, tools } = noting();
    const root = JSON.stringify({
      private: true,
      packageManager: pinned,
      devDependencies: { vite: "^5.0.0" },
    });
    await raiseZod(tools, { ...locked, "package.json": root, "pnpm-lock.yaml": text });
    expect(runs[0]?.program).toEqual({
      name: "pnpm",
      version,
      entry: "bin/pnpm.cjs",
      archive: archive.dist.tarball,
      integrity: "sha512-x",
    });
  });

  it("and of a repository's own settings only those that shape it get there", async () => {
    const { runs, tools } = noting();
    const npmrc =
      "auto-install-peers=false\nglobal-pnpmfile=/tmp/evil.cjs\nscript-shell=/tmp/evil\n//registry.test/:_authToken=${SECRET}\n";
    await raiseZod(tools, { ...locked, ".npmrc": npmrc });
    const written = runs[0]?.order.files[".npmrc"] ?? "";
    expect(written).toContain("auto-install-peers=false\n");
    expect(written).not.toMatch(/evil|SECRET/);
  });

  it("from manifests and workspaces without what leads elsewhere, with the patches they name", async () => {
    const { runs, tools } = noting();
    const manifest = {
      private: true,
      scripts: { preinstall: "evil" },
      packageManager: "pnpm@9.1.0",
      devEngines: { runtime: { name: "node", version: "24" }, packageManager: { name: "evil" } },
      devDependencies: { vite: "^5.0.0" },
      pnpm: { overrides: { a: "1" }, executionEnv: { nodeVersion: "evil" } },
    };
    await raiseZod(tools, {
      ...locked,
      "package.json": JSON.stringify(manifest),
      "pnpm-workspace.yaml": `${workspace}patchedDependencies:\n  ms: patches/ms.patch\nregistries:\n  default: https://evil.test/\nscriptShell: ./evil\nautoInstallPeers: false\n`,
      "patches/ms.patch": "--- a\n",
      "patches/other.patch": "--- b\n",
    });
    const { files = {} } = runs[0]?.order ?? {};
    expect(JSON.parse(files["package.json"] ?? "")).toEqual({
      private: true,
      devEngines: { runtime: { name: "node", version: "24" } },
      devDependencies: { vite: "^5.0.0" },
      pnpm: { overrides: { a: "1" } },
    });
    expect(files["pnpm-workspace.yaml"]).toContain("autoInstallPeers: false");
    expect(files["pnpm-workspace.yaml"]).not.toContain("evil");
    expect(Object.keys(files).filter((path) => path.endsWith(".patch"))).toEqual(["patches/ms.patch"]);
  });

  it("from the registries that the workspace names, over those of the .npmrc", async () => {
    const { runs, tools } = noting();
    await raiseZod(tools, {
      ...locked,
      ".npmrc": "registry=https://old.example/\n@acme:registry=https://old.example/acme/\n",
      "pnpm-workspace.yaml": `${workspace}registries:\n  default: https://npm.example\n  "@acme": https://npm.acme.example\n`,
    });
    expect(runs[0]?.order.files[".npmrc"]).toMatch(
      /^registry=https:\/\/npm\.example\/\n@acme:registry=https:\/\/npm\.acme\.example\/\n/m,
    );
  });

  it("and what follows a tag, or has another name, stays when it is made anew", async () => {
    const manifest = { private: true, dependencies: { ms: "latest", renamed: "npm:real@^1.0.0" } };
    const own = (ms: string, real: string) => `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      ms:
        specifier: ${ms}
        version: 2.0.0
      renamed:
        specifier: ${real}
        version: real@1.0.0

packages:

  ms@2.0.0:
    resolution: {integrity: sha512-ms}

  real@1.0.0:
    resolution: {integrity: sha512-real}

snapshots:

  ms@2.0.0: {}

  real@1.0.0: {}
`;
    const files = {
      "package.json": JSON.stringify(manifest),
      "pnpm-lock.yaml": own("latest", "npm:real@^1.0.0"),
    };
    const runs: ProgramRun[] = [];
    const tools: Tools = {
      ...noTools,
      async run(_, order) {
        runs.push(order);
        return {
          "pnpm-lock.yaml": order.files["pnpm-lock.yaml"] ?? own("2.0.0", "npm:real@1.0.0"),
        };
      },
    };
    const [project] = await read(files);
    const changes = await ecosystem.refresh?.(project!, { files: memoryFiles(files), http, tools });
    expect(runs.map((order) => JSON.parse(order.files["package.json"] ?? ""))).toMatchObject([
      { dependencies: { ms: "2.0.0", renamed: "npm:real@1.0.0" } },
    ]);
    expect(changes).toEqual([]);
  });

  it("and where nothing is to move, asks the registry all the same", async () => {
    const { runs, tools } = noting();
    const [project] = await read(locked);
    await ecosystem.assertResolves?.(project!, { files: memoryFiles(locked), http, tools });
    expect(runs[0]?.order.args).toContain("--no-prefer-frozen-lockfile");
    await raiseZod(tools);
    expect(runs.at(-1)?.order.args).not.toContain("--no-prefer-frozen-lockfile");
  });

  it.each([
    [
      "a package whose name is not only a part of the one's",
      "No matching version found for zod-extra@2.0.0",
      [],
    ],
    ["a package that is named", "No matching version found for zod@3.23.8", ["zod"]],
  ])("and nothing else is suspected than %s", async (_, said, suspects) => {
    const { tools } = noting(new ProgramError("pnpm 9.1.0 ended with 1", ` ERR_PNPM_X  ${said}\n`));
    await expect(raiseZod(tools)).rejects.toMatchObject({ suspects });
  });

  const withArchive = {
    ...locked,
    "packages/b/package.json": `{"name":"b","dependencies":{"zod":"catalog:","x":"file:./vendor/x.tgz"}}`,
  };

  it("and sees, in place of an archive of the repository, one that says what the lockfile says", async () => {
    const at = "file:packages/b/vendor/x.tgz";
    const text = lock
      .replace(
        "      zod:\n        specifier: 'catalog:'",
        `      x:\n        specifier: file:./vendor/x.tgz\n        version: ${at}(zod@3.22.0)\n$&`,
      )
      .replace(
        "  zod@3.22.0:\n",
        `  x@${at}:\n    resolution: {integrity: sha512-own, tarball: ${at}}\n    version: 1.2.0\n    hasBin: true\n    peerDependencies:\n      zod: ^3.0.0\n\n$&`,
      )
      .replace(
        "  zod@3.22.0: {}\n",
        `  x@${at}(zod@3.22.0):\n    dependencies:\n      ms: 2.0.0\n      renamed: real@1.0.0\n      zod: 3.22.0\n\n$&`,
      );
    const runs: ProgramRun[] = [];
    const tools: Tools = {
      ...noTools,
      async run(_, order) {
        runs.push(order);
        const bytes = order.archives?.["packages/b/vendor/x.tgz"] ?? "";
        const digest = createHash("sha512").update(bytes).digest("base64");
        return {
          "pnpm-lock.yaml": (order.files["pnpm-lock.yaml"] ?? "")
            .replace("^3.0.0\n      version: 3.22.0", "^3.23.0\n      version: 3.23.8")
            .replace("sha512-own", `sha512-${digest}`),
        };
      },
    };
    const changes = await raiseZod(tools, { ...withArchive, "pnpm-lock.yaml": text });
    const shown = Buffer.from(runs[0]?.archives?.["packages/b/vendor/x.tgz"] ?? []);
    const [manifest, ...others] = filesIn(shown, () => 10_000);
    expect([manifest?.path, others]).toEqual(["package/package.json", []]);
    expect(JSON.parse(manifest?.bytes.toString() ?? "")).toEqual({
      name: "x",
      version: "1.2.0",
      bin: "index.js",
      dependencies: { ms: "2.0.0", renamed: "npm:real@1.0.0", zod: "3.22.0" },
      optionalDependencies: {},
      peerDependencies: { zod: "^3.0.0" },
    });
    expect(changes.find(({ path }) => path === "pnpm-lock.yaml")?.content).toBe(
      text.replace("^3.0.0\n      version: 3.22.0", "^3.23.0\n      version: 3.23.8"),
    );
  });

  it("and it is not asked where the lockfile says nothing of an archive of the repository", async () => {
    const { runs, tools } = noting();
    await expect(raiseZod(tools, withArchive)).rejects.toMatchObject({
      message:
        "packages/b/package.json needs file:./vendor/x.tgz, an archive that is kept in the repository: archives are not read, and the lockfile says nothing of it",
      isHopeless: true,
    });
    expect(runs).toEqual([]);
  });

  it("and that it breaks is not put down to an update, nor tried with fewer", async () => {
    const said = "pnpm.cjs:1\n\nTypeError: it broke\n    at pnpm.cjs:1\n";
    const { tools } = noting(new ProgramError("pnpm 9.1.0 ended with 1", said));
    await expect(raiseZod(tools)).rejects.toMatchObject({
      name: "ResolutionError",
      message: "pnpm makes no lockfile: TypeError: it broke",
      isHopeless: true,
    });
  });

  it("and that it cannot reach the registry may pass", async () => {
    const said = " ERR_PNPM_META_FETCH_FAIL  GET https://registry.test/zod: fetch failed\n";
    const { tools } = noting(new ProgramError("pnpm 9.1.0 ended with 1", said));
    await expect(raiseZod(tools)).rejects.toSatisfy(mayPass);
  });

  it("and what pnpm refuses is told in its words, with who may be at fault", async () => {
    const said =
      "Progress: resolved 1\n ERR_PNPM_NO_MATCHING_VERSION  No matching version found for zod@9\n\nThis error happened while installing\n";
    const { tools } = noting(new ProgramError("pnpm 9.1.0 ended with 1", said));
    const failure = raiseZod(tools);
    await expect(failure).rejects.toThrow(
      /pnpm makes no lockfile: ERR_PNPM_NO_MATCHING_VERSION No matching version found for zod@9/,
    );
    await expect(failure).rejects.toMatchObject({ name: "ResolutionError", suspects: ["zod"] });
  });
});
