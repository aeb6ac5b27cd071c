import { changelogs } from "../changelogs/index.ts";
import { configurationPaths, ownPaths, repositoryPolicies } from "../config/policy.ts";
import type { Environment } from "../config/env.ts";
import { ConfigurationError } from "../domain/errors.ts";
import type { Policies } from "../domain/policy.ts";
import type { ConfigurationSource, FileReader, HttpClient, Reporter } from "../domain/ports.ts";
import type { Problem, Repository } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { connectWithToken, createGithub } from "../github/client.ts";
import { githubConfiguration, type Remembered, remembered } from "../github/configuration.ts";
import { githubFiles } from "../github/files.ts";
import { githubForge } from "../github/forge.ts";
import { branchHead, repositoryState, unless } from "../github/repository.ts";
import { type Proposed, propose } from "../pipeline/propose.ts";
import { forBranch, refusalsOf, refusing } from "../pipeline/refusals.ts";
import { scan } from "../pipeline/scan.ts";
import type { Job } from "../queue/jobs.ts";
import type { Again } from "../queue/queue.ts";
import type { Adapters } from "./adapters.ts";
import type { Handle } from "./serve.ts";

type Octokit = ReturnType<typeof connectWithToken>;

/** What became of one repository. */
export type RepositoryOutcome =
  | { readonly kind: "scanned"; readonly sha: string; readonly proposed: Proposed }
  /** Nothing was done, for a reason that is no failure. */
  | { readonly kind: "skipped"; readonly reason: string };

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
  /** Ends the work between two stages: the job is given back. */
  readonly signal?: AbortSignal;
}

/** Scans one repository on GitHub and opens, updates and closes its pull requests. */
async function proposeFor(options: RepositoryOptions): Promise<RepositoryOutcome> {
  const { adapters, octokit, repository, login, author, apiUrl, asOf, patient, signal } = options;
  const state = await repositoryState(octokit, repository);
  if (state.kind !== "ready") return { kind: "skipped", reason: `the repository is ${state.kind}` };
  const { sha, defaultBranch } = state;
  const files = githubFiles(octokit, { ...repository, sha });
  if (state.fork && !(await isConfigured(files))) {
    return { kind: "skipped", reason: "the repository is a fork without a configuration" };
  }
  const others = { repository, source: options.configuration };
  const policies = await repositoryPolicies(files, { defaultBranch, others });

  const reporter: Reporter = {
    stage(name) {
      signal?.throwIfAborted();
      options.reporter.stage(name);
    },
  };
  const { ecosystems, http, advisories, tools } = adapters;
  const work = async (branch: string, baseSha: string, of: Policies): Promise<Proposed> => {
    const forge = githubForge(octokit, {
      ...repository,
      baseBranch: branch,
      baseSha,
      login,
      ...(author === undefined ? {} : { author }),
    });
    const [open, closed] = await Promise.all([forge.openPullRequests(), forge.closedPullRequests()]);
    const named = branch === defaultBranch ? undefined : branch;
    const ours = forBranch(closed, named, [...policies.branches.keys()]);
    const world = {
      ecosystems,
      files: baseSha === sha ? files : githubFiles(octokit, { ...repository, sha: baseSha }),
      http,
      advisories,
      tools,
      policies: refusing(of, refusalsOf(ours, open)),
      repository,
      reporter,
      patient,
      now: asOf ?? new Date(),
      ...(asOf === undefined ? {} : { asOf }),
      forge,
      changelogs: changelogs({ http: withGithub(http, octokit, apiUrl), githubApi: notesApiOf(apiUrl) }),
    };
    return propose(await scan(world), world);
  };
  let proposed = await work(defaultBranch, sha, policies);
  for (const [branch, of] of policies.branches) {
    const head = await branchHead(octokit, repository, branch);
    const more = head === undefined ? undefined : await work(branch, head, of);
    proposed = more === undefined ? without(proposed, branch) : together(proposed, more);
  }
  return { kind: "scanned", sha, proposed };
}

/** What was found is that of the default branch; what was proposed, and what went wrong, of both. */
function together(main: Proposed, other: Proposed): Proposed {
  return {
    scan: { ...main.scan, problems: [...main.scan.problems, ...other.scan.problems] },
    outcomes: [...main.outcomes, ...other.outcomes],
    passing: [...main.passing, ...other.passing],
    closed: [...main.closed, ...other.closed],
  };
}

