import { isOfDependabot, migratable, migrate, type Migration, shadowing } from "../config/migrate/migrate.ts";
import { offeredFile } from "../config/onboarding.ts";
import { isOurs, ownPaths, policiesWith } from "../config/policy.ts";
import { configurationBranch } from "../domain/branch.ts";
import { ConfigurationError } from "../domain/errors.ts";
import type { FileReader } from "../domain/ports.ts";
import { type Offer, offer, offerOf } from "../github/onboarding.ts";
import { dependabotPulls } from "../github/rivals.ts";
import { scan } from "../pipeline/scan.ts";
import { handoverBody, onboardingBody } from "../reports/onboarding.ts";
import type { OpenRepository, RepositoryOptions } from "./repository.ts";

const [path = ""] = ownPaths;

/**
 * Offers a configuration to a repository that has none of ours and was never served before: one that has a
 * dependabot.yml is offered that, in shadow. Gives why nothing else is done for it, or `undefined` where all goes on.
 */
export async function onboard(
  opened: OpenRepository,
  options: RepositoryOptions,
): Promise<string | undefined> {
  const { octokit, repository, configuration } = options;
  const others = { repository, source: configuration };
  if ((await isOurs(opened.files, { others })) || (await wasServed(opened))) return undefined;
  if (opened.broken !== undefined) return "its dependabot.yml is faulty";
  const known = await offerOf(octokit, repository, configurationBranch);
  if (known.kind === "declined") return `its configuration was declined (#${known.number})`;
  const migrated = await fromOther(opened.files, options);
  const text = await offered(known, migrated, options);
  const body = text === undefined ? undefined : await bodyFor(text, migrated, opened, options);
  if (known.kind === "open") {
    const of = { owner: repository.owner, repo: repository.name, pull_number: known.number };
    if (body !== undefined && isOther(known.body, body)) await octokit.pulls.update({ ...of, body });
    return waitsFor(known.number);
  }
  if (text === undefined || body === undefined) return "it has nothing to update";
  const number = await offer(octokit, repository, {
    branch: configurationBranch,
    base: opened.defaultBranch,
    baseSha: opened.sha,
    path,
    text,
    body,
    title: "Configure Steeplejack",
    message: "Configure Steeplejack",
  });
  return waitsFor(number);
}

function waitsFor(number: number): string {
  return `it waits for its configuration to be merged (#${number})`;
}

/** Who had pull requests before this was asked for is not asked. */
async function wasServed({ defaultBranch, sha, worldFor }: OpenRepository): Promise<boolean> {
  const { forge } = await worldFor(defaultBranch, sha);
  const [open, closed] = await Promise.all([forge.openPullRequests(), forge.closedPullRequests()]);
  return open.length + closed.length > 0;
}

/** What another tool was told, where it was told anything that is understood. What would be obeyed anyway comes first. */
async function fromOther(files: FileReader, { adapters }: RepositoryOptions): Promise<Migration | undefined> {
  try {
    const source = (await migratable(files)).toSorted((a) => (isOfDependabot(a) ? -1 : 1))[0];
    const text = source === undefined ? undefined : await files.read(source);
    if (source === undefined || text === undefined) return undefined;
    const ids = adapters.ecosystems.map(({ id }) => id);
    return isOfDependabot(source) ? shadowing(source, text, ids) : await migrate(source, text, ids);
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

/** The file, which people may have changed in the pull request. */
async function offered(
  known: Offer,
  migrated: Migration | undefined,
  { configuration, repository }: RepositoryOptions,
): Promise<string | undefined> {
  if (known.kind === "none") return migrated?.text ?? offeredFile;
  return configuration.read(repository, path, configurationBranch);
}

/** `undefined` where there is nothing to update, and where the file is faulty: the check run tells that. */
async function bodyFor(
  text: string,
  migrated: Migration | undefined,
  { defaultBranch, sha, worldFor }: OpenRepository,
  { octokit, repository, configuration }: RepositoryOptions,
): Promise<string | undefined> {
  try {
    const others = { repository, source: configuration };
    const policies = await policiesWith({ path, text }, { defaultBranch, others, forgive: () => {} });
    const world = { ...(await worldFor(defaultBranch, sha)), policies };
    const found = await scan(world);
    if (found.projects.length === 0) return undefined;
    const facts = { scan: found, policies, now: world.now, path };
    if (migrated === undefined || !isOfDependabot(migrated.from))
      return onboardingBody({ ...facts, ...(migrated === undefined ? {} : { migrated }) });
    return handoverBody({ ...facts, migrated, pulls: await dependabotPulls(octokit, repository) });
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

function isOther(a: string, b: string): boolean {
  return a.replaceAll("\r\n", "\n").trim() !== b.trim();
}
