import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HttpError, ManifestError, ProgramError } from "../../../src/domain/errors.ts";
import type { NativeRun, Program, Tools } from "../../../src/domain/ports.ts";
import type { Project, Update } from "../../../src/domain/types.ts";
import type { Ecosystem } from "../../../src/ecosystems/ecosystem.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { readBunLock } from "../../../src/ecosystems/npm/managers/bun-lockfile.ts";
import { publicRegistry } from "../../../src/ecosystems/npm/registry.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";
import { keepsTheContract } from "../contract.ts";

const lock = `{
  "lockfileVersion": 1,
  "configVersion": 0,
  "workspaces": {
    "": {
      "name": "top",
      "devDependencies": {
        "vite": "^5.0.0",
      },
    },
    "packages/a": {
      "name": "@top/a",
      "version": "1.2.3",
      "dependencies": {
        "@top/b": "workspace:*",
        "ms": "^2.0.0",
        "renamed": "npm:real@^1.0.0",
      },
      "peerDependencies": {
        "react": "*",
      },
      "optionalPeers": [
        "react",
      ],
    },
    "packages/b": {
      "name": "@top/b",
      "dependencies": {
        "ms": "^1.0.0",
        "sheet": "https://sheets.example/sheet-1.0.0.tgz",
      },
    },
  },
  "packages": {
    "@top/a": ["@top/a@workspace:packages/a"],

    "@top/b": ["@top/b@workspace:packages/b"],

    "ms": ["ms@2.0.0", "", {}, "sha512-ms2=="],

    "real": ["real@1.1.0", "", { "dependencies": { "ms": "^2.0.0" } }, "sha512-real=="],

    "renamed": ["real@1.0.0", "https://npm.example/real/-/real-1.0.0.tgz", { "dependencies": { "ms": "^1.0.0" } }, "sha512-old=="],

    "sheet": ["sheet@https://sheets.example/sheet-1.0.0.tgz", { "bin": { "sheet": "s.js" } }],

    "vite": ["vite@5.0.0", "", { "dependencies": { "real": "^1.0.0" }, "optionalPeers": ["less"] }, "sha512-vite=="],

    "@top/b/ms": ["ms@1.0.0", "", {}, "sha512-ms1=="],

    "renamed/ms": ["ms@1.0.0", "", {}, "sha512-ms1=="],
  }
}
`;
const repository = {
  "package.json": `{"name":"top","packageManager":"bun@1.3.4","workspaces":["packages/*"],"devDependencies":{"vite":"^5.0.0"}}`,
  "packages/a/package.json": `{"name":"@top/a","version":"1.2.3","dependencies":{"@top/b":"workspace:*","ms":"^2.0.0","renamed":"npm:real@^1.0.0"},"peerDependencies":{"react":"*"}}`,
  "packages/b/package.json": `{"name":"@top/b","dependencies":{"ms":"^1.0.0","sheet":"https://sheets.example/sheet-1.0.0.tgz"}}`,
};
const locked = { ...repository, "bun.lock": lock };
const plain = npm({ registry: "https://registry.test/" });

async function read(files: Record<string, string>): Promise<Project> {
  const reader = memoryFiles(files);
  const claimed = Object.keys(files).filter((path) => plain.claims(path));
  const [location] = await plain.locate(claimed, reader);
  return plain.read(location!, reader);
}

keepsTheContract(
  plain,
  { ...repository, "package.json": `{"workspaces":["packages/*"],"devDependencies":{"vite":"^5.0.0"}}` },
  "99.1.2",
);

