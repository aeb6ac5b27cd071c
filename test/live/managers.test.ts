import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scanReport } from "../../src/reports/contract.ts";
import { desk } from "../bin/steeplejack.ts";
import { hostileRepository, secret, setTrap, type Trap } from "../ecosystems/npm/hostile.ts";

// The registry is the one that this machine's npm is set up for: npm's own default, or an operator's mirror.
const passed = /^(npm_config_registry|npm_config_userconfig|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;
let trap: Trap;
const { folder, clear } = desk(() => ({
  npm_config_userconfig: join(homedir(), ".npmrc"),
  ...Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && passed.test(name) ? [[name, value]] : [],
    ),
  ),
  SECRET: secret,
  STEEPLEJACK_TRUSTED_HOSTS: new URL(trap.url).host,
}));
beforeAll(async () => {
  const { path } = await folder({});
  trap = await setTrap(join(path, "marker"));
});
afterAll(async () => {
  await clear();
  await trap.close();
});

const integrity =
  "sha512-Tpp60P6IUJDTuOq/5Z8cdskzJujfwqfOTkrwIwj7IRISpnkJnT6SyJ4PCPnGMoFjC9ddhal5KVIYtAt97ix05A==";
const dependencies = { ms: "^2.0.0" };
const pnpmLock = (version: string) => {
  const prefix = version === "6.0" ? "/" : "";
  const packages = `packages:\n\n  ${prefix}ms@2.0.0:\n    resolution: {integrity: ${integrity}}\n`;
  const importers = `importers:\n\n  .:\n    dependencies:\n      ms:\n        specifier: ^2.0.0\n        version: 2.0.0\n`;
  const snapshots = version === "6.0" ? "    dev: false\n" : "\nsnapshots:\n\n  ms@2.0.0: {}\n";
  return `lockfileVersion: '${version}'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n${importers}\n${packages}${snapshots}`;
};
const berryLock = (version: number) => `__metadata:
  version: ${version}

"hostile@workspace:.":
  version: 0.0.0-use.local
  resolution: "hostile@workspace:."
  dependencies:
    ms: ${version >= 8 ? '"npm:^2.0.0"' : "^2.0.0"}
  languageName: unknown
  linkType: soft

"ms@npm:^2.0.0":
  version: 2.0.0
  resolution: "ms@npm:2.0.0"
  languageName: node
  linkType: hard
`;
const yarn1Lock = `# yarn lockfile v1\n\n\nms@^2.0.0:\n  version "2.0.0"\n  resolved "https://registry.test/ms/-/ms-2.0.0.tgz#5608aeadfc00be6c2901df5f9861788de0d597c8"\n  integrity ${integrity}\n`;
const bunLock = (version: number) => `{
  "lockfileVersion": ${version},${version >= 2 ? '\n  "configVersion": 1,' : ""}
  "workspaces": {
    "": {
      "name": "hostile",
      "dependencies": {
        "ms": "^2.0.0",
      },
    },
  },
  "packages": {
    "ms": ["ms@2.0.0", "", {}, "${integrity}"],
  }
}
`;
const npmLock = JSON.stringify({
  name: "hostile",
  version: "1.0.0",
  lockfileVersion: 3,
  packages: {
    "": { name: "hostile", version: "1.0.0", dependencies },
    "node_modules/ms": { version: "2.0.0", integrity },
  },
});

