import { load, loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { HttpError, ProgramError, ResolutionError } from "../../../src/domain/errors.ts";
import type { HttpClient, NativeRun, Program, ProgramRun, Tools } from "../../../src/domain/ports.ts";
import type { Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { pnpmFor } from "../../../src/ecosystems/npm/managers/native.ts";
import { publicRegistry } from "../../../src/ecosystems/npm/registry.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";

const lock = `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      zod:
        specifier: ^3.0.0
        version: 3.22.0

packages:

  zod@3.22.0:
    resolution: {integrity: sha512-zod}

snapshots:

  zod@3.22.0: {}
`;
const raised = lock.replace("^3.0.0", "^3.23.0").replaceAll("3.22.0", "3.23.8");
const own = (version: string) => `---
lockfileVersion: '9.0'

importers:

  .:
    configDependencies: {}
    packageManagerDependencies:
      pnpm:
        specifier: ${version}
        version: ${version}

packages:

  '@pnpm/exe.linux-x64@${version}':
    resolution: {integrity: sha512-x64}
    cpu: [x64]
    os: [linux]
    libc: [glibc]

  '@pnpm/exe.linux-x64-musl@${version}':
    resolution: {integrity: sha512-musl}
    cpu: [x64]
    os: [linux]
    libc: [musl]

  pnpm@${version}:
    resolution: {integrity: sha512-pnpm}
    engines: {node: '>=18'}
    hasBin: true

snapshots:

  '@pnpm/exe.linux-x64@${version}':
    optional: true

  '@pnpm/exe.linux-x64-musl@${version}':
    optional: true

  pnpm@${version}:
    optionalDependencies:
      '@pnpm/exe.linux-x64': ${version}
      '@pnpm/exe.linux-x64-musl': ${version}

`;
/** As pnpm sorts them: by name and version in one. */
const sorted = (text: string) =>
  text.replace(
    /( {2}'@pnpm\/exe\.linux-x64@[^:]+:\n(?: {4}.*\n)+)\n( {2}'@pnpm\/exe\.linux-x64-musl@[^:]+:\n(?: {4}.*\n)+)/g,
    "$2\n$1",
  );

const dist = (integrity: string) => ({ tarball: "https://registry.test/x.tgz", integrity });
const kinds = { "linux-x64": "glibc", "linux-x64-musl": "musl" };
const optionalDependencies = Object.fromEntries(
  Object.keys(kinds).map((kind) => [`@pnpm/exe.${kind}`, "12.3.0"]),
);
const here = pnpmFor(process).name;
const canned = cannedHttp({
  [`https://registry.test/${here.replace("/", "%2F")}`]: {
    versions: { "12.0.0": { dist: dist("sha512-here") }, "12.3.0": { dist: dist("sha512-here") } },
  },
  ...Object.fromEntries(
    Object.entries(kinds).map(([kind, libc]) => [
      `https://registry.test/@pnpm%2Fexe.${kind}`,
      {
        versions: {
          "12.0.0": { dist: dist("sha512-old") },
          "12.3.0": {
            dist: dist(`sha512-${kind.split("-").at(-1)}`),
            os: ["linux"],
            cpu: ["x64"],
            libc: [libc],
          },
        },
      },
    ]),
  ),
  "https://registry.test/pnpm": {
    versions: {
      "11.19.0": { dist: dist("sha512-eleven") },
      "12.0.0": { dist: dist("sha512-pnpm"), optionalDependencies: { "@pnpm/exe.lacking": "12.0.0" } },
      "12.3.0": {
        dist: dist("sha512-pnpm"),
        engines: { node: ">=18" },
        bin: { pnpm: "pnpm" },
        optionalDependencies,
      },
    },
  },
  "https://registry.test/@pnpm%2Fexe.lacking": undefined,
  "https://registry.test/zod": {
    name: "zod",
    readme: "long",
    versions: {
      "3.23.8": {
        dist: { ...dist("sha512-z"), tarball: "https://registry.test/zod/-/zod-3.23.8.tgz" },
        _npmUser: { name: "somebody", trustedPublisher: { id: "github" } },
      },
    },
  },
  "https://acme.test/@acme%2Futil": {
    versions: {
      "1.0.0": { dist: { ...dist("sha512-a"), tarball: "https://acme.test/@acme/util/-/util-1.0.0.tgz" } },
    },
  },
  "https://registry.test/near/@near%2Futil": {
    versions: {
      "1.0.0": {
        dist: { ...dist("sha512-n"), tarball: "https://registry.test/near/@near/util/-/util-1.0.0.tgz" },
      },
    },
  },
  "https://registry.test/broken": 500,
});

/** What was asked for, and in which form. */
const forms: string[] = [];
const http: HttpClient = {
  ...canned,
  get(url, request) {
    forms.push(`${request.accept} ${url}`);
    return canned.get(url, request);
  },
};

const ecosystem = npm({
  registry: "https://registry.test/",
  scopes: { "@acme": "https://acme.test/", "@near": "https://registry.test/near/" },
});

interface Behaviour {
  readonly fails?: (run: number) => Error | undefined;
  readonly asks?: readonly string[];
  /** What it writes beside the version. */
  readonly tarball?: string;
}

/** Notes what it is asked to run, and moves zod in the lockfile as the manifest says. */
function noting({ fails, asks = [], tarball = "" }: Behaviour = {}) {
  const native: { program: Program; order: NativeRun }[] = [];
  const bounded: { program: Program; order: ProgramRun }[] = [];
  const answers: unknown[] = [];
  const moved = ({ files }: ProgramRun) => {
    const wanted = /"zod":"([^"]+)"/.exec(files["package.json"] ?? "")?.[1] ?? "";
    if (wanted === "^3.0.0") return { "pnpm-lock.yaml": files["pnpm-lock.yaml"] ?? "" };
    const lines = (files["pnpm-lock.yaml"] ?? "").replaceAll("\r\n", "\n");
    const text = lines.replaceAll("3.22.0", "3.23.8").replace("^3.0.0", wanted);
    return { "pnpm-lock.yaml": text.replace("sha512-zod", `sha512-zod${tarball}`) };
  };
  const tools: Tools = {
    ...noTools,
    async runNative(program, order) {
      native.push({ program, order });
      for (const [accept, url] of asks.map((it) => it.split(" "))) {
        const answer = await order.answer(new URL(url ?? ""), accept ?? "").catch(() => undefined);
        answers.push(answer === undefined ? undefined : JSON.parse(answer.toString("utf8")));
      }
      const failure = fails?.(native.length);
      if (failure !== undefined) throw failure;
      return moved(order);
    },
    async run(program, order) {
      bounded.push({ program, order });
      return moved(order);
    },
  };
  return { native, bounded, answers, tools };
}