describe("a bun.lock", () => {
  it("is a graph: the nearest package of a name is who was asked for", async () => {
    const { lockfile, warnings } = await read(locked);
    const { packages } = lockfile!.graph;
    expect(
      Object.fromEntries(
        packages.map(({ id, name, version, scope, dependencies }) => [
          id,
          { name, version, scope, dependencies },
        ]),
      ),
    ).toEqual({
      "./": { name: "top", version: "", scope: "runtime", dependencies: ["vite"] },
      "./packages/a": {
        name: "@top/a",
        version: "1.2.3",
        scope: "runtime",
        dependencies: ["./packages/b", "ms", "renamed"],
      },
      "./packages/b": { name: "@top/b", version: "", scope: "runtime", dependencies: ["@top/b/ms", "sheet"] },
      ms: { name: "ms", version: "2.0.0", scope: "runtime", dependencies: [] },
      real: { name: "real", version: "1.1.0", scope: "development", dependencies: ["ms"] },
      renamed: { name: "real", version: "1.0.0", scope: "runtime", dependencies: ["renamed/ms"] },
      sheet: {
        name: "sheet",
        version: "https://sheets.example/sheet-1.0.0.tgz",
        scope: "runtime",
        dependencies: [],
      },
      vite: { name: "vite", version: "5.0.0", scope: "development", dependencies: ["real"] },
      "@top/b/ms": { name: "ms", version: "1.0.0", scope: "runtime", dependencies: [] },
      "renamed/ms": { name: "ms", version: "1.0.0", scope: "runtime", dependencies: [] },
    });
    expect(packages.find(({ id }) => id === "vite")?.integrity).toBe("sha512-vite==");
    expect(warnings).toEqual([]);
  });

  it("that believes something else of a manifest is told", async () => {
    const { warnings } = await read({
      ...locked,
      "package.json": repository["package.json"].replace("^5.0.0", "^5.1.0"),
    });
    expect(warnings).toEqual([
      'the lockfile is out of step with package.json: vite is "^5.1.0" there and "^5.0.0" in the lockfile. Run `bun install` and commit what it writes',
    ]);
  });

  it.each([
    [
      "with merge conflict markers",
      `{\n<<<<<<< HEAD\n}`,
      /bun.lock \(line 2, column 1\): has merge conflict markers/,
    ],
    [
      "of a later version",
      `{"lockfileVersion": 3, "packages": {}}`,
      /lockfileVersion 3, which is not known: 0, 1 and 2 are\. Make it/,
    ],
    ["that breaks off", `{"lockfileVersion": 1,`, /is not valid JSON/],
    ["of another kind", "[]", /is no lockfile of bun's/],
    [
      "with an entry that is none",
      `{"lockfileVersion": 1, "packages": { "a": ["a"] }}`,
      /the entry of "a" is none/,
    ],
  ])("%s is refused", async (_, text, message) => {
    await expect(read({ ...repository, "bun.lock": text })).rejects.toThrow(message);
  });

  it("with a cycle is read as it is", async () => {
    const text = `{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"a": "1"}}}, "packages": {
      "a": ["a@1.0.0", "", { "dependencies": { "b": "1" } }, ""], "b": ["b@1.0.0", "", { "dependencies": { "a": "1" } }, ""] }}`;
    const { lockfile } = await read({ "package.json": `{"dependencies":{"a":"1"}}`, "bun.lock": text });
    expect(
      lockfile?.graph.packages.map(({ id, scope, dependencies }) => [id, scope, ...dependencies]),
    ).toEqual([
      ["./", "runtime", "a"],
      ["a", "runtime", "b"],
      ["b", "runtime", "a"],
    ]);
  });

  it("whatever its text throws nothing but ManifestError", () => {
    const thrownBy = (text: string): unknown => {
      try {
        readBunLock("bun.lock", text, [{ folder: "", manifest: "package.json", requirements: [] }]);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), spoilt), (text) => {
        const error = thrownBy(text);
        expect(error === undefined || error instanceof ManifestError).toBe(true);
      }),
    );
  });
});

