import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { localFiles } from "../../src/files/local.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steeplejack-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = ""): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const git = (...question: string[]) => execFileSync("git", ["-C", folder, ...question]);
const told = async (at = folder) => (await localFiles(at).list()).map(({ path, kind }) => `${kind} ${path}`);

describe("a folder", () => {
  it("lists its files and links, sorted, without what was installed", async () => {
    for (const path of ["b/package.json", "a.txt", "node_modules/x/package.json", "b/node_modules/y.js"])
      write(path);
    symlinkSync("a.txt", join(folder, "link"));
    symlinkSync("b", join(folder, "linked-folder"));
    expect(await told()).toEqual(["file a.txt", "file b/package.json", "link link", "link linked-folder"]);
  });

  it("gives the text of a file, and nothing for what is none", async () => {
    write("a/b.txt", "text é");
    symlinkSync("/etc/passwd", join(folder, "link"));
    const files = localFiles(folder);
    const texts = await Promise.all(
      ["a/b.txt", "a", "link", "missing", "a/b.txt/c"].map((path) => files.read(path)),
    );
    expect(texts).toEqual(["text é", undefined, undefined, undefined, undefined]);
  });

  it("does not read what lies outside", async () => {
    write("inside/a.txt");
    write("secret.txt", "secret");
    symlinkSync("..", join(folder, "inside", "up"));
    const files = localFiles(join(folder, "inside"));
    await expect(files.read("../secret.txt")).rejects.toThrow("lies outside the repository");
    await expect(files.read("/etc/passwd")).rejects.toThrow("lies outside the repository");
    await expect(files.read("up/secret.txt")).rejects.toThrow("leads out of the repository");
  });
});

describe("a checkout", () => {
  it("lists what git tracks or would track", async () => {
    git("init", "--quiet");
    for (const path of ["tracked.txt", "gone.txt", "with space\n.txt", "node_modules/x.js", "sub/a.txt"])
      write(path);
    symlinkSync("tracked.txt", join(folder, "link"));
    git("add", "--all");
    rmSync(join(folder, "gone.txt"));
    write(".gitignore", "ignored.txt\n");
    for (const path of ["ignored.txt", "new.txt"]) write(path);
    expect(await told()).toEqual(
      [
        "file .gitignore",
        "link link",
        "file new.txt",
        "file sub/a.txt",
        "file tracked.txt",
        "file with space\n.txt",
      ].toSorted((a, b) => (a.slice(5) < b.slice(5) ? -1 : 1)),
    );
    expect(await told(join(folder, "sub"))).toEqual(["file a.txt"]);
  });
});