describe("a hostile repository is updated by its real package manager, and nothing of it is run", () => {
  it.each([
    ["npm", undefined, "package-lock.json", npmLock],
    ["pnpm 8", "pnpm@8.15.9", "pnpm-lock.yaml", pnpmLock("6.0")],
    ["pnpm 9", "pnpm@9.15.9", "pnpm-lock.yaml", pnpmLock("9.0")],
    ["pnpm 10", "pnpm@10.34.5", "pnpm-lock.yaml", pnpmLock("9.0")],
    ["pnpm 11", "pnpm@11.19.0", "pnpm-lock.yaml", pnpmLock("9.0")],
    ["pnpm 12", "pnpm@12.21.0", "pnpm-lock.yaml", pnpmLock("9.0")],
    ["Yarn 1", "yarn@1.22.22", "yarn.lock", yarn1Lock],
    ["Yarn 2", "yarn@2.4.2", "yarn.lock", berryLock(4)],
    ["Yarn 3", "yarn@3.8.7", "yarn.lock", berryLock(6)],
    ["Yarn 4", "yarn@4.5.0", "yarn.lock", berryLock(8)],
    ["bun 1.2", "bun@1.2.23", "bun.lock", bunLock(1)],
    ["bun 1.3", "bun@1.3.4", "bun.lock", bunLock(1)],
    ["bun 1.4", undefined, "bun.lock", bunLock(2)],
  ])("%s", async (_, packageManager, lockfile, lock) => {
    const project = await folder({
      ...hostileRepository(trap, { dependencies, packageManager }),
      [lockfile]: lock,
    });
    const updated = await project.steeplejack("update", "--json", "--advisories", "none", "--no-cache");
    const report = scanReport.parse(JSON.parse(updated.stdout));
    // What the settings ask for is told, and which package manager would not read them; that is all that there is to tell.
    const expected = /variables are not replaced|no longer reads/;
    expect(report.problems.filter(({ message }) => !expected.test(message))).toEqual([]);
    const packages = report.updates.filter(({ name }) => packageManager?.startsWith(`${name}@`) !== true);
    expect(packages.map(({ name, from }) => [name, from])).toEqual([["ms", "2.0.0"]]);
    const text = await project.read(lockfile);
    expect(text).toMatch(/2\.1\.\d/);
    expect(text).not.toContain("evil");
    expect([existsSync(trap.marker), trap.heard]).toEqual([false, []]);
  });

  describe.each([
    ["bun", "bun@1.3.4", "bun.lock", bunLock(1)],
    ["pnpm", "pnpm@12.21.0", "pnpm-lock.yaml", pnpmLock("9.0")],
  ])("%s is told of no address but those of registries", (manager, packageManager, lockfile, lock) => {
    it.each([
      ["an archive at an address", (url: string) => `${url}x.tgz`],
      ["an archive at a secure address", (url: string) => `${url.replace("http:", "https:")}x.tgz`],
      ["a repository of git", (url: string) => `git+${url}x.git`],
      ["a repository of git by SSH", () => "git+ssh://git@127.0.0.1/x.git"],
      ["a repository on GitHub", () => "github:owner/name"],
    ])("%s is not fetched, and the reason told", async (_, of) => {
      const manifest = { dependencies: { ...dependencies, x: of(trap.url) }, packageManager };
      const project = await folder({ ...hostileRepository(trap, manifest), [lockfile]: lock });
      const { stdout } = await project.steeplejack("update", "--json", "--advisories", "none", "--no-cache");
      expect(stdout).toContain(`${manager} makes no lockfile`);
      expect(await project.read(lockfile)).toBe(lock);
      expect([existsSync(trap.marker), trap.heard]).toEqual([false, []]);
    });
  });

  it("pnpm with a pnpmfile: it is left alone, with the reason", async () => {
    const project = await folder({
      ...hostileRepository(trap, { dependencies, packageManager: "pnpm@10.34.5" }),
      ".pnpmfile.cjs": `require("node:fs").writeFileSync(${JSON.stringify(trap.marker)}, "");\n`,
      "pnpm-lock.yaml": pnpmLock("9.0"),
    });
    const { stdout } = await project.steeplejack("scan", "--json", "--advisories", "none");
    expect(stdout).toContain("changes what pnpm installs, and no code of a repository is run");
    await project.steeplejack("update", "--advisories", "none");
    expect(await project.read("pnpm-lock.yaml")).toBe(pnpmLock("9.0"));
    expect([existsSync(trap.marker), trap.heard]).toEqual([false, []]);
  });
});
