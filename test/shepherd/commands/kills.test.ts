import { afterEach, describe, expect, it } from "vitest";
import type { GithubEmulator } from "../../../demo/github/index.ts";
import { connectWithToken } from "../../../src/github/client.ts";
import { memoryCache } from "../../../src/cache/memory.ts";
import { marker } from "../../../src/domain/branch.ts";
import { githubConversation } from "../../../src/github/conversation.ts";
import { githubForge } from "../../../src/github/forge.ts";
import { githubPulls } from "../../../src/github/pulls.ts";
import { attend } from "../../../src/shepherd/commands/attend.ts";
import { policy } from "../../builders.ts";
import { draft, hub, web } from "../../github/hub.ts";

const repo = { owner: "acme", repo: "web" };
const hubs: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of hubs.splice(0)) await one.close();
});

class Killed extends Error {}

/**
 * A pull request on which people said these, one after the other. A kill comes with the nth request that changes something:
 * instead of it, or when GitHub has done it and nobody hears the answer. Gives what there is in the end.
 */
async function story(
  said: readonly string[],
  kill?: { nth: number; isDone: boolean },
  prepare?: (github: GithubEmulator) => Promise<void>,
) {
  const { github, app, installation } = await hub();
  hubs.push(github);
  const octokit = app.forRepository(installation, web);
  const login = github.botLogin;
  const baseSha = github.branches("acme/web")["main"] ?? "";
  const forge = () => githubForge(octokit, { ...web, baseBranch: "main", baseSha, login });
  const moves = ["a", "b"].map((name) => ({ name, from: "1", to: "2", size: "minor" as const }));
  const of = { key: "npm/runtime", digest: "d1", basis: "b1" };
  await forge().propose(draft({ body: marker({ ...of, moves }) }));
  await prepare?.(github);
  let changes = 0;
  octokit.hook.wrap("request", async (request, options) => {
    const isQuestion = typeof options["query"] === "string" && options["query"].startsWith("query");
    if (options.method === "GET" || isQuestion) return request(options);
    changes += 1;
    if (kill?.nth !== changes) return request(options);
    if (kill.isDone) await request(options);
    throw new Killed();
  });
  const world = {
    pulls: githubPulls(octokit, { ...web, login }),
    policies: policy(),
    talk: githubConversation(octokit, { ...web, login }),
    slug: "steeplejack",
    openPullRequests: () => forge().openPullRequests(),
    closedPullRequests: () => forge().closedPullRequests(),
    explain: async (name: string) => `\`${name}\` is as it is.`,
    isAfterScan: false,
  };
  const token = github.token("octocat");
  const person = connectWithToken({ token, baseUrl: github.url, cache: memoryCache() });
  for (const body of said) {
    await person.issues.createComment({ ...repo, issue_number: 1, body });
    for (let isDone = false; !isDone;)
      isDone = await attend(1, world).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof Killed)) throw error;
          return false;
        },
      );
  }
  const { scan } = await attend(1, world);
  const { data: comments } = await person.issues.listComments({ ...repo, issue_number: 1 });
  const reactions = await Promise.all(
    comments.map(async ({ id }) => {
      const { data } = await person.reactions.listForIssueComment({ ...repo, comment_id: id });
      return data.map(({ content }) => content).join(" ");
    }),
  );
  const pull = await world.pulls.read(1);
  const end = {
    // What a scan has to do is asked for again until it is done.
    scan,
    state: pull?.state,
    marker: pull && { ...pull.marker, ...(pull.marker.queued === pull.headSha && { queued: "its head" }) },
    branches: Object.keys(github.branches("acme/web")).map((name) => name.replace(/-\w{40}$/, "")),
    told: github.deliveries.flatMap(({ action }) => (action?.endsWith("queued") === true ? [action] : [])),
    comments: comments.map(({ body = "", user }, at) => [
      user?.login,
      body.replace(/answer-\d+/, "answer"),
      reactions[at],
    ]),
  };
  return { changes, end };
}

describe("answers of a worker that is killed", { timeout: 60_000 }, () => {
  it.each<[string, readonly string[], object]>([
    [
      "when something is ignored, and taken back",
      ["@steeplejack ignore a\n@steeplejack split b", "@steeplejack unignore a"],
      { scan: true, state: "open", marker: { apart: [{ name: "b", version: "2" }] } },
    ],
    [
      "when it is closed and opened again",
      ["@steeplejack close", "@steeplejack reopen"],
      { state: "open", branches: ["main", "steeplejack/npm/runtime"] },
    ],
    ["when it is merged", ["@steeplejack merge"], { state: "merged", branches: ["main"] }],
    ["when it says something", ["@steeplejack explain a\n@steeplejack hlep"], { state: "open" }],
  ])("end as if it had not been, %s", async (_, said, expected) => {
    const whole = await story(said);
    expect(whole.end).toMatchObject(expected);
    for (let nth = 1; nth <= whole.changes; nth++)
      for (const isDone of [false, true]) {
        const { end } = await story(said, { nth, isDone });
        expect(end, `killed at ${nth}, done: ${isDone}`).toEqual(whole.end);
      }
  });

  it.each<[string, readonly string[], object]>([
    [
      "when it goes into a merge queue",
      ["@steeplejack merge"],
      {
        state: "open",
        marker: { merge: "usual", queued: "its head" },
        branches: ["gh-readonly-queue/main/pr-1", "main", "steeplejack/npm/runtime"],
        told: ["enqueued"],
      },
    ],
    [
      "when it is taken out of one",
      ["@steeplejack merge", "@steeplejack cancel merge"],
      { branches: ["main", "steeplejack/npm/runtime"], told: ["enqueued", "dequeued"] },
    ],
  ])("end as if it had not been, %s", async (_, said, expected) => {
    const withQueue = async (github: GithubEmulator) => {
      github.requireCheck("acme/web", "main", "test");
      github.requireMergeQueue("acme/web", "main");
      const head = github.branches("acme/web")["steeplejack/npm/runtime"] ?? "";
      await github.check("acme/web", head, "test", "success");
    };
    const whole = await story(said, undefined, withQueue);
    expect(whole.end).toMatchObject(expected);
    for (let nth = 1; nth <= whole.changes; nth++)
      for (const isDone of [false, true]) {
        const { end } = await story(said, { nth, isDone }, withQueue);
        expect(end, `killed at ${nth}, done: ${isDone}`).toEqual(whole.end);
      }
  });
});