const repository = (packageManager = "pnpm@12.3.0", text = lock): Record<string, string> => ({
  "package.json": JSON.stringify({
    packageManager,
    scripts: { install: "evil" },
    dependencies: { zod: "^3.0.0" },
  }),
  "pnpm-lock.yaml": text,
});

async function raise(tools: Tools, files = repository(), name = "zod", to = "3.23.8") {
  const reader = memoryFiles(files);
  const [location] = await ecosystem.locate(Object.keys(files), reader);
  const project = await ecosystem.read(location!, reader);
  const [manifest] = project.manifests;
  const dependency = manifest!.dependencies.find((it) => it.name === name)!;
  const update: Update = {
    project,
    manifest: manifest!,
    dependency,
    from: name === "zod" ? "3.22.0" : "12.0.0",
    release: { version: to },
    requirement: name === "zod" ? `^${to.replace(/\.\d+$/, ".0")}` : to,
    size: "minor",
    fixes: [],
  };
  const changes = await ecosystem.patch(project, [update], { files: reader, http, tools });
  return changes.find(({ path }) => path === "pnpm-lock.yaml")?.content;
}

describe("pnpm from 12 on", () => {
  const machine = (platform: NodeJS.Platform, arch: NodeJS.Architecture, header = {}) => ({
    platform,
    arch,
    report: { ...process.report, getReport: () => ({ header }) },
  });
  it.each([
    [machine("linux", "x64", { glibcVersionRuntime: "2.36" }), "@pnpm/exe.linux-x64", "pnpm"],
    [machine("linux", "arm64"), "@pnpm/exe.linux-arm64-musl", "pnpm"],
    [machine("darwin", "arm64"), "@pnpm/exe.darwin-arm64", "pnpm"],
    [machine("win32", "x64"), "@pnpm/exe.win32-x64", "pnpm.exe"],
  ])("is published for each kind of machine: %#", (of, name, entry) => {
    expect(pnpmFor(of)).toEqual({ name, entry });
  });

  it("is the program for this machine, at the version that the project pins", async () => {
    const { native, bounded, tools } = noting();
    expect(await raise(tools)).toBe(raised);
    expect(native.map(({ program }) => program)).toMatchObject([{ ...pnpmFor(process), version: "12.3.0" }]);
    expect(bounded).toEqual([]);
    const [args = []] = native.map(({ order }) => order.args);
    expect(args).toEqual(
      expect.arrayContaining(["--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"]),
    );
    expect(native[0]?.order.files["package.json"]).not.toMatch(/evil|packageManager/);
  });

  it("sees registries that exist nowhere, and is answered in the form that it asks for", async () => {
    const { native, answers, tools } = noting({
      asks: [
        "application/vnd.npm.install-v1+json http://registry.invalid/0/zod",
        "application/json http://registry.invalid/1/@acme%2Futil",
        "application/json http://registry.invalid/2/@near%2Futil",
        "*/* http://registry.invalid/3/zod",
        "*/* http://registry.invalid/0/zod/-/zod-3.23.8.tgz",
        "*/* http://elsewhere.test/0/zod",
      ],
    });
    forms.length = 0;
    await raise(tools);
    expect(native[0]?.order.files[".npmrc"]).toContain(
      "registry=http://registry.invalid/0/\n@acme:registry=http://registry.invalid/1/\n",
    );
    expect(answers).toEqual([
      {
        name: "zod",
        versions: {
          "3.23.8": {
            dist: { tarball: "http://registry.invalid/0/zod/-/zod-3.23.8.tgz", integrity: "sha512-z" },
            _npmUser: { trustedPublisher: { id: "github" } },
          },
        },
      },
      {
        versions: {
          "1.0.0": {
            dist: { tarball: "http://registry.invalid/1/@acme/util/-/util-1.0.0.tgz", integrity: "sha512-a" },
          },
        },
      },
      {
        versions: {
          "1.0.0": {
            dist: { tarball: "http://registry.invalid/2/@near/util/-/util-1.0.0.tgz", integrity: "sha512-n" },
          },
        },
      },
      undefined,
      undefined,
      undefined,
    ]);
    expect(forms).toEqual(
      expect.arrayContaining([
        "application/vnd.npm.install-v1+json https://registry.test/zod",
        "application/json https://acme.test/@acme%2Futil",
      ]),
    );
  });

  it.each([
    ["the public one where an operator's stands in for that", {}, publicRegistry],
    ["the repository's own", { ".npmrc": "registry=https://registry.test/\n" }, "https://registry.test/"],
  ])("and in what it writes the address is %s again", async (_, more, address) => {
    const { tools } = noting({ tarball: ", tarball: http://registry.invalid/0/zod/-/zod.tgz" });
    const text = await raise(tools, { ...repository(), ...more });
    expect(load(text ?? "")).toMatchObject({
      packages: {
        "zod@3.23.8": { resolution: { integrity: "sha512-zod", tarball: `${address}zod/-/zod.tgz` } },
      },
    });
  });

  it("is of the next release where the pinned one is not there", async () => {
    const { native, tools } = noting();
    await raise(tools, repository("pnpm@12.1.0"));
    expect(native[0]?.program.version).toBe("12.3.0");
  });

  it("leaves to pnpm 11 what is at no registry", async () => {
    const said = "  × installing\n  ├─▶ client error (Connect)\n  ╰─▶ tunnel error: unsuccessful\n";
    const { native, bounded, tools } = noting({
      fails: () => new ProgramError("pnpm 12.3.0 ended with 1", said),
    });
    expect(await raise(tools)).toBe(raised);
    expect([native.length, bounded.map(({ program }) => program.version)]).toEqual([1, ["11.19.0"]]);
  });

  it.each([
    [
      `Error: ERR_PNPM_NO_MATCHING_VERSION

  × installing dependencies
  ├─▶ Failed to resolve dependency tree: In /
  │   tmp/steeplejack-run-x8_Y/project: no
  ╰─▶ In /
      tmp/steeplejack-run-x8_Y/project: No matching version found for zod@3.23.8 while fetching it from http://
      registry.invalid/0/
  help: The latest release of zod is "3.22.0".
`,
      "In the project: No matching version found for zod@3.23.8",
      ["zod"],
    ],
    [
      `Error: ERR_PNPM_FETCH_404

  × installing dependencies
  ├─▶ Failed to resolve dependency tree: GET http://registry.invalid/0/@acme%2Fa-
  │   very-long-name: Not Found - 404
  │   
  │   Failed to resolve @acme/a-very-long-name@^0.5.1
  │   This error happened while installing the dependencies of zo-
  │   d@3.23.8
  ╰─▶ GET http://registry.invalid/0/@acme%2Fa-
      very-long-name: Not Found - 404
  help: it is not in the npm registry, or you have no permission to fetch
        it.
`,
      "the registry has no @acme/a-very-long-name, which zo-d@3.23.8 wants",
      [],
    ],
  ])(
    "tells the last of its causes, without addresses that exist nowhere",
    async (said, message, suspects) => {
      const { tools } = noting({ fails: () => new ProgramError("pnpm 12.3.0 ended with 1", said) });
      const error = await raise(tools).catch((it: unknown) => it);
      expect(error).toBeInstanceOf(ResolutionError);
      expect(error).toMatchObject({ message: `pnpm makes no lockfile: ${message}`, suspects });
    },
  );

  it("is not blamed where a registry does not answer", async () => {
    const { tools } = noting({
      asks: ["*/* http://registry.invalid/0/broken"],
      fails: () => new ProgramError("pnpm 12.3.0 ended with 1", "  ╰─▶ 502\n"),
    });
    await expect(raise(tools)).rejects.toBeInstanceOf(HttpError);
  });

  it("is given no pattern that leads out of the repository", async () => {
    const { native, tools } = noting();
    const workspace = `packages: ["packages/*", "../other", "/etc/*", "a/../../b", "!..", "c:\\\\x", "~/x", "..a", "a..b/c"]\nstoreDir: /evil\n`;
    await raise(tools, { ...repository(), "pnpm-workspace.yaml": workspace });
    expect(load(native[0]?.order.files["pnpm-workspace.yaml"] ?? "")).toEqual({
      packages: ["packages/*", "..a", "a..b/c"],
    });
  });
});

