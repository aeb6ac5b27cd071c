import { configurationPaths } from "../config/policy.ts";
import type { Environment } from "../config/env.ts";
import { ConfigurationError } from "../domain/errors.ts";
import type { Reporter } from "../domain/ports.ts";
import type { Problem, Repository } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import type { Notice } from "../github/notice.ts";
import type { Logger } from "../telemetry/logger.ts";
import { checkConfigurations, configurationNotice, tellBroken, tellOfFaults } from "./configuration.ts";
import { connectWithToken, createGithub } from "../github/client.ts";
import { githubConfiguration, type Remembered, remembered } from "../github/configuration.ts";
import type { RequestsLeft } from "../github/fetch.ts";
import type { Pace } from "../github/pace.ts";
import type { Proposed } from "../pipeline/propose.ts";
import { type Job, urgencyOf } from "../queue/jobs.ts";
import type { Again } from "../queue/queue.ts";
import { type Patience, patience } from "../shepherd/checks.ts";
import { evidenceBook } from "../shepherd/evidence.ts";
import type { Adapters } from "./adapters.ts";
import { scanBranches, type Scanned } from "./branches.ts";
import { boardOf } from "./dashboard.ts";
import { onboard } from "./onboarding.ts";
import { type Octokit, type OpenRepository, openRepository, type RepositoryOptions } from "./repository.ts";
import type { Handle } from "./serve.ts";
import { shepherd } from "./shepherd.ts";

/** What became of one repository. */
export type RepositoryOutcome =
  | Scanned
  /** Nothing was done, for a reason that is no failure. */
  | { readonly kind: "skipped"; readonly reason: string };

/** Scans one repository on GitHub and opens, updates and closes its pull requests. */
async function proposeFor(options: RepositoryOptions): Promise<RepositoryOutcome> {
  const opened = await openRepository(options);
  return opened.kind === "skipped" ? opened : scanBranches(opened, options);
}

export interface HandleOptions {
  readonly asOf?: Date;
  /** How long checks are waited for. */
  readonly checksPatience?: Patience;
  /** For what the App changes on GitHub; as fast as can be, if absent. */
  readonly pace?: Pick<Pace, "turn">;
  /** Told what became of each repository, besides the log. */
  readonly told?: (repository: Repository, outcome: RepositoryOutcome) => void;
}

