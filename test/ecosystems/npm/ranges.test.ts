import { describe, expect, it } from "vitest";
import { withBunRanges } from "../../../src/ecosystems/npm/managers/bun-ranges.ts";
import type { RelockTask } from "../../../src/ecosystems/npm/managers/manager.ts";
import type { Section } from "../../../src/ecosystems/npm/manifest.ts";
import { type Pin, pinsOf } from "../../../src/ecosystems/npm/managers/pins.ts";
import { withPnpmRanges } from "../../../src/ecosystems/npm/managers/pnpm-ranges.ts";
import { withYarnRanges } from "../../../src/ecosystems/npm/managers/yarn-ranges.ts";

function task(more: Partial<RelockTask>): RelockTask {
  return {
    lockfile: "lock",
    text: "",
    anew: false,
    fixes: [],
    files: {},
    exact: {},
    folders: [""],
    moves: [],
    keeps: [],
    refresh: [],
    registry: "https://registry.test/",
    operatorRegistry: "https://registry.test/",
    settings: {},
    isMirror: false,
    scopes: {},
    credentials: {},
    legacyPeerDeps: false,
    ...more,
  };
}

function pin(
  folder: string,
  name: string,
  pinned: string,
  requirement: string,
  section: Section = "dependencies",
): Pin {
  return { of: { folder, section }, name, pinned, requirement };
}

describe("what was pinned", () => {
  it("is told of manifests and catalogs, with what they say in its place", () => {
    const files = {
      "package.json": `{"devDependencies":{"vite":"^5.1.0","zod":"3.0.0"},"peerDependencies":{"react":">=18"}}`,
      "packages/a/package.json": `{"dependencies":{"same":"1.0.0"}}`,
      "pnpm-workspace.yaml": `catalog:\n  ms: ^2.1.0 # keep\ncatalogs:\n  old: { ms: "~1.0.0" }\n`,
    };
    const exact = {
      ...files,
      "package.json": files["package.json"].replace("^5.1.0", "5.1.2").replace(">=18", "19.0.0"),
      "pnpm-workspace.yaml": files["pnpm-workspace.yaml"]
        .replace("^2.1.0", "2.1.3")
        .replace("~1.0.0", "1.0.9"),
    };
    expect(pinsOf(task({ files, exact }))).toEqual({
      isAll: true,
      pins: [
        pin("", "vite", "5.1.2", "^5.1.0", "devDependencies"),
        pin("", "react", "19.0.0", ">=18", "peerDependencies"),
        { of: { catalog: "default" }, name: "ms", pinned: "2.1.3", requirement: "^2.1.0" },
        { of: { catalog: "old" }, name: "ms", pinned: "1.0.9", requirement: "~1.0.0" },
      ],
    });
  });

  it.each([
    ["package.json", `{"overrides":{"zod":"^3.1.0"}}`, `{"overrides":{"zod":"3.1.0"}}`],
    ["pnpm-workspace.yaml", "overrides:\n  zod: ^3.1.0\n", "overrides:\n  zod: 3.1.0\n"],
  ])("is not all where something else differs: %s", (path, asked, pinned) => {
    const found = pinsOf(task({ files: { [path]: asked }, exact: { [path]: pinned } }));
    expect(found).toEqual({ pins: [], isAll: false });
  });
});

it.each([
  ["package.json", `{"overrides":{"zod":"3.1.0"},"dependencies":{"zod":"^3.1.0"}}`],
  ["package.json", `{"resolutions":{"a/zod":"3.1.0"},"dependencies":{"zod":"^3.1.0"}}`],
  ["pnpm-workspace.yaml", "catalog:\n  zod: ^3.1.0\noverrides:\n  'zod@<3': 3.1.0\n"],
])("what an override decides is not all that was pinned: %s", (path, asked) => {
  const found = pinsOf(
    task({ files: { [path]: asked }, exact: { [path]: asked.replace("^3.1.0", "3.1.0") } }),
  );
  expect(found).toMatchObject({ pins: [{ name: "zod", pinned: "3.1.0" }], isAll: false });
});

