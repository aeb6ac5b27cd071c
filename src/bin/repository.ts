import { changelogs } from "../changelogs/index.ts";
import { type InForce, policiesInForce } from "../config/in-force.ts";
import { ownPaths } from "../config/policy.ts";
import { withRegistries } from "../config/registries.ts";
import type { Policies } from "../domain/policy.ts";
import type { ConfigurationSource, FileReader, HttpClient, Reporter } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import type { connectWithToken } from "../github/client.ts";
import { githubHistory } from "../github/configuration.ts";
import { githubFiles } from "../github/files.ts";
import { githubForge } from "../github/forge.ts";
import { githubPulls } from "../github/pulls.ts";
import { repositoryState, unless } from "../github/repository.ts";
import { originOf } from "../pipeline/apart.ts";
import type { ProposeWorld } from "../pipeline/propose.ts";
import { forBranch, refusalsOf, refusing } from "../pipeline/refusals.ts";
import type { EvidenceBook } from "../shepherd/evidence.ts";
import { storyOf } from "../shepherd/story.ts";
import type { Adapters } from "./adapters.ts";

export type Octokit = ReturnType<typeof connectWithToken>;

export interface RepositoryOptions {
  readonly adapters: Adapters;
  readonly octokit: Octokit;
  readonly repository: Repository;
  /** The account that our commits and pull requests are from. */
  readonly login: string;
  /** Signs the commits where GitHub does not do it for an App. */
  readonly author?: { readonly name: string; readonly email: string };
  /** Whether schedule and limit count. */
  readonly patient: boolean;
  /** Where GitHub's own interface is: `https://api.github.com`. */
  readonly apiUrl: string;
  readonly asOf?: Date;
  readonly reporter: Reporter;
  /** For what an organisation says and what files build on. */
  readonly configuration: ConfigurationSource;
  /** What the installation has seen of updates; nothing, where there is no installation. */
  readonly evidence?: Pick<EvidenceBook, "read">;
  /** Whether what is open is tended after each scan. */
  readonly isTended?: boolean;
  /** Ends the work between two stages: the job is given back. */
  readonly signal?: AbortSignal;
}

/** A repository that can be worked on, at the head of its default branch. */
export interface OpenRepository {
  readonly kind: "open";
  readonly sha: string;
  readonly defaultBranch: string;
  /** Of that commit. */
  readonly files: FileReader;
  readonly policies: Policies;
  /** Where the configuration is faulty, and an earlier one is obeyed. */
  readonly broken?: InForce["broken"];
  /** The files of other repositories that it builds on and that are faulty. */
  readonly shared: InForce["shared"];
  /** All that a scan of a branch at one commit reads from and proposes to. */
  readonly worldFor: (branch: string, sha: string) => Promise<ProposeWorld>;
}

/** Reads what the repository is and asks for. Throws `ConfigurationError` where its configuration always was faulty. */
export async function openRepository(
  options: RepositoryOptions,
): Promise<OpenRepository | { readonly kind: "skipped"; readonly reason: string }> {
  const { adapters, octokit, repository, login, author, apiUrl, asOf, patient, signal } = options;
  const state = await repositoryState(octokit, repository);
  if (state.kind !== "ready") return { kind: "skipped", reason: `the repository is ${state.kind}` };
  const { sha, defaultBranch } = state;
  const filesAt = (at: string) => githubFiles(octokit, { ...repository, sha: at, cache: adapters.cache });
  const files = filesAt(sha);
  if (state.fork && !(await isConfigured(files)))
    return { kind: "skipped", reason: "the repository is a fork without a configuration" };
  const others = { repository, source: options.configuration };
  const history = githubHistory(octokit, repository, sha);
  const { policies, broken, shared } = await policiesInForce(files, { defaultBranch, others }, history);

  const reporter: Reporter = {
    stage(name) {
      signal?.throwIfAborted();
      options.reporter.stage(name);
    },
  };
  const { ecosystems, http, advisories, tools } = adapters;
  const worldFor = async (branch: string, baseSha: string): Promise<ProposeWorld> => {
    const forge = githubForge(octokit, {
      ...repository,
      baseBranch: branch,
      baseSha,
      login,
      ...(author === undefined ? {} : { author }),
    });
    const [open, closed] = await Promise.all([forge.openPullRequests(), forge.closedPullRequests()]);
    const named = branch === defaultBranch ? undefined : branch;
    const own = policies.branches.get(branch) ?? policies;
    const ours = forBranch(closed, named, [...policies.branches.keys()]);
    return {
      ecosystems,
      files: withRegistries(baseSha === sha ? files : filesAt(baseSha), own),
      http,
      advisories,
      tools,
      policies: refusing(own, refusalsOf(ours, open)),
      repository,
      reporter,
      patient,
      now: asOf ?? new Date(),
      ...(asOf === undefined ? {} : { asOf }),
      forge,
      ...(options.evidence === undefined ? {} : { evidence: options.evidence }),
      isTended: options.isTended ?? false,
      storyOf: async ({ key, updates }) => {
        const group = open.find((pull) => pull.key === originOf(key));
        const names = updates.map(({ dependency }) => dependency.name);
        const pulls = githubPulls(octokit, { ...repository, login });
        return group === undefined ? undefined : storyOf(pulls, group.number, names);
      },
      changelogs: changelogs({ http: withGithub(http, octokit, apiUrl), githubApi: notesApiOf(apiUrl) }),
    };
  };
  return { kind: "open", sha, defaultBranch, files, policies, shared, worldFor, ...(broken && { broken }) };
}

/** Packages are published from github.com, also where the App serves an Enterprise Server. */
function notesApiOf(apiUrl: string): string {
  return apiUrl.endsWith("/api/v3") ? "https://api.github.com" : apiUrl;
}

/** Asks GitHub through the client that has a token: without one it answers sixty times an hour. */
function withGithub(http: HttpClient, octokit: Octokit, apiUrl: string): HttpClient {
  return {
    ...http,
    async get(url, request) {
      if (!url.startsWith(`${apiUrl}/`)) return http.get(url, request);
      const answer = await unless([404, 410, 451], octokit.request(`GET ${url}`));
      return answer && request.read(Buffer.from(JSON.stringify(answer.data)));
    },
  };
}

async function isConfigured(files: FileReader): Promise<boolean> {
  const paths = new Set((await files.list()).map(({ path }) => path));
  return ownPaths.some((path) => paths.has(path));
}
