import { configurationCheck, faultLines, told } from "../config/check.ts";
import { inspect, namesIn } from "../config/inspect.ts";
import { configurationPaths, ownPaths, policiesWith, type SharedFault } from "../config/policy.ts";
import { shownProjects } from "../config/show.ts";
import type { ConfigurationError, Fault } from "../domain/errors.ts";
import type { Project, Repository } from "../domain/types.ts";
import { publishCheck } from "../github/check.ts";
import { githubConfiguration } from "../github/configuration.ts";
import { githubFiles } from "../github/files.ts";
import { githubNotice, type Notice } from "../github/notice.ts";
import { unless } from "../github/repository.ts";
import { discover } from "../pipeline/discover.ts";
import { everywhere, defaultPolicy } from "../domain/policy.ts";
import type { Octokit, OpenRepository, RepositoryOptions } from "./repository.ts";

/** The name of the check run. */
const checkName = "Steeplejack configuration";

/**
 * Gives each of these pull requests that touches a configuration file a check run that says what it would mean; gives the
 * numbers of those that got one.
 */
export async function checkConfigurations(
  numbers: readonly number[],
  options: RepositoryOptions,
): Promise<readonly number[]> {
  const checked: number[] = [];
  for (const number of numbers) {
    options.signal?.throwIfAborted();
    if (await checkConfiguration(number, options)) checked.push(number);
  }
  return checked;
}

async function checkConfiguration(number: number, options: RepositoryOptions): Promise<boolean> {
  const { octokit, repository, adapters } = options;
  const of = { owner: repository.owner, repo: repository.name, pull_number: number };
  const pull = (await unless([404], octokit.pulls.get(of)))?.data;
  if (pull === undefined || pull.state !== "open" || !(await touchesConfiguration(octokit, of))) return false;
  const { sha } = pull.head;
  const files = githubFiles(octokit, { ...repository, sha });
  const defaultBranch = pull.base.repo.default_branch;
  // A stranger has nothing read for them but what is public.
  const isFork = pull.head.repo?.full_name !== pull.base.repo.full_name;
  const source = isFork ? githubConfiguration([() => octokit]) : options.configuration;
  const { ecosystems, secrets } = adapters;
  let projects: readonly Project[] = [];
  const shared: SharedFault[] = [];
  const forgive = (fault: SharedFault) => shared.push(fault);
  const inspected = await inspect(files, {
    policiesOf: (found) => policiesWith(found, { defaultBranch, others: { repository, source }, forgive }),
    namesOf: async (policies) => {
      projects = (await discover(ecosystems, files, policies)).projects;
      return projects.length === 0 ? undefined : namesIn(projects);
    },
    lint: {
      ecosystems: ecosystems.map(({ id }) => id),
      repository,
      now: new Date(),
      secrets,
      defaultBranch,
    },
  });
  const inspection = { ...inspected, warnings: [...shared.map(warningOf), ...inspected.warnings] };
  if (inspection.path === undefined)
    ({ projects } = await discover(ecosystems, files, everywhere(defaultPolicy)));
  const check = configurationCheck(
    inspection,
    shownProjects(inspection.policies, projects),
    ownPaths[0] ?? "",
  );
  return publishCheck(octokit, repository, { ...check, name: checkName, sha });
}

/** Its faults are not repeated: the file may be private. */
function warningOf({ error: { path }, since }: SharedFault): Fault {
  const meanwhile =
    since === undefined
      ? "only what holds updates back is taken from it, and nothing is merged without a person"
      : `it is obeyed as it was at ${since}`;
  return { line: 1, column: 1, message: `${path} has faults: until it is mended, ${meanwhile}` };
}

/** GitHub lists no more than 3,000 files; three hundred are looked through. */
async function touchesConfiguration(
  octokit: Octokit,
  of: { readonly owner: string; readonly repo: string; readonly pull_number: number },
): Promise<boolean> {
  for (let page = 1; page <= 3; page++) {
    const { data } = await octokit.pulls.listFiles({ ...of, per_page: 100, page });
    const paths = data.flatMap(({ filename, previous_filename: before }) => [filename, before ?? filename]);
    if (paths.some((path) => configurationPaths.includes(path))) return true;
    if (data.length < 100) return false;
  }
  return false;
}

/** The issue that says that the configuration is faulty. */
export function configurationNotice(octokit: Octokit, of: Repository & { readonly login: string }): Notice {
  return githubNotice(octokit, of, "configuration");
}

/** Opens the one issue about a file that was never valid. */
export async function tellBroken(notice: Notice, error: ConfigurationError): Promise<void> {
  await raise(notice, [ofOwn(error, "Nothing is proposed until it is mended.")]);
}

/** Keeps the one issue about faults as it is to be at this commit: closed where there are none. */
export async function tellOfFaults(
  notice: Notice,
  { broken, shared, sha }: Pick<OpenRepository, "broken" | "shared" | "sha">,
): Promise<void> {
  const parts = [
    ...(broken === undefined
      ? []
      : [ofOwn(broken.error, `Until it is mended, the file as it was at ${broken.since} is obeyed.`)]),
    ...shared.flatMap((fault) => (isToldElsewhere(fault) ? [] : [ofShared(fault)])),
  ];
  if (parts.length > 0) return raise(notice, parts);
  await notice.settle(`The configuration can be obeyed again, as it is at ${sha}.`);
}

/** Nothing changes for the others while an earlier file of the organisation holds; its own repository has an issue. */
function isToldElsewhere({ isOrganisation, since }: SharedFault): boolean {
  return isOrganisation && since !== undefined;
}

function ofOwn(error: ConfigurationError, meanwhile: string): string {
  const errors = error.located.length > 0 ? error.located : error.faults.map((message) => ({ message }));
  return [
    `Steeplejack cannot obey \`${error.path.replaceAll("`", "")}\`:`,
    "",
    ...faultLines(told({ path: error.path, errors })),
    "",
    meanwhile,
  ].join("\n");
}

function ofShared({ error, since }: SharedFault): string {
  const meanwhile =
    since === undefined
      ? "Until it is mended, only what holds updates back is taken from it, and nothing is merged without a person."
      : `Until it is mended, it is obeyed as it was at ${since}.`;
  return ofOwn(error, meanwhile);
}

async function raise(notice: Notice, parts: readonly string[]): Promise<void> {
  const text = [...parts, "This issue is closed when that is mended."].join("\n\n");
  await notice.raise("Steeplejack cannot obey its configuration", text);
}
