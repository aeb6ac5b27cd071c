import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { advisoryFolder } from "../../src/advisories/folder.ts";
import { npmVersions } from "../../src/versions/semver.ts";
import { advisorySourceContract, affected, record, told } from "./contract.ts";
import { zipOf } from "./zip.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A record about something else: a source without any for npm cannot speak for npm. */
const other = record("GHSA-other", { affected: [affected("other", [{ introduced: "0" }])] });
const left = record("GHSA-left", { affected: [affected("left", [{ introduced: "0" }])] });

advisorySourceContract("a folder of records", async (records) =>
  advisoryFolder(await folderOf(filesOf([...records, other]))),
);

advisorySourceContract("a zip of records", async (records) => {
  const folder = await folderOf({ "npm.zip": zipOf(filesOf([...records, other])) });
  return advisoryFolder(join(folder, "npm.zip"));
});

it("reads folders in folders and zips in them, and neither hidden files nor links", async () => {
  const outside = await folderOf({ "GHSA-c.json": JSON.stringify({ ...left, id: "GHSA-c" }) });
  const folder = await folderOf({
    "deep/er/GHSA-a.json": JSON.stringify({ ...left, id: "GHSA-a" }),
    "npm.zip": zipOf({ "GHSA-b.json": JSON.stringify({ ...left, id: "GHSA-b" }), "README.md": "no record" }),
    ".git/GHSA-d.json": JSON.stringify({ ...left, id: "GHSA-d" }),
    "README.md": "no record",
  });
  await symlink(join(outside, "GHSA-c.json"), join(folder, "GHSA-c.json"));
  expect(await told(advisoryFolder(folder), "left@1.0.0")).toEqual(["GHSA-a left", "GHSA-b left"]);
});

it("tells what is no JSON and what is too large, and goes on", async () => {
  const folder = await folderOf({
    "a.json": JSON.stringify(left),
    "b.json": "{",
    "c.zip": zipOf({ "large.json": JSON.stringify({ ...left, details: "x".repeat(2_000) }) }),
  });
  const source = advisoryFolder(folder, { record: 1_000, total: 10_000 });
  expect(await told(source, "left@1.0.0")).toEqual(["GHSA-left left"]);
  expect(source.problems()).toEqual([
    { stage: "audit", subject: "b.json", message: expect.stringContaining("JSON") },
    { stage: "audit", subject: "c.zip/large.json", message: "is larger than 1000 bytes" },
  ]);
});

it("tells an entry that unpacks to more than it says, and goes on", async () => {
  const bomb = zipOf(
    { "a.json": JSON.stringify({ ...left, details: "x".repeat(100_000) }), "b.json": JSON.stringify(left) },
    { lieAbout: "a.json", size: 500 },
  );
  const source = advisoryFolder(join(await folderOf({ "npm.zip": bomb }), "npm.zip"));
  expect(await told(source, "left@1.0.0")).toEqual(["GHSA-left left"]);
  expect(source.problems()).toEqual([
    { stage: "audit", subject: "npm.zip/a.json", message: expect.stringContaining("too many bytes") },
  ]);
});

it("refuses more records than it can hold", async () => {
  const folder = await folderOf({ "a.json": JSON.stringify(left), "b.json": JSON.stringify(left) });
  const source = advisoryFolder(folder, { record: 1_000, total: 200 });
  await expect(told(source, "left@1.0.0")).rejects.toThrow("holds more than 200 bytes of records");
});

it("throws where there is nothing, where a zip is broken, and where nothing is about the ecosystem", async () => {
  const folder = await folderOf({ "npm.zip": "no zip", "a.json": JSON.stringify(left) });
  const pypi = { osv: "PyPI", versions: npmVersions };
  await expect(told(advisoryFolder(join(folder, "missing")), "left@1.0.0")).rejects.toThrow("ENOENT");
  await expect(told(advisoryFolder(folder), "left@1.0.0")).rejects.toThrow("not a readable zip");
  await expect(
    advisoryFolder(join(folder, "a.json")).advisoriesFor(pypi, [{ name: "left" }]),
  ).rejects.toThrow("holds no advisories for PyPI");
});

it("looks again after it found nothing", async () => {
  const folder = await folderOf({});
  const source = advisoryFolder(join(folder, "a.json"));
  await expect(told(source, "left@1.0.0")).rejects.toThrow("ENOENT");
  await writeFile(join(folder, "a.json"), JSON.stringify(left));
  expect(await told(source, "left@1.0.0")).toEqual(["GHSA-left left"]);
});

function filesOf(records: readonly unknown[]): Record<string, string> {
  return Object.fromEntries(
    records.map((each) => [`${/"id":"([^"]+)"/.exec(JSON.stringify(each))?.[1]}.json`, JSON.stringify(each)]),
  );
}

async function folderOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "steeplejack-advisories-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}
