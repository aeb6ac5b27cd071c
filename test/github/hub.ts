import { startGithub, type GithubEmulator, type GithubOptions } from "../../demo/github/index.ts";
import { memoryCache } from "../../src/cache/memory.ts";
import { marker } from "../../src/domain/branch.ts";
import type { Cache } from "../../src/domain/ports.ts";
import type { PullRequestDraft } from "../../src/domain/types.ts";
import { createGithub, type Github } from "../../src/github/client.ts";

export const web = { owner: "acme", name: "web" };

/** An emulated GitHub with `acme/web`, and the App connected to it. */
export async function hub(
  options: Partial<GithubOptions> & {
    readonly files?: Readonly<Record<string, string>>;
    readonly cache?: Cache;
  } = {},
): Promise<{
  readonly github: GithubEmulator;
  readonly app: Github;
  readonly installation: number;
  readonly paused: number[];
}> {
  const { files = { "package.json": '{ "a": "1" }\n' }, cache = memoryCache(), ...rest } = options;
  const github = await startGithub({
    repositories: [{ name: "acme/web", files, write: ["octocat"] }],
    ...rest,
  });
  const paused: number[] = [];
  const app = connectTo(github, cache, paused);
  return { github, app, installation: github.installationOf("acme"), paused };
}

export function connectTo(github: GithubEmulator, cache: Cache, paused: number[] = []): Github {
  const { appId, privateKey, url } = github;
  const sleep = async (milliseconds: number) => paused.push(milliseconds);
  return createGithub({ appId, privateKey, baseUrl: url, cache, sleep });
}

export function draft(more: Partial<PullRequestDraft> = {}): PullRequestDraft {
  const key = more.key ?? "npm/runtime";
  const digest = more.digest ?? "d1";
  return {
    key,
    digest,
    basis: "b1",
    branch: "steeplejack/npm/runtime",
    title: "Bump a from 1 to 2",
    body: `Bumps a from 1 to 2.\n\n${marker({ key, digest, basis: "b1" })}`,
    commitMessage: "Bump a from 1 to 2",
    labels: ["dependencies", "javascript"],
    changes: [{ path: "package.json", content: '{ "a": "2" }\n' }],
    ...more,
  };
}
