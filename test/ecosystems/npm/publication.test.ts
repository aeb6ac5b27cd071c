import { describe, expect, it } from "vitest";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { findLibraries } from "../../../src/pipeline/libraries.ts";
import { cannedHttp, memoryFiles } from "../../fakes.ts";

const registry = "https://registry.example/";
const ecosystem = npm({ registry });
const own = { name: "@acme/tool", version: "1.0.0", description: "Tools of Acme" };

async function librariesOf(manifest: object, answers: Readonly<Record<string, unknown>>) {
  const files = memoryFiles({ "package.json": JSON.stringify(manifest) });
  const project = await ecosystem.read({ root: "", manifests: ["package.json"] }, files);
  const { libraries, problems } = await findLibraries(
    [project],
    new Map([["npm", ecosystem]]),
    cannedHttp(answers),
  );
  return { isLibrary: libraries.has(project), problems };
}

const address = `${registry}@acme%2Ftool`;
/** What the newest release says is asked first, and all of them where it says something else. */
const saying = (latest: string | undefined, all?: object) => ({
  [`${address}/latest`]: latest === undefined ? undefined : { description: latest },
  ...(all === undefined ? {} : { [address]: all }),
});

describe("a library", () => {
  it("is published as it describes itself, now or once", async () => {
    const now = saying("Tools of Acme, Inc.");
    expect(await librariesOf(own, now)).toEqual({ isLibrary: true, problems: [] });
    const once = saying("Everything", { versions: { "0.1.0": { description: "Tools of Acme" } } });
    expect(await librariesOf(own, once)).toEqual({ isLibrary: true, problems: [] });
  });

  it("is not what has its name only", async () => {
    const other = saying("Something else", { description: "Something else", versions: {} });
    expect(await librariesOf(own, other)).toEqual({ isLibrary: false, problems: [] });
  });

  it.each([
    ["private", { ...own, private: true }],
    ["without a version", { ...own, version: undefined }],
    ["without a description", { ...own, description: "" }],
    ["a template", { ...own, name: "{{name}}" }],
  ])("is nothing that is %s, and nobody is asked", async (_, manifest) => {
    expect(await librariesOf(manifest, {})).toEqual({ isLibrary: false, problems: [] });
  });

  it("is told not to be known where the registry cannot be asked", async () => {
    const { isLibrary, problems } = await librariesOf(own, {});
    expect(isLibrary).toBe(false);
    expect(problems).toMatchObject([{ stage: "resolve", subject: "@acme/tool" }]);
  });
});