describe("what a lockfile says of pnpm itself", () => {
  const of = (version: string, text = lock) => sorted(own(version)) + "---\n" + text;

  it("stays as it is where it is of the release that is pinned", async () => {
    expect(await raise(noting().tools, repository("pnpm@12.3.0+sha512.abc", of("12.3.0")))).toBe(
      of("12.3.0", raised),
    );
  });

  it.each([
    ["moves along with it", of("12.0.0"), of("12.3.0")],
    ["is added with it, since pnpm would ask for it", lock, of("12.3.0")],
    ["of another line is replaced as well", of("11.9.0"), of("12.3.0")],
  ])("%s", async (_, before, after) => {
    const { tools } = noting();
    const text = await raise(tools, repository("pnpm@12.0.0", before), "pnpm", "12.3.0");
    expect(text).toBe(after);
    expect(loadAll(text ?? "")).toHaveLength(2);
  });

  it("is not added by another update, and stays where the registry lacks a part of it", async () => {
    expect(await raise(noting().tools, repository())).toBe(raised);
    expect(await raise(noting().tools, repository("pnpm@12.0.0", of("11.9.0")))).toBe(of("11.9.0", raised));
  });

  it("keeps the line ends of the file", async () => {
    const text = await raise(
      noting().tools,
      repository("pnpm@12.3.0", of("12.0.0").replaceAll("\n", "\r\n")),
    );
    expect(text).toBe(of("12.3.0", raised).replaceAll("\n", "\r\n"));
  });
});