/** What a worker does with a job. */
export function createHandle(
  adapters: Adapters,
  { app, github, onboarding, dashboards }: Environment,
  { told, pace, checksPatience = patience, ...options }: HandleOptions = {},
): Handle {
  if (app === undefined) {
    return () => Promise.reject(new Error("the App is not registered: there is nobody to work for"));
  }
  const clients = createGithub({
    appId: app.id,
    privateKey: app.privateKey,
    baseUrl: github.apiUrl,
    cache: adapters.cache,
    ...(pace === undefined ? {} : { pace }),
  });
  let login: Promise<string> | undefined;
  const forIssues = ({ installationId, repository }: Job): Octokit =>
    clients.forRepository(installationId, repository, { metadata: "read", issues: "write" });
  const noticeFor = (job: Job, own: string): Notice =>
    configurationNotice(forIssues(job), { ...job.repository, login: own });
  const memory = new Map<string, Remembered>();
  return async (job, { log, signal }) => {
    const left = clients.requestsLeft(job.installationId);
    if (left !== undefined && mustWait(job, left)) {
      log.info({ ...left }, "few requests are left, which are kept for what is urgent");
      return { after: left.reset.getTime() - Date.now(), job };
    }
    login ??= loginOf(clients.app);
    const octokit = clients.forRepository(job.installationId, job.repository);
    const reporter: Reporter = { stage: (stage) => log.debug({ stage }, "stage begins") };
    const started = Date.now();
    try {
      const fullName = `${job.repository.owner}/${job.repository.name}`;
      const evidence = evidenceBook(adapters.cache, job.installationId, fullName);
      const source = githubConfiguration([
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
      ]);
      const repositoryOptions = {
        ...options,
        evidence,
        isTended: true,
        adapters,
        octokit,
        reporter,
        signal,
        repository: job.repository,
        login: await login.catch((error: unknown) => {
          login = undefined;
          throw error;
        }),
        // What an organisation says has changed just now, where that is why the job is there.
        configuration:
          job.reason === "repository"
            ? source
            : remembered(`installation ${job.installationId}`, source, memory),
        patient: job.reason !== "manual" && job.reason !== "comment",
        apiUrl: github.apiUrl,
      };
      const checked = await checkConfigurations(job.configurations ?? [], repositoryOptions);
      if (checked.length > 0) log.info({ pullRequests: checked }, "configuration checked");
      const isAboutNone = job.kind === "shepherd" && job.subjects?.length === 0;
      if (isAboutNone && job.pushed === undefined) return undefined;
      const opened = await openRepository(repositoryOptions);
      if (opened.kind === "skipped") {
        told?.(job.repository, opened);
        log.info({ reason: opened.reason }, "repository skipped");
        return undefined;
      }
      if (job.kind === "scan") await tellInForce(opened, noticeFor(job, repositoryOptions.login), log);
      const waits = onboarding && job.kind === "scan" ? await onboard(opened, repositoryOptions) : undefined;
      if (waits !== undefined) {
        told?.(job.repository, { kind: "skipped", reason: waits });
        log.info({ reason: waits }, "repository skipped");
        return undefined;
      }
      const tending = { ...repositoryOptions, patience: checksPatience, log };
      const hasBoard = opened.policies.dashboard ?? dashboards;
      const board = hasBoard ? boardOf(forIssues(job), opened, repositoryOptions) : undefined;
      if (job.kind === "shepherd") {
        if (job.pushed?.some((branch) => opened.policies.branches.has(branch)) === true) return scanNow(job);
        if (isAboutNone) return undefined;
        const next = await shepherd(job, opened, tending);
        return (await board?.isAsked(job)) === true ? scanNow(job) : next;
      }
      const outcome = await scanBranches(opened, repositoryOptions, await board?.obey());
      told?.(job.repository, outcome);
      tell(outcome.proposed, (problem) => log.warn({ problem }, "problem"));
      const counts = countsOf(outcome.proposed);
      log.info({ sha: outcome.sha, ...counts, milliseconds: Date.now() - started }, "scan finished");
      if ((await board?.tell(outcome.proposed)) === true) log.info("dashboard changed");
      const tended = await shepherd(job, opened, tending);
      // All else is done; for what may work a little later the job is tried again.
      const [passing] = outcome.proposed.passing;
      if (passing !== undefined) throw passing;
      const scheduled = scanLater(job, outcome.proposed, options.asOf ?? new Date());
      return [tended, scheduled].flatMap((again) => again ?? []).toSorted((a, b) => a.after - b.after)[0];
    } catch (error) {
      // Trying again would not mend the file; the push that mends it is a job of its own.
      if (!(error instanceof ConfigurationError)) throw error;
      log.warn({ path: error.path, faults: error.faults }, "configuration is faulty, nothing is proposed");
      if (login !== undefined) await tellBroken(noticeFor(job, await login), error);
      return undefined;
    }
  };
}

/** Tells of a faulty configuration in an issue, and closes it when it is mended. */
async function tellInForce(
  { broken, shared, sha }: OpenRepository,
  notice: Notice,
  log: Logger,
): Promise<void> {
  for (const { error, since } of [...(broken === undefined ? [] : [broken]), ...shared])
    log.warn(
      { path: error.path, faults: error.faults, since },
      since === undefined
        ? "configuration is faulty, and left out"
        : "configuration is faulty, an earlier one is obeyed",
    );
  await tellOfFaults(notice, { sha, shared, ...(broken && { broken }) });
}

/** Of an hour's requests this part is kept for what is urgent. */
const keptForUrgent = 0.1;

function mustWait({ reason }: Job, { limit, remaining }: RequestsLeft): boolean {
  return urgencyOf(reason) === 3 && remaining < limit * keptForUrgent;
}

/** What a person asked for by a box; schedules and limits hold for all else. */
function scanNow({ repository, installationId }: Job): Again {
  return { after: 0, job: { kind: "scan", repository, installationId, reason: "pull-request" } };
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
