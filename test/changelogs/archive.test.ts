import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { changelogIn } from "../../src/changelogs/archive.ts";
import { tarOf } from "./tar.ts";

describe("changelogIn", () => {
  it("finds the changelog at the top of the package", () => {
    const archive = tarOf({
      "package/package.json": "{}",
      "package/CHANGELOG.md": "## 1.0.0",
      "package/node_modules/other/CHANGELOG.md": "## 9.9.9",
    });
    expect(changelogIn(gzipSync(archive))).toEqual({ file: "CHANGELOG.md", text: "## 1.0.0" });
    expect(changelogIn(archive)).toEqual({ file: "CHANGELOG.md", text: "## 1.0.0" });
  });

  it.each([
    ["HISTORY", ["HISTORY", "README.md"]],
    ["changes.txt", ["changes.txt", "lib.js"]],
    ["Changelog.markdown", ["HISTORY.md", "Changelog.markdown"]],
    ["CHANGELOG.md", ["CHANGELOG.txt", "CHANGELOG.md", "CHANGELOG.js"]],
    ["RELEASE_NOTES.md", ["RELEASE_NOTES.md"]],
    [undefined, ["changelog.js", "CHANGELOG.md.bak", "my-changelog.md"]],
  ])("prefers %s", (expected, files) => {
    const archive = tarOf(Object.fromEntries(files.map((file) => [`package/${file}`, "text"])));
    expect(changelogIn(gzipSync(archive))?.file).toBe(expected);
  });

  it("does not follow links", () => {
    expect(changelogIn(tarOf({ "package/CHANGELOG.md": { link: "../../etc/passwd" } }))).toBeUndefined();
  });

  it("keeps the beginning of a very long one", () => {
    const text = "line\n".repeat(300_000);
    expect(changelogIn(gzipSync(tarOf({ "package/CHANGELOG.md": text })))?.text).toHaveLength(1_000_000);
  });

  it("refuses an archive that claims to unpack without end", () => {
    const archive = tarOf({ "package/lib.js": { claims: 2_000_000_000 } });
    expect(() => changelogIn(gzipSync(archive))).toThrow("the archive holds too much");
  });

  it.each([
    ["no archive", Buffer.from("not an archive"), "TAR_BAD_ARCHIVE"],
    [
      "half of one",
      gzipSync(tarOf({ "package/CHANGELOG.md": "x".repeat(2_000) })).subarray(0, 40),
      "unexpected end",
    ],
  ])("says that %s is broken", (_, archive, message) => {
    expect(() => changelogIn(archive)).toThrow(message);
  });
});
