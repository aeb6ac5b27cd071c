import { expect, it } from "vitest";
import { globsOfFile } from "../../../src/ecosystems/npm/pnpm-workspace-file.ts";
import { readPnpmWorkspace } from "../../../src/ecosystems/npm/pnpm-workspace.ts";

it.each([
  ["packages:\n- a\n- 'b/*' # x\n\n# c\n- c\ncatalog:\n  x: 1\n", ["a", "b/*", "c"]],
  ["catalog:\r\n  x: 1\r\npackages:\r\n  - a\r\n\r\n  - b\r\noverrides: {}\r\n", ["a", "b"]],
  ['packages: ["a", "b/**"]\ncatalog: {}\n', ["a", "b/**"]],
  ["packages: [\n  a,\n  b\n]\ncatalog: {}\n", ["a", "b"]],
  ['"packages":\n  - q\ncatalog: {}\n', ["q"]],
  ["x: &y [a]\npackages: *y\ncatalog: {}\n", ["a"]],
  ["packages:\n  - &x a\n  - *x\n", ["a", "a"]],
  ["catalog:\n  packages: 1\n", []],
  ["packages:\ncatalog: {}\n", []],
  ["packages:\n  - a", ["a"]],
])("the globs of a workspace are found without the rest of its file: %j", async (text, globs) => {
  expect(await globsOfFile("pnpm-workspace.yaml", text)).toEqual(globs);
  expect(readPnpmWorkspace("pnpm-workspace.yaml", text).packages).toEqual(globs);
});
