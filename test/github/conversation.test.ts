import { afterEach, describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { connectWithToken } from "../../src/github/client.ts";
import { githubConversation } from "../../src/github/conversation.ts";
import { githubForge } from "../../src/github/forge.ts";
import { githubPulls } from "../../src/github/pulls.ts";
import { draft, hub, web } from "./hub.ts";

const repo = { owner: "acme", repo: "web" };
const branch = "steeplejack/npm/runtime";
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start() {
  const { github, app, installation } = await hub({ users: ["octocat", "mallory"] });
  open.push(github);
  const octokit = app.forRepository(installation, web);
  const login = github.botLogin;
  const baseSha = github.branches("acme/web")["main"] ?? "";
  await githubForge(octokit, { ...web, baseBranch: "main", baseSha, login }).propose(draft());
  const token = github.token("octocat");
  const person = connectWithToken({ token, baseUrl: github.url, cache: memoryCache() });
  const pulls = githubPulls(octokit, { ...web, login });
  const read = async () => {
    const pull = await pulls.read(1);
    if (pull === undefined) throw new Error("it is gone");
    return pull;
  };
  return { github, person, read, talk: githubConversation(octokit, { ...web, login }) };
}

describe("a conversation", () => {
  it("knows the App's own reactions from those of others, and reacts once", async () => {
    const { person, talk } = await start();
    const { data } = await person.issues.createComment({ ...repo, issue_number: 1, body: "hello" });
    await person.reactions.createForIssueComment({ ...repo, comment_id: data.id, content: "rocket" });
    expect(await talk.reactionsTo(data.id)).toEqual([]);
    await talk.react(data.id, "eyes");
    await talk.react(data.id, "eyes");
    expect(await talk.reactionsTo(data.id)).toEqual(["eyes"]);
    await person.issues.deleteComment({ ...repo, comment_id: data.id });
    await expect(talk.react(data.id, "rocket")).resolves.toBeUndefined();
  });

  it("asks once for each person whether they may write", async () => {
    const { github, talk } = await start();
    github.forgetRequests();
    expect(await talk.mayWrite("octocat")).toBe(true);
    expect(await talk.mayWrite("octocat")).toBe(true);
    expect(await talk.mayWrite("mallory")).toBe(false);
    expect(await talk.mayWrite("nobody-of-that-name")).toBe(false);
    expect(github.requests.filter(({ path }) => path.includes("/collaborators/"))).toHaveLength(3);
  });

  it("closes and reopens, with a branch that was deleted, and not where another has its name", async () => {
    const { github, person, read, talk } = await start();
    const sha = github.branches("acme/web")[branch];
    await talk.close(await read());
    await talk.close(await read());
    await person.git.deleteRef({ ...repo, ref: `heads/${branch}` });
    expect(await talk.reopen(await read())).toBe(true);
    expect(await read()).toMatchObject({ state: "open" });
    expect(github.branches("acme/web")[branch]).toBe(sha);
    expect(await talk.reopen(await read())).toBe(true);

    await talk.close(await read());
    await github.push("acme/web", { files: { "x.js": "1" }, by: "octocat", branch });
    expect(await talk.reopen(await read())).toBe(false);
  });
});
