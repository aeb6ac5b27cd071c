import { describe, expect, it } from "vitest";
import { withRegistries } from "../../src/config/registries.ts";
import { readPolicies } from "../../src/config/repository.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { discover } from "../../src/pipeline/discover.ts";
import { memoryFiles } from "../fakes.ts";

const manifest = '{ "dependencies": { "react": "^18.0.0" } }';

const registries = `
registries:
  ours: { type: npm-registry, url: "https://npm.acme.example/all", replaces-base: true, token: "\${{secrets.X}}" }
  beside: { type: npm-registry, url: "https://other.example" }
  images: { type: docker-registry, url: "https://images.example", replaces-base: true }
`;
const entries = (...named: string[]) =>
  `version: 2${registries}updates:\n${named
    .map(
      (names, at) =>
        `  - { package-ecosystem: npm, directory: /${at === 0 ? "" : at}, registries: ${names} }\n`,
    )
    .join("")}`;

/** Where the packages of each project are looked up; nothing for npm's own registry. */
async function lookedUp(text: string, files: Readonly<Record<string, string>> = {}) {
  const policies = readPolicies(".github/steeplejack.yml", text);
  const tree = memoryFiles({ "package.json": manifest, "1/package.json": manifest, ...files });
  const { projects } = await discover([npm()], withRegistries(tree, policies), policies);
  return Object.fromEntries(
    projects.map(({ root, manifests }) => [root, manifests[0]?.dependencies[0]?.registry ?? ""]),
  );
}

const ours = "https://npm.acme.example/all/";

describe("a registry with replaces-base", () => {
  it.each<[string, string, Record<string, string>]>([
    ["for the entries that name it", entries("[ours]", "[beside, images]"), { "": ours, "1": "" }],
    ["for all that an entry may use", entries("[beside]", '"*"'), { "": "", "1": ours }],
    ["for no entry that names none", entries("[]", "[beside]"), { "": "", "1": "" }],
    ["for everything, where nothing is listed", registries, { "": ours, "1": ours }],
    [
      "not with an address that is none",
      registries.replace("https://npm.acme.example/all", "ftp://x"),
      { "": "", "1": "" },
    ],
    [
      "not with credentials in it",
      registries.replace("https://npm", "https://me:secret@npm"),
      { "": "", "1": "" },
    ],
  ])("takes the place of npm's %s", async (_, text, expected) => {
    expect(await lookedUp(text)).toEqual(expected);
  });

  it("leaves alone what a repository's own settings say", async () => {
    const files = {
      ".npmrc": "registry = https://own.example\n",
      "1/.npmrc": "@acme:registry=https://scoped.example\n",
    };
    expect(await lookedUp(registries, files)).toEqual({ "": "https://own.example/", "1": ours });
  });

  it("is heeded by Yarn, and by what has a catalog that is edited it is not", async () => {
    const lock = "__metadata:\n  version: 8\n";
    const files = {
      "yarn.lock": lock,
      "1/yarn.lock": lock,
      "1/.yarnrc.yml": "catalog:\n  react: ^18.0.0\n",
    };
    expect(await lookedUp(registries, files)).toEqual({ "": ours, "1": "" });
  });

  it("adds no file, and nothing to another", async () => {
    const files = withRegistries(
      memoryFiles({ a: "a" }),
      readPolicies(".github/steeplejack.yml", registries),
    );
    expect((await files.list()).map(({ path }) => path)).toEqual(["a"]);
    expect(await files.read("a")).toBe("a");
    expect(await files.read("gone/package.json")).toBeUndefined();
  });
});
