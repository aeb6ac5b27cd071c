import { afterEach, expect, it } from "vitest";
import { installationRepositories, repositoryState } from "../../src/github/repository.ts";
import { hub as start, web } from "./hub.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

it("tells a repository that can be scanned from those that cannot", async () => {
  const { github, app, installation } = await start({
    repositories: [
      { name: "acme/web", files: { a: "a" }, defaultBranch: "trunk" },
      { name: "acme/copy", files: { a: "a" }, fork: true, private: true },
      { name: "acme/new" },
      { name: "acme/old", files: { a: "a" }, archived: true },
    ],
  });
  open.push(github);
  const state = (name: string) => repositoryState(app.forInstallation(installation), { owner: "acme", name });
  const sha = github.branches("acme/web")["trunk"];
  expect(await repositoryState(app.forRepository(installation, web), web)).toEqual({
    kind: "ready",
    defaultBranch: "trunk",
    sha,
    private: false,
    fork: false,
  });
  expect(
    await repositoryState(app.forRepository(installation, { owner: "acme", name: "copy" }), {
      owner: "acme",
      name: "copy",
    }),
  ).toMatchObject({ kind: "ready", fork: true, private: true });
  expect([await state("new"), await state("old"), await state("gone")]).toEqual([
    { kind: "empty" },
    { kind: "archived" },
    { kind: "missing" },
  ]);
});

it("finds the newest commit with a request that costs nothing while there is none", async () => {
  const { github, app, installation } = await start();
  open.push(github);
  const octokit = app.forRepository(installation, web);
  await repositoryState(octokit, web);
  github.forgetRequests();
  await repositoryState(octokit, web);
  expect(github.counted()).toEqual([]);
  const sha = await github.push("acme/web", { files: { b: "b" }, by: "octocat" });
  expect(await repositoryState(octokit, web)).toMatchObject({ sha });
});

it("lists the repositories of an installation that can change", async () => {
  const { github, app, installation } = await start({
    repositories: [
      { name: "acme/web", files: { a: "a" } },
      { name: "acme/api", files: { a: "a" }, private: true },
      { name: "acme/old", files: { a: "a" }, archived: true },
    ],
  });
  open.push(github);
  expect(await installationRepositories(app.forInstallation(installation))).toEqual([
    { owner: "acme", name: "api" },
    { owner: "acme", name: "web" },
  ]);
});
