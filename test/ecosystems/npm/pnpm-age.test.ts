import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { ResolutionError } from "../../../src/domain/errors.ts";
import type { ProgramRun, Tools } from "../../../src/domain/ports.ts";
import type { Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { newIn, withExclusions } from "../../../src/ecosystems/npm/managers/pnpm-age.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";

const hours = (count: number) => new Date(Date.now() - count * 3_600_000).toISOString();
const lock = (version: string, more = "") => `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      zod:
        specifier: ${version}
        version: ${version}

packages:
${more}
  zod@${version}:
    resolution: {integrity: sha512-zod}

snapshots:

  zod@${version}: {}
`;
const inner = "\n  '@acme/inner@2.0.0':\n    resolution: {integrity: sha512-inner}\n";
const archive = { dist: { tarball: "https://registry.test/x.tgz", integrity: "sha512-x" } };
const page = (name: string, times: Record<string, string>) => ({
  name,
  modified: Object.values(times).toSorted().at(-1),
  time: times,
  versions: Object.fromEntries(Object.keys(times).map((version) => [version, { name, version }])),
});
const http = cannedHttp({
  "https://registry.test/pnpm": { versions: { "10.18.0": archive, "10.34.8": archive, "11.19.0": archive } },
  "https://registry.test/zod": page("zod", { "3.0.0": hours(9_000), "3.1.0": hours(50), "3.2.0": hours(2) }),
  "https://registry.test/ms": page("ms", { "1.0.0": hours(9_000), "1.1.0": hours(50), "1.2.0": hours(2) }),
  "https://registry.test/@acme%2Fbroken": 503,
  "https://registry.test/@acme%2Finner": page("@acme/inner", { "2.0.0": hours(3) }),
});
const ecosystem = npm({ registry: "https://registry.test/" });

/** Raises zod with pnpm as it is asked for, and gives what is written beside the manifest, and what pnpm saw. */
async function raise(
  to: string,
  {
    pnpm = "11.19.0",
    workspace,
    fixes = 1,
    brings = "",
    along,
  }: { pnpm?: string; workspace?: string; fixes?: number; brings?: string; along?: string },
) {
  const files: Record<string, string> = {
    "package.json": JSON.stringify({
      packageManager: `pnpm@${pnpm}`,
      dependencies: { zod: "3.0.0", ms: "1.0.0" },
    }),
    "pnpm-lock.yaml": lock("3.0.0"),
    ...(workspace === undefined ? {} : { "pnpm-workspace.yaml": workspace }),
  };
  const runs: ProgramRun[] = [];
  const tools: Tools = {
    ...noTools,
    async run(_, order) {
      runs.push(order);
      return { "pnpm-lock.yaml": lock(to, brings) };
    },
  };
  const reader = memoryFiles(files);
  const [location] = await ecosystem.locate(Object.keys(files), reader);
  const project = await ecosystem.read(location!, reader);
  const manifest = project.manifests.find(({ path }) => path === "package.json")!;
  const advisory = {
    id: "A-1",
    aliases: [],
    ecosystem: "npm",
    name: "zod",
    summary: "",
    severity: "high" as const,
    url: "https://osv.test/A-1",
    ranges: [],
    versions: [],
  };
  const update: Update = {
    project,
    manifest,
    dependency: manifest.dependencies.find(({ name }) => name === "zod")!,
    from: "3.0.0",
    release: { version: to },
    requirement: to,
    size: "minor",
    fixes: fixes === 0 ? [] : [advisory],
  };
  const other = manifest.dependencies.find(({ name }) => name === "ms")!;
  const second =
    along === undefined
      ? []
      : [
          {
            ...update,
            dependency: other,
            from: "1.0.0",
            release: { version: along },
            requirement: along,
            fixes: [],
          },
        ];
  const changes = await ecosystem.patch(project, [update, ...second], { files: reader, http, tools });
  return {
    written: changes.find(({ path }) => path === "pnpm-workspace.yaml")?.content,
    why: changes.flatMap(({ why }) => why ?? []),
    saw: runs.map(({ files: seen }) => seen["pnpm-workspace.yaml"]),
    paths: changes.map(({ path }) => path),
  };
}

describe("a release that is younger than pnpm lets in", () => {
  it("is excluded from that where it mends an advisory, before pnpm is asked", async () => {
    const { written, why, saw, paths } = await raise("3.2.0", {});
    expect(why).toEqual([
      "lets in zod@3.2.0, younger than pnpm's minimumReleaseAge allows, since it mends an advisory",
    ]);
    expect(written).toBe("minimumReleaseAgeExclude:\n  - zod@3.2.0\n");
    expect(saw).toEqual([written]);
    expect(paths).toEqual(["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml"]);
  });

  it("and so is what it brings in", async () => {
    const { written, saw } = await raise("3.2.0", {
      workspace: "packages: []\n# ours\nengineStrict: true\n",
      brings: inner,
    });
    expect(written).toBe(
      "packages: []\n# ours\nengineStrict: true\nminimumReleaseAgeExclude:\n  - zod@3.2.0\n  - '@acme/inner@2.0.0'\n",
    );
    expect(load(saw[0] ?? "")).toMatchObject({ minimumReleaseAgeExclude: ["zod@3.2.0"] });
  });

  it.each([
    ["it is old enough", "3.1.0", {}],
    ["pnpm before 11 is asked for no age", "3.2.0", { pnpm: "10.34.8" }],
    ["pnpm can exclude no release", "3.2.0", { pnpm: "10.18.0", workspace: "minimumReleaseAge: 1440\n" }],
    ["the repository asks for no age", "3.2.0", { workspace: "minimumReleaseAge: 0\n" }],
    ["the repository lets in younger ones", "3.2.0", { workspace: "minimumReleaseAge: 60\n" }],
    ["its name is excluded", "3.2.0", { workspace: "minimumReleaseAgeExclude: [zod]\n" }],
    ["names like it are excluded", "3.2.0", { workspace: "minimumReleaseAgeExclude: ['z*']\n" }],
    [
      "this version is excluded",
      "3.2.0",
      { workspace: "minimumReleaseAgeExclude: ['zod@3.1.9 || 3.2.0']\n" },
    ],
  ])("stays as it is where %s", async (_, to, options) => {
    const { written } = await raise(to, options);
    expect(written).toBeUndefined();
  });

  it("is not looked for where the registry does not answer", async () => {
    const far = inner.replaceAll("inner", "broken");
    expect((await raise("3.1.0", { fixes: 0, brings: far })).paths).toEqual([
      "package.json",
      "pnpm-lock.yaml",
    ]);
  });

  it("is refused where it only moves along with a fix", async () => {
    await expect(raise("3.2.0", { along: "1.2.0" })).rejects.toMatchObject({ suspects: ["ms"] });
    expect((await raise("3.2.0", { along: "1.1.0" })).written).toBe(
      "minimumReleaseAgeExclude:\n  - zod@3.2.0\n",
    );
  });

  it("is told by what the repository asks for, in minutes", async () => {
    const expected = "minimumReleaseAge: 10080\nminimumReleaseAgeExclude:\n  - zod@3.1.0\n";
    for (const pnpm of ["10.34.8", "11.19.0"]) {
      const { written } = await raise("3.1.0", { pnpm, workspace: "minimumReleaseAge: 10080\n" });
      expect(written).toBe(expected);
    }
  });

  it("is refused where it mends nothing, so that an older one is taken", async () => {
    const refused = raise("3.2.0", { fixes: 0 });
    await expect(refused).rejects.toBeInstanceOf(ResolutionError);
    await expect(refused).rejects.toMatchObject({
      message: expect.stringMatching(
        /^pnpm would refuse it: zod@3\.2\.0 is younger than its `minimumReleaseAge` allows, published 2/,
      ),
      suspects: ["zod"],
    });
    await expect(raise("3.1.0", { fixes: 0, brings: inner })).rejects.toMatchObject({ suspects: [] });
    expect((await raise("3.1.0", { fixes: 0 })).paths).toEqual(["package.json", "pnpm-lock.yaml"]);
  });
});

describe("what is excluded from pnpm's minimum age", () => {
  const young = (name: string, version: string) => ({ name, version, publishedAt: "" });
  it.each([
    ["", "minimumReleaseAgeExclude:\n  - a@1.0.0\n"],
    ["packages:\n  - x", "packages:\n  - x\nminimumReleaseAgeExclude:\n  - a@1.0.0\n"],
    ["minimumReleaseAgeExclude: []\nb: 1\n", "b: 1\nminimumReleaseAgeExclude:\n  - a@1.0.0\n"],
    ["minimumReleaseAgeExclude: # none\nb: 1\n", "b: 1\nminimumReleaseAgeExclude:\n  - a@1.0.0\n"],
    [
      "minimumReleaseAgeExclude:\n- 'b' # why\n\nc: 1\n",
      "minimumReleaseAgeExclude:\n- 'b' # why\n- a@1.0.0\n\nc: 1\n",
    ],
    [
      "minimumReleaseAgeExclude:\n    - b\n    - c",
      "minimumReleaseAgeExclude:\n    - b\n    - c\n    - a@1.0.0\n",
    ],
    ["minimumReleaseAgeExclude: [b, 'c'] # d\n", "minimumReleaseAgeExclude: [b, 'c', a@1.0.0] # d\n"],
    [
      "minimumReleaseAgeExclude:\n  - b@1\n  - a@0.9.0\n",
      "minimumReleaseAgeExclude:\n  - b@1\n  - 'a@0.9.0 || 1.0.0'\n",
    ],
    [
      "x: 1\r\nminimumReleaseAgeExclude:\r\n  - b\r\n",
      "x: 1\r\nminimumReleaseAgeExclude:\r\n  - b\r\n  - a@1.0.0\r\n",
    ],
  ])("is written into %j", (text, expected) => {
    const written = withExclusions(text, [young("a", "1.0.0")]);
    expect(written).toBe(expected);
    expect(load(written)).toMatchObject({ minimumReleaseAgeExclude: expect.any(Array) });
  });

  it("takes names of scopes and several releases of one package", () => {
    const written = withExclusions("", [
      young("@x/y", "1.0.0-rc.1"),
      young("@x/y", "2.0.0"),
      young("z", "1.0.0"),
    ]);
    expect(load(written)).toEqual({ minimumReleaseAgeExclude: ["@x/y@1.0.0-rc.1 || 2.0.0", "z@1.0.0"] });
  });
});

it("tells what is new in a lockfile", () => {
  const own =
    "---\nlockfileVersion: '9.0'\n\npackages:\n\n  pnpm@12.0.0:\n    resolution: {integrity: a}\n\n---\n";
  const more = `${inner}\n  far@https://example.test/far.tgz:\n    resolution: {tarball: x}\n`;
  expect(newIn(own + lock("3.2.0", more), lock("3.0.0"))).toEqual([
    { name: "pnpm", version: "12.0.0" },
    { name: "@acme/inner", version: "2.0.0" },
    { name: "zod", version: "3.2.0" },
  ]);
  const before = lock("3.2.0", more).replaceAll("\n", "\r\n");
  expect(newIn(lock("3.2.0", more), before)).toEqual([]);
});
