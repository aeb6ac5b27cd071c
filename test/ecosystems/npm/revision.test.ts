import { hash } from "node:crypto";
import { expect, it } from "vitest";
import { demoRepositories } from "../../../demo/repositories.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { memoryFiles } from "../../fakes.ts";

/**
 * What was read of a repository is kept under the ecosystem's revision. Where this fails because more or something else
 * is read of the same files, give `npm` its next revision and write both new values here.
 */
it("has another revision when it reads something else", async () => {
  const ecosystem = npm();
  const projects = await Promise.all(
    (await demoRepositories()).map(async ({ files: contents = {} }) => {
      const texts = Object.entries(contents).flatMap(([path, text]) =>
        typeof text === "string" ? [[path, text] as const] : [],
      );
      const files = memoryFiles(Object.fromEntries(texts));
      const claimed = texts.map(([path]) => path).filter((path) => ecosystem.claims(path));
      const locations = await ecosystem.locate(claimed, files);
      return Promise.all(locations.map((location) => ecosystem.read(location, files)));
    }),
  );
  expect(JSON.parse(JSON.stringify(projects))).toStrictEqual(projects);
  expect([ecosystem.revision, hash("sha256", JSON.stringify(projects))]).toMatchInlineSnapshot(`
    [
      "npm-1",
      "6c4142dc3c0d494a6bb1c3dfc95acd75dbb11d9da786a941f9b7fa82d9a59b72",
    ]
  `);
});