describe("the ranges in a lockfile of pnpm", () => {
  const lock = `lockfileVersion: '9.0'

catalogs:
  default:
    ms:
      specifier: 2.1.3
      version: 2.1.3

importers:

  .:
    devDependencies:
      '@acme/a':
        specifier: 1.2.3
        version: 1.2.3

  packages/b:
    dependencies:
      '@acme/a':
        specifier: 1.2.3
        version: 1.2.3
      specifier:
        specifier: 1.2.3
        version: 1.2.3

packages:

  '@acme/a@1.2.3':
    resolution: {integrity: sha512-a}
`;
  const pins = [
    pin("", "@acme/a", "1.2.3", "^1.2.0"),
    pin("packages/b", "@acme/a", "1.2.3", ">=1.2.0"),
    { of: { catalog: "default" }, name: "ms", pinned: "2.1.3", requirement: "~2.1.0" },
  ];

  it("stand in importers and catalogs, each with its own", () => {
    const { text, isSettled } = withPnpmRanges(lock, { pins, isAll: true });
    expect(isSettled).toBe(true);
    expect(text).toBe(
      lock
        .replace("specifier: 2.1.3", "specifier: ~2.1.0")
        .replace("specifier: 1.2.3", "specifier: ^1.2.0")
        .replace("specifier: 1.2.3", "specifier: '>=1.2.0'"),
    );
  });

  it("stand at the top of one of version 6 that has no importers", () => {
    const six = `lockfileVersion: '6.0'\n\ndependencies:\n  ms:\n    specifier: 2.1.3\n    version: 2.1.3\n`;
    const found = withPnpmRanges(six, { pins: [pin("", "ms", "2.1.3", "^2.1.0")], isAll: true });
    expect(found).toEqual({ text: six.replace("specifier: 2.1.3", "specifier: ^2.1.0"), isSettled: true });
  });

  it.each([
    ["is not there", [...pins, pin("packages/c", "zod", "3.0.0", "^3.0.0")]],
    ["is there as something else", [...pins, pin("packages/b", "specifier", "1.2.2", "^1.2.0")]],
    ["is asked for in two ways", [...pins, pin("", "@acme/a", "1.2.3", ">=1", "peerDependencies")]],
  ])("are to be settled by pnpm where one %s", (_, some) => {
    expect(withPnpmRanges(lock, { pins: some, isAll: true }).isSettled).toBe(false);
  });

  it("are to be settled by pnpm where more differs than they", () => {
    expect(withPnpmRanges(lock, { pins, isAll: false }).isSettled).toBe(false);
  });
});

