import type { Octokit } from "@octokit/rest";
import type { ConfigurationSource, FileHistory } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** The client that may read a repository, where there is one. */
type Reader = (repository: Repository) => Octokit | undefined;

/** Configuration files of other repositories, from the first client that may read them. Each is one conditional request. */
export function githubConfiguration(readers: readonly Reader[]): ConfigurationSource {
  return {
    async read(repository, path, ref) {
      for (const reader of readers) {
        const octokit = reader(repository);
        if (octokit === undefined) continue;
        const { owner, name } = repository;
        const answer = await unless(
          [403, 404, 422, 451],
          octokit.request("GET /repos/{owner}/{repo}/contents/{path}", {
            owner,
            repo: name,
            path,
            ...(ref === undefined ? {} : { ref }),
            mediaType: { format: "raw" },
          }),
        );
        const text: unknown = answer?.data;
        if (typeof text === "string") return text;
      }
      return undefined;
    },
    async versions({ owner, name }, path, ref) {
      for (const reader of readers) {
        const asked = reader({ owner, name })?.repos.listCommits({
          owner,
          repo: name,
          path,
          per_page: mostVersions,
          ...(ref === undefined ? {} : { sha: ref }),
        });
        const answer = asked && (await unless([403, 404, 409, 422, 451], asked));
        if (answer !== undefined) return answer.data.map(({ sha }) => sha);
      }
      return [];
    },
  };
}

/** Nobody leaves a file broken for longer. */
const mostVersions = 30;

export interface Remembered {
  readonly until: number;
  readonly answer: Promise<string | undefined>;
}

const fiveMinutes = 300_000;
const mostRemembered = 1_000;

/** Asks again only after five minutes: an organisation's file is wanted by each of its repositories. `scope` is who asks. */
export function remembered(
  scope: string,
  source: ConfigurationSource,
  memory: Map<string, Remembered>,
  now: () => number = Date.now,
): ConfigurationSource {
  const once = (key: string, ask: () => Promise<string | undefined>) => {
    const known = memory.get(key);
    if (known !== undefined && known.until > now()) return known.answer;
    const answer = ask();
    if (memory.size >= mostRemembered) memory.clear();
    memory.set(key, { until: now() + fiveMinutes, answer });
    answer.catch(() => memory.delete(key));
    return answer;
  };
  return {
    read({ owner, name }, path, ref) {
      const key = JSON.stringify([scope, owner, name, path, ref ?? ""]);
      return once(key, () => source.read({ owner, name }, path, ref));
    },
    async versions({ owner, name }, path, ref) {
      const key = JSON.stringify(["versions", scope, owner, name, path, ref ?? ""]);
      const ask = async () => (await source.versions?.({ owner, name }, path, ref))?.join(" ");
      return (await once(key, ask))?.split(" ").filter((sha) => sha !== "") ?? [];
    },
  };
}

/** What a repository's files said before, up to one commit of its default branch. */
export function githubHistory(octokit: Octokit, { owner, name }: Repository, sha: string): FileHistory {
  const source = githubConfiguration([() => octokit]);
  return {
    versions: async (path) => (await source.versions?.({ owner, name }, path, sha)) ?? [],
    read: (path, at) => source.read({ owner, name }, path, at),
  };
}