function without(main: Proposed, branch: string): Proposed {
  const message = `the configuration names the branch ${branch} as "target-branch", and there is none`;
  const problem: Problem = { stage: "configure", subject: branch, message };
  return { ...main, scan: { ...main.scan, problems: [...main.scan.problems, problem] } };
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

export interface HandleOptions {
  readonly asOf?: Date;
  /** Told what became of each repository, besides the log. */
  readonly told?: (repository: Repository, outcome: RepositoryOutcome) => void;
}

/** What a worker does with a job. */
export function createHandle(
  adapters: Adapters,
  { app, github }: Environment,
  { told, ...options }: HandleOptions = {},
): Handle {
  if (app === undefined) {
    return () => Promise.reject(new Error("the App is not registered: there is nobody to work for"));
  }
  const clients = createGithub({
    appId: app.id,
    privateKey: app.privateKey,
    baseUrl: github.apiUrl,
    cache: adapters.cache,
  });
  let login: Promise<string> | undefined;
  const memory = new Map<string, Remembered>();
  return async (job, { log, signal }) => {
    login ??= loginOf(clients.app);
    const octokit = clients.forRepository(job.installationId, job.repository);
    const reporter: Reporter = { stage: (stage) => log.debug({ stage }, "stage begins") };
    const started = Date.now();
    try {
      const outcome = await proposeFor({
        ...options,
        adapters,
        octokit,
        reporter,
        signal,
        repository: job.repository,
        login: await login.catch((error: unknown) => {
          login = undefined;
          throw error;
        }),
        configuration: remembered(
          `installation ${job.installationId}`,
          githubConfiguration([
            () => octokit,
            // What is public every token reads; what is not, one for that repository, where the App is installed on it.
            ({ owner, name }) =>
              owner.toLowerCase() === job.repository.owner.toLowerCase()
                ? clients.forRepository(
                    job.installationId,
                    { owner, name },
                    { metadata: "read", contents: "read" },
                  )
                : undefined,
          ]),
          memory,
        ),
        patient: job.reason !== "manual" && job.reason !== "comment",
        apiUrl: github.apiUrl,
      });
      told?.(job.repository, outcome);
      if (outcome.kind === "skipped") {
        log.info({ reason: outcome.reason }, "repository skipped");
        return undefined;
      }
      tell(outcome.proposed, (problem) => log.warn({ problem }, "problem"));
      const counts = countsOf(outcome.proposed);
      log.info({ sha: outcome.sha, ...counts, milliseconds: Date.now() - started }, "scan finished");
      // All else is done; for what may work a little later the job is tried again.
      const [passing] = outcome.proposed.passing;
      if (passing !== undefined) throw passing;
      return scanLater(job, outcome.proposed, options.asOf ?? new Date());
    } catch (error) {
      // Trying again would not mend the file; the push that mends it is a job of its own.
      if (!(error instanceof ConfigurationError)) throw error;
      log.warn({ path: error.path, faults: error.faults }, "configuration is faulty, nothing is proposed");
      return undefined;
    }
  };
}

/** A scan when the first schedule comes that something waits for. */
function scanLater(
  { repository, installationId }: Job,
  { outcomes }: Proposed,
  now: Date,
): Again | undefined {
  const times = outcomes.flatMap(({ until }) => (until === undefined ? [] : [until.getTime()]));
  if (times.length === 0) return undefined;
  const job: Job = { kind: "scan", repository, installationId, reason: "schedule" };
  return { after: Math.min(...times) - now.getTime(), job };
}

async function loginOf(app: Octokit): Promise<string> {
  const { data } = await app.rest.apps.getAuthenticated();
  if (data?.slug === undefined) throw new Error("GitHub does not tell the App's name");
  return `${data.slug}[bot]`;
}

function tell({ scan: { problems } }: Proposed, warn: (problem: Problem) => void): void {
  problems.forEach(warn);
}

/** How often each outcome came, and how many pull requests were closed. */
function countsOf({ scan: { decisions, findings }, outcomes, closed }: Proposed): Record<string, number> {
  const counts = Map.groupBy(outcomes, ({ outcome }) => outcome);
  return {
    dependencies: decisions.length,
    advisories: findings.length,
    ...Object.fromEntries([...counts].map(([outcome, members]) => [outcome, members.length])),
    closed: closed.length,
  };
}

/** Whether a change of this path can change what a scan finds: a manifest, a lockfile, settings, the configuration. */
export function isRelevantTo(ecosystems: readonly Ecosystem[]): (path: string) => boolean {
  return (path) =>
    configurationPaths.includes(path) || ecosystems.some((ecosystem) => ecosystem.concerns(path));
}

export interface RunOptions {
  readonly token: string | undefined;
  readonly apiUrl: string;
  readonly asOf?: Date;
  readonly patient: boolean;
  readonly reporter: Reporter;
}

/** For the command line: with a person's or an Action's token, without an App. */
export async function runWithToken(
  adapters: Adapters,
  repository: Repository,
  options: RunOptions,
): Promise<RepositoryOutcome> {
  const { token, apiUrl, asOf, patient, reporter } = options;
  const octokit = connectWithToken({
    ...(token === undefined ? {} : { token }),
    baseUrl: apiUrl,
    cache: adapters.cache,
  });
  const login = "steeplejack";
  const author = { name: login, email: "steeplejack@users.noreply.github.com" };
  const more = asOf === undefined ? {} : { asOf };
  const configuration = githubConfiguration([() => octokit]);
  return proposeFor({
    adapters,
    octokit,
    repository,
    login,
    author,
    patient,
    apiUrl,
    reporter,
    configuration,
    ...more,
  });
}

/** `owner/name` or the address of its page; `undefined` for anything else. */
export function readRepository(text: string): Repository | undefined {
  const [, owner, name] = /^(?:https:\/\/github\.com\/)?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(text) ?? [];
  return owner === undefined || name === undefined ? undefined : { owner, name };
}
