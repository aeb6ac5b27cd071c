import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { RateLimitError } from "../../src/domain/errors.ts";
import { connectWithToken, createGithub } from "../../src/github/client.ts";
import { connectTo, hub as start, web } from "./hub.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
const hub: typeof start = async (options) => {
  const started = await start(options);
  open.push(started.github);
  return started;
};
const repo = { owner: "acme", repo: "web" };

async function thrown(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("a token", () => {
  it("reaches one repository, and no more permissions than asked for", async () => {
    const { github, app, installation } = await hub({
      repositories: [
        { name: "acme/web", private: true, files: { a: "a" } },
        { name: "acme/api", private: true, files: { a: "a" } },
      ],
    });
    const octokit = app.forRepository(installation, web);
    expect((await octokit.repos.get(repo)).status).toBe(200);
    expect(await thrown(octokit.repos.get({ owner: "acme", repo: "api" }))).toMatchObject({ status: 404 });
    const reader = app.forRepository(installation, web, { contents: "read" });
    expect(await thrown(reader.git.createBlob({ ...repo, content: "x" }))).toMatchObject({ status: 403 });
    expect(github.requests.filter(({ path }) => path.endsWith("/access_tokens"))).toHaveLength(2);
  });

  it("asks for less where the installation has not accepted all", async () => {
    const { github, installation } = await hub();
    const asked: string[][] = [];
    const app = createGithub({
      appId: github.appId,
      privateKey: github.privateKey,
      baseUrl: github.url,
      cache: memoryCache(),
      fetch: async (input, init) => {
        const { url } = new Request(input);
        if (!url.endsWith("/access_tokens")) return fetch(input, init);
        const body: unknown = init?.body;
        const { permissions }: { permissions: Record<string, string> } = JSON.parse(
          typeof body === "string" ? body : "{}",
        );
        asked.push(Object.keys(permissions).toSorted());
        if (permissions["checks"] === undefined) return fetch(input, init);
        const message = "The permissions requested are not granted to this installation.";
        return Response.json({ message }, { status: 422 });
      },
    });
    const octokit = app.forRepository(installation, web);
    expect((await octokit.repos.get(repo)).status).toBe(200);
    expect((await octokit.repos.listBranches(repo)).status).toBe(200);
    expect(asked).toEqual([
      ["checks", "contents", "issues", "metadata", "pull_requests", "statuses"],
      ["contents", "metadata", "pull_requests"],
    ]);
  });

  it("is asked for anew once when it is refused", async () => {
    const { github, app, installation } = await hub();
    const octokit = app.forRepository(installation, web);
    await octokit.repos.get(repo);
    await new Promise((done) => setImmediate(done));
    github.expireTokens();
    expect((await octokit.repos.listBranches(repo)).data).toMatchObject([{ name: "main" }]);
  });

  it("is never in the text of an error", async () => {
    const { github } = await hub();
    const token = github.token("octocat");
    const octokit = connectWithToken({
      token,
      baseUrl: github.url,
      cache: memoryCache(),
      sleep: async () => undefined,
    });
    github.fault({ status: 500, times: 9 });
    expect(inspect(await thrown(octokit.repos.get(repo)), { depth: 9 })).not.toContain(token);
    await github.close();
    expect(inspect(await thrown(octokit.repos.get(repo)), { depth: 9 })).not.toContain(token);
  });

  it("may be a person's", async () => {
    const { github } = await hub();
    const octokit = connectWithToken({
      token: github.token("octocat"),
      baseUrl: github.url,
      cache: memoryCache(),
    });
    expect((await octokit.users.getAuthenticated()).data.login).toBe("octocat");
  });

  it("of the App itself lists its installations", async () => {
    const { app, installation } = await hub();
    expect((await app.app.apps.listInstallations()).data.map(({ id }) => id)).toEqual([installation]);
  });
});

describe("what was asked before", () => {
  it("is not counted again while it is unchanged, and is fresh when it is not", async () => {
    const { github, app, installation } = await hub();
    const octokit = app.forRepository(installation, web);
    const first = await octokit.repos.get(repo);
    github.forgetRequests();
    expect((await octokit.repos.get(repo)).data).toEqual(first.data);
    expect(github.requests.map(({ status, counted }) => [status, counted])).toEqual([[304, false]]);
    await github.push("acme/web", { files: { b: "b" }, by: "octocat" });
    expect((await octokit.repos.get(repo)).data.pushed_at).not.toBe(first.data.pushed_at);
  });

  it("is known again with the token of another hour and after a restart", async () => {
    const cache = memoryCache();
    const { github, app, installation } = await hub({ cache });
    await app.forRepository(installation, web).repos.listBranches(repo);
    github.expireTokens();
    github.forgetRequests();
    const later = connectTo(github, cache).forRepository(installation, web);
    expect((await later.repos.listBranches(repo)).data).toMatchObject([{ name: "main" }]);
    expect(github.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      "POST 201",
      "GET 304",
    ]);
  });

  it("keeps the pages of a list together", async () => {
    const { github, app, installation } = await hub();
    for (const branch of ["a", "b", "c"])
      await github.push("acme/web", { branch, files: { [branch]: "" }, by: "octocat" });
    const octokit = app.forRepository(installation, web);
    const names = async () =>
      (await octokit.paginate(octokit.repos.listBranches, { ...repo, per_page: 2 })).map(({ name }) => name);
    expect(await names()).toEqual(["a", "b", "c", "main"]);
    github.forgetRequests();
    expect(await names()).toEqual(["a", "b", "c", "main"]);
    expect(github.requests.map(({ status }) => status)).toEqual([304, 304]);
  });

  it("is remembered for a repository called app too", async () => {
    const { github, app, installation } = await hub({
      repositories: [{ name: "acme/app", files: { a: "a" } }],
    });
    const octokit = app.forRepository(installation, { owner: "acme", name: "app" });
    await octokit.repos.listBranches({ owner: "acme", repo: "app" });
    github.forgetRequests();
    await octokit.repos.listBranches({ owner: "acme", repo: "app" });
    expect(github.requests.map(({ status }) => status)).toEqual([304]);
  });

  it("by its SHA is not asked at all", async () => {
    const { github, app, installation } = await hub();
    const octokit = app.forRepository(installation, web);
    const commit_sha = github.branches("acme/web")["main"] ?? "";
    await octokit.git.getCommit({ ...repo, commit_sha });
    github.forgetRequests();
    expect((await octokit.git.getCommit({ ...repo, commit_sha })).data.sha).toBe(commit_sha);
    expect(github.requests).toEqual([]);
  });
});