describe("the ranges in a lockfile of Yarn", () => {
  const metadata = `# Manual changes might be lost\n\n__metadata:\n  version: 8\n`;
  const entry = (key: string, resolution: string, dependencies = "") =>
    `"${key}":\n  version: ${resolution.split(":").at(-1)}\n  resolution: "${resolution}"\n${dependencies}  linkType: hard\n`;
  const own = (range: string, react = '">=18"') =>
    entry(
      "root@workspace:.",
      "root@workspace:.",
      `  dependencies:\n    zod: ${range}\n  peerDependencies:\n    react: ${react}\n`,
    );
  const lockOf = (...entries: string[]) => [metadata, ...entries].join("\n");
  const moves = [{ name: "zod", version: "3.23.8", requirement: "^3.23.0" }];
  const pins = [pin("", "zod", "3.23.8", "^3.23.0")];

  it("stand in the workspace's entries and in the keys, which stay in order", () => {
    const lock = lockOf(
      own('"npm:3.23.8"'),
      entry("zod@npm:3.23.8, zod@npm:^3.0.0", "zod@npm:3.23.8"),
      entry("zod@npm:^2.0.0", "zod@npm:2.9.0"),
    );
    expect(withYarnRanges(lock, { pins, isAll: true }, task({ moves }))).toEqual({
      isSettled: true,
      text: lockOf(
        own('"npm:^3.23.0"'),
        entry("zod@npm:^2.0.0", "zod@npm:2.9.0"),
        entry("zod@npm:^3.0.0, zod@npm:^3.23.0", "zod@npm:3.23.8"),
      ),
    });
  });

  it("stand as Yarn 3 writes them, and what others ask for exactly stays", () => {
    const other = entry("other@npm:1.0.0", "other@npm:1.0.0", "  dependencies:\n    zod: 3.23.8\n");
    const peers = [...pins, pin("", "react", "19.0.0", ">=18", "peerDependencies")];
    expect(
      withYarnRanges(
        lockOf(other, own("3.23.8", "19.0.0"), entry("zod@npm:3.23.8", "zod@npm:3.23.8")),
        { pins: peers, isAll: true },
        task({ moves: [...moves, { name: "react", version: "19.0.0", requirement: ">=18" }] }),
      ),
    ).toEqual({
      isSettled: true,
      text: lockOf(other, own("^3.23.0"), entry("zod@npm:3.23.8, zod@npm:^3.23.0", "zod@npm:3.23.8")),
    });
  });

  it("are taken over from an older release, and are to be settled by Yarn then", () => {
    const lock = lockOf(
      own('"npm:3.23.8"'),
      entry("zod@npm:3.23.8", "zod@npm:3.23.8"),
      entry("zod@npm:^3.23.0", "zod@npm:3.23.1"),
    );
    expect(withYarnRanges(lock, { pins, isAll: true }, task({ moves }))).toEqual({
      isSettled: false,
      text: lockOf(own('"npm:^3.23.0"'), entry("zod@npm:^3.23.0", "zod@npm:3.23.8")),
    });
  });

  it.each([
    ["a release is patched", entry("zod@patch:zod@npm%3A3.23.8#x", "zod@patch:zod@npm%3A3.23.8#x")],
    ["entries are not in order", entry("a@npm:^1.0.0", "a@npm:1.0.0")],
  ])("are to be settled by Yarn where %s", (_, more) => {
    const lock = lockOf(own('"npm:3.23.8"'), entry("zod@npm:3.23.8", "zod@npm:3.23.8"), more);
    expect(withYarnRanges(lock, { pins, isAll: true }, task({ moves })).isSettled).toBe(false);
  });

  it("leave keys without quotes where they have none, as of what is patched in Yarn 2 and 3", () => {
    const bare = entry("resolve@^1.0.0", "resolve@npm:1.20.0").replace('"resolve@^1.0.0"', "resolve@^1.0.0");
    const lock = (range: string, asked: string) => lockOf(bare, own(range), entry(asked, "zod@npm:3.23.8"));
    const { text } = withYarnRanges(lock("3.23.8", "zod@npm:3.23.8"), { pins, isAll: true }, task({ moves }));
    expect(text).toBe(lock("^3.23.0", "zod@npm:^3.23.0"));
  });

  it("are written on lines of their own where they get too long for one", () => {
    const many = Array.from({ length: 100 }, (_, index) => `zod@npm:^3.${index + 100}.0`).toSorted();
    const lock = lockOf(own('"npm:3.23.8"'), entry(["zod@npm:3.23.8", ...many].join(", "), "zod@npm:3.23.8"));
    const { text } = withYarnRanges(lock, { pins, isAll: true }, task({ moves }));
    expect(text).toContain(
      `\n? "${[...many, "zod@npm:^3.23.0"].toSorted().join(", ")}"\n:\n  version: 3.23.8\n`,
    );
  });
});

describe("the ranges in a lockfile of bun", () => {
  const lockOf = (range: string, ms: string, more = "") => `{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "top",
      "devDependencies": {
        "vite": "${range}",
      },
    },
  },
  "catalog": {
    "ms": "${ms}",
  },
  "packages": {
    "ms": ["ms@2.1.3", "", {}, "sha512-ms=="],

    "vite": ["vite@5.1.0", "", {}, "sha512-vite=="],
${more}  }
}
`;
  const pins = [
    pin("", "vite", "5.1.0", "^5.1.0", "devDependencies"),
    { of: { catalog: "default" }, name: "ms", pinned: "2.1.3", requirement: "~2.1.0" },
  ];

  it("stand in workspaces and catalogs", () => {
    expect(withBunRanges("bun.lock", lockOf("5.1.0", "2.1.3"), { pins, isAll: true })).toEqual({
      text: lockOf("^5.1.0", "~2.1.0"),
      isSettled: true,
    });
  });

  it("are to be settled by bun where one has two versions, which it may place otherwise", () => {
    const nested = `\n    "other/ms": ["ms@2.0.0", "", {}, "sha512-old=="],\n`;
    const found = withBunRanges("bun.lock", lockOf("5.1.0", "2.1.3", nested), { pins, isAll: true });
    expect(found).toEqual({ text: lockOf("^5.1.0", "~2.1.0", nested), isSettled: false });
  });
});