describe("the catalogs of bun", () => {
  it.each([
    ["workspaces", (catalogs: object) => ({ workspaces: { packages: [], ...catalogs } })],
    ["the top", (catalogs: object) => ({ workspaces: [], ...catalogs })],
  ])("are requirements of the root's manifest, defined in %s", async (_, defining) => {
    const manifest = {
      dependencies: { ms: "catalog:", "@acme/util": "catalog:old" },
      ...defining({ catalog: { ms: "^2.0.0" }, catalogs: { old: { "@acme/util": "1.0.0" } } }),
    };
    const text = `{"lockfileVersion": 1, "workspaces": {"": {"dependencies": {"ms": "catalog:", "@acme/util": "catalog:old"}}}, "packages": {
      "ms": ["ms@2.1.3", "", {}, ""], "@acme/util": ["@acme/util@1.0.0", "", {}, ""] }}`;
    const written = JSON.stringify(manifest, undefined, 2);
    const { manifests, warnings } = await read({ "package.json": written, "bun.lock": text });
    expect(
      manifests[0]?.dependencies.map(({ name, requirement, version, held }) => [
        name,
        requirement,
        version,
        held?.code,
      ]),
    ).toEqual([
      ["ms", "catalog:", "2.1.3", "catalog"],
      ["@acme/util", "catalog:old", "1.0.0", "catalog"],
      ["ms", "^2.0.0", "2.1.3", undefined],
      ["@acme/util", "1.0.0", "1.0.0", undefined],
    ]);
    for (const { span, requirement } of manifests[0]?.dependencies ?? [])
      expect(written.slice(span.start, span.end)).toBe(requirement);
    expect(warnings).toEqual([]);
  });
});

describe("the lockfile in use", () => {
  const several = {
    "package-lock.json": "{}",
    "pnpm-lock.yaml": "",
    "yarn.lock": "",
    "bun.lock": "",
    "bun.lockb": "",
  };
  it.each([
    [{ packageManager: "pnpm@9.1.0" }, "pnpm-lock.yaml"],
    [{ packageManager: "yarn@1.22.22", devEngines: { packageManager: { name: "bun" } } }, "yarn.lock"],
    [{ devEngines: { packageManager: { name: "bun", version: "^1.3.0" } } }, "bun.lock"],
    [{ devEngines: { packageManager: [{ name: "pnpm" }, { name: "npm" }] } }, "pnpm-lock.yaml"],
    [{}, "package-lock.json"],
  ])("is the one of the package manager that is asked for: %j", async (manifest, lockfile) => {
    const files = { "package.json": JSON.stringify(manifest), ...several };
    const [location] = await plain.locate(["package.json"], memoryFiles(files));
    expect(location?.lockfile).toBe(lockfile);
    expect([...(location?.unused ?? []), lockfile].toSorted()).toEqual(Object.keys(several).toSorted());
  });

  it("is told of what lies beside it", async () => {
    const { warnings } = await read({ ...locked, "yarn.lock": "" });
    expect(warnings).toEqual([
      `yarn.lock is not used: bun.lock is the lockfile of this project's package manager. Remove yarn.lock, or name its manager in "packageManager"`,
    ]);
  });

  it("that is binary is left alone, with the mend", async () => {
    const { lockfile, warnings, manifests } = await read({ ...repository, "bun.lockb": "\0" });
    expect(lockfile).toBeUndefined();
    expect(warnings[0]).toMatch(
      /^bun\.lockb is binary.* run `bun install --save-text-lockfile --lockfile-only`/,
    );
    expect(manifests[0]?.dependencies.find(({ name }) => name === "vite")?.held?.code).toBe(
      "unsupported-lockfile",
    );
  });
});

it("a workspace glob that matches nothing is told, and the others count", async () => {
  const { warnings, manifests } = await read({
    ...locked,
    "package.json": repository["package.json"].replace('"packages/*"', '"packages/*","apps/*","!packages/c"'),
  });
  expect(warnings).toEqual(['the workspace glob "apps/*" in package.json matches no package']);
  expect(manifests.length).toBe(3);
});

/** The lockfile with a piece cut out or put in. */
const spoilt = fc
  .tuple(fc.nat(lock.length), fc.nat(40), fc.string({ maxLength: 5 }))
  .map(([at, length, text]) => lock.slice(0, at) + text + lock.slice(at + length));