describe("when GitHub", () => {
  it("has nothing left of the limit, it is said when to come back", async () => {
    const { github, app, installation } = await hub();
    const octokit = app.forRepository(installation, web);
    const reset = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000);
    github.limit("acme", 0, reset);
    const error = await thrown(octokit.repos.get(repo));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAt: new Date(reset.getTime() + 1000) });
  });

  it.each([
    [{ status: 403, headers: { "retry-after": "90" } }, 90],
    [{ status: 429, headers: { "retry-after": "7" } }, 7],
    [{ status: 403, message: "You have exceeded a secondary rate limit." }, 60],
  ])("asks to wait with %j, that is how long", async (fault, seconds) => {
    const { github, app, installation } = await hub();
    github.fault({ ...fault, path: /^\/repos/ });
    const before = Date.now();
    const error = await thrown(app.forRepository(installation, web).repos.get(repo));
    expect(error).toBeInstanceOf(RateLimitError);
    const waits = error instanceof RateLimitError ? (error.retryAt.getTime() - before) / 1000 : 0;
    expect(Math.floor(waits)).toBe(seconds);
  });

  it("fails for a moment, nobody notices", async () => {
    const { github, app, installation, paused } = await hub();
    github.fault({ status: 502, path: /^\/repos/, times: 2 });
    expect((await app.forRepository(installation, web).repos.get(repo)).status).toBe(200);
    expect(paused).toEqual([500, 1500]);
  });

  it("keeps failing, that is an error", async () => {
    const { github, app, installation } = await hub();
    github.fault({ status: 503, path: /^\/repos/, times: 9 });
    expect(await thrown(app.forRepository(installation, web).repos.get(repo))).toMatchObject({ status: 503 });
    expect(github.requests.filter(({ status }) => status === 503)).toHaveLength(4);
  });

  it("forbids something, that is no limit", async () => {
    const { app, installation } = await hub();
    const reader = app.forRepository(installation, web, { contents: "read" });
    expect(await thrown(reader.git.createBlob({ ...repo, content: "x" }))).toMatchObject({ status: 403 });
  });

  it("loses the answer to a comment, it is not written twice", async () => {
    const { github, app, installation } = await hub();
    const octokit = app.forRepository(installation, web, { issues: "write" });
    const { data: issue } = await octokit.issues.create({ ...repo, title: "Hello" });
    github.fault({ status: 502, path: /comments$/, after: true });
    const of = { ...repo, issue_number: issue.number };
    expect(await thrown(octokit.issues.createComment({ ...of, body: "hi" }))).toMatchObject({ status: 502 });
    expect((await octokit.issues.listComments(of)).data).toHaveLength(1);
  });
});
