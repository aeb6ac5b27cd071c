import { afterAll, describe, expect, it } from "vitest";
import { type GithubEmulator, startGithub } from "../../demo/github/index.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import type { UpdateGroup } from "../../src/domain/types.ts";
import { branchOf, digestOf, marker, movesOf } from "../../src/domain/branch.ts";
import { createGithub } from "../../src/github/client.ts";
import { githubForge } from "../../src/github/forge.ts";
import { githubPulls } from "../../src/github/pulls.ts";
import { evidenceBook } from "../../src/shepherd/evidence.ts";
import { tend } from "../../src/shepherd/shepherd.ts";
import { dependency, manifest, policy, project } from "../builders.ts";

const repository = { owner: "acme", name: "web" };
const names = ["alpha", "bravo", "charlie", "delta"];
const written = (updated: readonly string[]) => [
  {
    path: "package.json",
    content: JSON.stringify(Object.fromEntries(names.map((name) => [name, updated.includes(name) ? 2 : 1]))),
  },
];

const all = manifest(...names.map((name) => dependency(name, "^1.0.0")));
const of = project(all);
const group: UpdateGroup = {
  key: "npm/runtime",
  name: "runtime",
  kind: "version",
  single: false,
  updates: all.dependencies.map((one, nth) => ({
    project: of,
    manifest: all,
    dependency: one,
    // Other steps: what goes the same way may be released in lockstep.
    from: `1.0.${nth}`,
    release: { version: `1.1.${nth}` },
    requirement: `^1.1.${nth}`,
    size: "minor",
    fixes: [],
  })),
};

class Killed extends Error {}

const hubs: GithubEmulator[] = [];
afterAll(async () => {
  for (const hub of hubs) await hub.close();
});

/**
 * A group of four of which `charlie` breaks the check, tended until nothing is left to do. A kill comes with the nth request
 * that changes something: instead of it, or when GitHub has done it and nobody hears the answer.
 */
async function story(kill?: { nth: number; isDone: boolean }) {
  const hub = await startGithub({
    repositories: [{ name: "acme/web", files: { "package.json": written([])[0]?.content ?? "" } }],
  });
  hubs.push(hub);
  const { appId, privateKey, url: baseUrl } = hub;
  const clients = createGithub({ appId, privateKey, baseUrl, cache: memoryCache() });
  const octokit = clients.forRepository(hub.installationOf("acme"), repository);
  const login = hub.botLogin;
  const baseSha = hub.branches("acme/web")["main"] ?? "";
  const forge = githubForge(octokit, { ...repository, baseBranch: "main", baseSha, login });
  const digest = digestOf(group);
  await forge.propose({
    key: group.key,
    branch: branchOf(group.key),
    title: "Bump the runtime group with 4 updates",
    body: `Bumps.\n\n${marker({ key: group.key, digest, basis: "b", moves: movesOf(group) })}\n`,
    commitMessage: "Bump",
    labels: [],
    changes: written(names),
    digest,
    basis: "b",
  });

  let changes = 0;
  octokit.hook.wrap("request", async (request, options) => {
    if (options.method === "GET") return request(options);
    changes += 1;
    if (kill?.nth !== changes) return request(options);
    if (kill.isDone) await request(options);
    throw new Killed();
  });
  // Time goes on where nothing else does.
  let clock = Date.now();
  const seenAt = new Map<string, Date>();
  const pulls = githubPulls(octokit, { ...repository, login });
  const branch = async (name: string) => {
    const found = await pulls.branch(name);
    if (found === undefined) return undefined;
    const at = seenAt.get(found.sha) ?? new Date(clock);
    seenAt.set(found.sha, at);
    return { ...found, at };
  };
  const world = {
    pulls: { ...pulls, branch },
    policies: policy(),
    groupOf: async () => group,
    write: async (_: unknown, { updates }: UpdateGroup) =>
      written(updates.map(({ dependency: { name } }) => name)),
    evidence: evidenceBook(memoryCache(), 1, "acme/web"),
    patience: { start: 60_000, end: 600_000 },
    isAfterScan: false,
    now: () => new Date(clock),
  };
  const checked = new Set<string>();
  const check = async (): Promise<boolean> => {
    const queued = new Set(hub.queuedChecks("acme/web").map(({ sha }) => sha));
    const open = Object.entries(hub.branches("acme/web")).filter(
      ([, sha]) => !checked.has(sha) || queued.has(sha),
    );
    for (const [branch, sha] of open) {
      checked.add(sha);
      const isBroken = JSON.parse(hub.files("acme/web", branch)["package.json"] ?? "{}").charlie === 2;
      await hub.check("acme/web", sha, "test", isBroken ? "failure" : "success");
    }
    return open.length > 0;
  };
  let wantsScan = false;
  for (let rounds = 0; rounds < 100 && !wantsScan; rounds++) {
    if (!(await check())) clock += 30_000;
    try {
      wantsScan = (await tend([1], world)).scan;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  // The scan that was asked for has not come: what is there by then is tended once more.
  await tend([1], { ...world, isAfterScan: true });
  const { data: comments } = await octokit.issues.listComments({
    owner: "acme",
    repo: "web",
    issue_number: 1,
  });
  const { data: listed } = await octokit.pulls.list({ owner: "acme", repo: "web", state: "all" });
  return {
    changes,
    wantsScan,
    branches: Object.keys(hub.branches("acme/web")),
    pulls: listed.map(({ number, state }) => `${state} #${number}`),
    apart: (await world.pulls.read(1))?.marker.apart,
    // Addresses and stamps are others each time.
    comments: comments.map(({ body = "" }) =>
      body
        .replace(/<!--.*-->/s, "")
        .replaceAll(/\]\([^)]*\)/g, "]")
        .trim(),
    ),
  };
}

describe("a search whose worker is killed", { timeout: 120_000 }, () => {
  it("ends as if it had not been, whenever that was", async () => {
    const whole = await story();
    expect(whole).toMatchObject({
      wantsScan: true,
      branches: ["main", "steeplejack/npm/runtime"],
      pulls: ["open #1"],
      apart: [{ name: "charlie", version: "1.1.2" }],
    });
    expect(whole.comments).toHaveLength(1);
    expect(whole.comments[0]).toContain("`charlie` breaks it, as 4 trials told");
    expect(whole.changes).toBeGreaterThan(20);

    const { changes: _, ...end } = whole;
    for (let nth = 1; nth <= whole.changes; nth++)
      for (const isDone of [false, true]) {
        const { changes, ...again } = await story({ nth, isDone });
        expect(changes).toBeGreaterThanOrEqual(nth);
        expect({ nth, isDone, ...again }).toEqual({ nth, isDone, ...end });
      }
  });
});