describe("a lockfile of bun is made by bun", () => {
  const archive = { dist: { tarball: "https://registry.test/bun.tgz", integrity: "sha512-x" } };
  const program = { versions: { "1.2.23": archive, "1.3.4": archive, "1.3.9": archive, "1.4.5": archive } };
  const kinds = [
    "linux-x64-baseline",
    "linux-x64-musl-baseline",
    "linux-aarch64",
    "linux-aarch64-musl",
    "darwin-x64-baseline",
    "darwin-aarch64",
  ];
  const document = {
    name: "vite",
    "dist-tags": { latest: "5.2.0" },
    versions: { "5.1.0": { dist: { tarball: "https://registry.test/vite.tgz" } } },
  };
  const http = cannedHttp({
    ...Object.fromEntries(kinds.map((kind) => [`https://registry.test/@oven%2Fbun-${kind}`, program])),
    "https://registry.test/vite": document,
    "https://registry.test/@top%2Fb": undefined,
    "https://registry.test/broken": 500,
  });

  /** Notes what it is asked to run, and gives the same lockfile with what is asked of vite in it. */
  function noting(more: { fails?: Error; asks?: string; said?: string } = {}) {
    const runs: { program: Program; order: NativeRun }[] = [];
    const answers: (string | undefined)[] = [];
    const tools: Tools = {
      ...noTools,
      async runNative(asked, order) {
        runs.push({ program: asked, order });
        if (more.asks !== undefined)
          answers.push((await order.answer(new URL(more.asks), "*/*").catch(() => undefined))?.toString());
        if (more.fails !== undefined) throw more.fails;
        const wanted = /"vite":"([^"]+)"/.exec(order.files["package.json"] ?? "")?.[1];
        const text = order.files["bun.lock"] ?? "";
        const moved = text
          .replace('"vite": "^5.0.0"', `"vite": "${wanted}"`)
          .replace(/"vite": "5.1.0"/, `"vite": "${wanted}"`);
        return { "bun.lock": moved.replace('"vite@5.0.0", ""', `"vite@5.1.0", "${more.said ?? ""}"`) };
      },
    };
    return { runs, answers, tools };
  }

  async function raiseVite(
    tools: Tools,
    files: Record<string, string> = locked,
    { ecosystem = plain, asOf }: { ecosystem?: Ecosystem; asOf?: Date } = {},
  ) {
    const project = await read(files);
    const [manifest] = project.manifests;
    const dependency = manifest!.dependencies.find(({ name }) => name === "vite")!;
    const update: Update = {
      project,
      manifest: manifest!,
      dependency,
      from: "5.0.0",
      release: { version: "5.1.0" },
      requirement: "^5.1.0",
      size: "minor",
      fixes: [],
    };
    const io = { files: memoryFiles(files), http, tools };
    return ecosystem.patch(project, [update], asOf === undefined ? io : { ...io, asOf });
  }

  it("with exact versions, over which the ranges are written", async () => {
    const { runs, tools } = noting();
    const changes = await raiseVite(tools);
    expect(changes.map(({ path }) => path)).toEqual(["package.json", "bun.lock"]);
    expect(changes[1]?.content).toBe(
      lock.replace('"vite": "^5.0.0"', '"vite": "^5.1.0"').replace("vite@5.0.0", "vite@5.1.0"),
    );
    expect(runs.map(({ order }) => /"vite":"([^"]+)"/.exec(order.files["package.json"] ?? "")?.[1])).toEqual([
      "5.1.0",
    ]);
    for (const { order } of runs) {
      expect(order.args).toEqual(["install", "--lockfile-only", "--ignore-scripts", "--no-progress"]);
      expect("warn: Ignoring lockfile").toMatch(order.failsAt ?? "nothing");
      expect(Object.keys(order.files).toSorted()).toEqual([...Object.keys(locked), "bunfig.toml"].toSorted());
    }
  });

  it.each([
    ["bun@1.3.4", lock, "1.3.4"],
    ["bun@^1.3.0", lock, "1.4.5"],
    ["bun@1.2.20", lock, "1.3.9"],
    [undefined, lock, "1.3.9"],
    [undefined, lock.replace('  "configVersion": 0,\n', ""), "1.2.23"],
    ["bun@1.3.4", lock.replace('"lockfileVersion": 1', '"lockfileVersion": 2'), "1.4.5"],
  ])(
    "at the version that the project pins, unless a later one wrote it: %s",
    async (pinned, text, version) => {
      const { runs, tools } = noting();
      const manifest = { ...JSON.parse(repository["package.json"]), packageManager: pinned };
      await raiseVite(tools, { ...locked, "package.json": JSON.stringify(manifest), "bun.lock": text });
      expect(runs[0]?.program).toMatchObject({
        version,
        archive: archive.dist.tarball,
        integrity: "sha512-x",
      });
    },
  );

  it("from manifests and settings without what leads elsewhere", async () => {
    const { runs, tools } = noting();
    const manifest = {
      ...JSON.parse(repository["package.json"]),
      workspaces: { packages: ["packages/*", "../../*"], catalog: { ms: "^2.0.0" } },
      scripts: { preinstall: "evil" },
      overrides: { a: "1.0.0" },
    };
    await raiseVite(tools, {
      ...locked,
      "package.json": JSON.stringify(manifest),
      ".npmrc": "registry=https://evil.test/\n//evil.test/:_authToken=${SECRET}\n",
      "bunfig.toml": `preload = ["./evil.ts"]\n[install]\nregistry = { url = "https://registry.test", token = "$SECRET" }\npeer = false\ncache = "/evil"\n[install.scopes]\nacme = { url = "https://npm.acme.example/", token = "$SECRET" }\n[install.security]\nscanner = "evil"\n`,
    });
    const { files = {} } = runs[0]?.order ?? {};
    expect(JSON.parse(files["package.json"] ?? "")).toEqual({
      name: "top",
      workspaces: { packages: ["packages/a", "packages/b"], catalog: { ms: "^2.0.0" } },
      devDependencies: { vite: "5.1.0" },
      overrides: { a: "1.0.0" },
    });
    expect(files["bunfig.toml"]).toBe(
      `[install]\npeer = false\nregistry = "http://registry.invalid/0/"\n\n[install.scopes]\n"@acme" = "http://registry.invalid/1/"\n`,
    );
    expect(files[".npmrc"]).toBeUndefined();
  });

  it.each([
    [
      "http://registry.invalid/0/vite",
      JSON.stringify(document).replaceAll("https://registry.test/", publicRegistry),
    ],
    ["http://registry.invalid/0/@top%2fb", undefined],
    ["http://registry.invalid/7/vite", undefined],
    ["http://registry.invalid/0/vite/-/vite-5.1.0.tgz", undefined],
    ["http://elsewhere.example/0/vite", undefined],
  ])("which hears of the registries alone what it asks for: %s", async (asks, answer) => {
    const { answers, tools } = noting({ asks });
    await raiseVite(tools);
    expect(answers[0]).toBe(answer);
  });

  it("and a tag that two manifests have at two versions is left as it is", async () => {
    const { answers, tools } = noting({ asks: "http://registry.invalid/0/vite" });
    const nested = `    "@top/b/vite": ["vite@5.1.0", "", {}, ""],\n\n    "renamed/ms"`;
    const files = {
      ...locked,
      "packages/a/package.json": `{"name":"@top/a","dependencies":{"vite":"latest"}}`,
      "packages/b/package.json": `{"name":"@top/b","dependencies":{"vite":"latest"}}`,
      "bun.lock": lock.replace(`    "renamed/ms"`, nested),
    };
    await raiseVite(tools, files);
    expect(JSON.parse(answers[0] ?? "")).toMatchObject({ "dist-tags": { latest: "5.2.0" } });
  });

  it("and a tag stays where the lockfile has it", async () => {
    const { answers, tools } = noting({ asks: "http://registry.invalid/0/vite" });
    const files = {
      ...locked,
      "packages/b/package.json": `{"name":"@top/b","dependencies":{"vite":"latest"}}`,
      "bun.lock": lock.replace("vite@5.0.0", "vite@5.1.0"),
    };
    await raiseVite(tools, files);
    expect(JSON.parse(answers[0] ?? "")).toMatchObject({ "dist-tags": { latest: "5.1.0" } });
  });

  it("and no address of our making gets into it", async () => {
    const { tools } = noting({ said: "http://registry.invalid:80/0/vite/-/vite-5.1.0.tgz" });
    const [, changed] = await raiseVite(tools);
    expect(changed?.content).toContain('"vite@5.1.0", ""');
    const own = noting({ said: "http://registry.invalid/0/vite/-/vite-5.1.0.tgz" });
    const [, named] = await raiseVite(own.tools, {
      ...locked,
      ".npmrc": "registry=https://npm.acme.example\n",
    });
    expect(named?.content).toContain('"vite@5.1.0", "https://npm.acme.example/vite/-/vite-5.1.0.tgz"');
  });

  it.each([
    ["a folder", { dependencies: { x: "file:../../x" } }, "file:../../x"],
    ["a folder of the machine", { overrides: { x: { y: "/etc" } } }, "/etc"],
    ["a home", { dependencies: { x: "~/x" } }, "~/x"],
    ["a patch", { patchedDependencies: { "ms@2.0.0": "../ms.patch" } }, "../ms.patch"],
    ["a catalog", { catalogs: { old: { x: "link:../x" } } }, "link:../x"],
  ])("and is not asked where %s lies outside of the project", async (_, more, place) => {
    const { runs, tools } = noting();
    const manifest = { ...JSON.parse(repository["package.json"]), ...more };
    const failure = raiseVite(tools, { ...locked, "package.json": JSON.stringify(manifest) });
    await expect(failure).rejects.toMatchObject({
      message: `${place} lies outside of the project, where bun would look`,
      isHopeless: true,
    });
    expect(runs).toEqual([]);
  });

  const said = `bun install v1.3.4\nerror: No version matching "^5.1.0" found for specifier "vite" (but package exists)\nerror: vite@^5.1.0 failed to resolve\n`;

  describe("with what it keeps of registries", () => {
    const keeping = npm({ registry: "https://registry.test/", cache: "/kept" });
    const foldersOf = (runs: readonly { order: NativeRun }[]) =>
      runs.map(({ order }) => order.environment?.["BUN_INSTALL_CACHE_DIR"]);
    const tagging = {
      ...locked,
      "packages/b/package.json": `{"name":"@top/b","dependencies":{"vite":"latest"}}`,
    };

    it("in a folder for each set of registries and tags, and none for a time", async () => {
      const { runs, tools } = noting();
      await raiseVite(tools, locked, { ecosystem: keeping });
      await raiseVite(tools, locked, { ecosystem: keeping });
      await raiseVite(tools, tagging, { ecosystem: keeping });
      const elsewhere = { ...locked, ".npmrc": "registry=https://npm.acme.example\n" };
      await raiseVite(tools, elsewhere, { ecosystem: keeping });
      await raiseVite(tools, locked, { ecosystem: keeping, asOf: new Date() });
      await raiseVite(tools);
      const [first, second, tagged, other, dated, none] = foldersOf(runs);
      expect(first).toMatch(/^\/kept\/bun\/[0-9a-f]{64}$/);
      expect(second).toBe(first);
      expect(new Set([first, tagged, other]).size).toBe(3);
      expect([dated, none]).toEqual([undefined, undefined]);
    });

    it("and once more without where that lacks a release", async () => {
      const { runs, tools } = noting({ fails: new ProgramError("bun ended with 1", said) });
      await expect(raiseVite(tools, locked, { ecosystem: keeping })).rejects.toThrow("No version matching");
      expect(foldersOf(runs)).toEqual([expect.any(String), undefined]);
    });
  });

  it("and what bun refuses is told in its words, with who may be at fault", async () => {
    const { tools } = noting({ fails: new ProgramError("bun ended with 1", said) });
    await expect(raiseVite(tools)).rejects.toMatchObject({
      name: "ResolutionError",
      message: `bun makes no lockfile: error: No version matching "^5.1.0" found for specifier "vite" (but package exists) error: vite@^5.1.0 failed to resolve`,
      suspects: ["vite"],
    });
  });

  it("and that a registry did not answer is told as that", async () => {
    const { tools } = noting({
      asks: "http://registry.invalid/0/broken",
      fails: new ProgramError("bun ended with 1", "error: GET"),
    });
    await expect(raiseVite(tools)).rejects.toBeInstanceOf(HttpError);
  });
});
