import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
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

describe("a stamp", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const later = () => vi.setSystemTime(Date.now() + 10_000);
  const stampOf = (path: string) => localFiles(folder).stamp?.(path);

  it("stays while the file does", () => {
    write("a.txt", "one");
    later();
    const first = stampOf("a.txt");
    expect(first).toEqual(expect.any(String));
    expect(stampOf("a.txt")).toBe(first);
    write("a.txt", "two");
    later();
    expect(stampOf("a.txt")).not.toBe(first);
  });

  it("tells a file with the same times and size that was put in its place", () => {
    const time = new Date(1_700_000_000_000);
    for (const path of ["a.txt", "b.txt"]) {
      write(path, path);
      utimesSync(join(folder, path), time, time);
    }
    later();
    const first = stampOf("a.txt");
    renameSync(join(folder, "b.txt"), join(folder, "a.txt"));
    later();
    expect(stampOf("a.txt")).not.toBe(first);
  });

  it("is not given to what has changed just now", () => {
    write("a.txt", "one");
    expect(stampOf("a.txt")).toBeUndefined();
  });

  it("tells what is not there from what is", () => {
    expect(stampOf("a.txt")).toBe(stampOf("b.txt"));
    write("a.txt");
    later();
    expect(stampOf("a.txt")).not.toBe(stampOf("b.txt"));
  });

  it("of a file that was read is from before", async () => {
    write("a.txt", "one");
    later();
    const files = localFiles(folder);
    expect(await files.read("a.txt")).toBe("one");
    const stamp = files.stamp?.("a.txt");
    write("a.txt", "two");
    later();
    expect(files.stamp?.("a.txt")).toBe(stamp);
    expect(stampOf("a.txt")).not.toBe(stamp);
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
