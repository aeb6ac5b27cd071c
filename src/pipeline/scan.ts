import type { AdvisorySource, FileReader, HttpClient, Reporter, Tools } from "../domain/ports.ts";
import type { Policy } from "../domain/policy.ts";
import type { Decision, Finding, Problem, Project, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { audit } from "./audit.ts";
import { discover } from "./discover.ts";
import { findLibraries } from "./libraries.ts";
import { plan } from "./plan/plan.ts";
import { type Resolutions, resolve } from "./resolve.ts";

/** All that a scan reads from. */
export interface World {
  readonly ecosystems: readonly Ecosystem[];
  readonly files: FileReader;
  readonly http: HttpClient;
  readonly advisories: AdvisorySource;
  readonly tools: Tools;
  readonly policy: Policy;
  readonly now: Date;
  /** To see the registries as they were then. `now` is then that time too. */
  readonly asOf?: Date;
  readonly reporter: Reporter;
}

/** What a scan found and what it would do. */
export interface Scan {
  readonly projects: readonly Project[];
  /** The manifests that the configuration leaves out. */
  readonly excluded: readonly string[];
  readonly resolutions: Resolutions;
  readonly findings: readonly Finding[];
  readonly decisions: readonly Decision[];
  readonly groups: readonly UpdateGroup[];
  readonly problems: readonly Problem[];
}

/** One scan, from the files to the plan. Nothing is written. */
export async function scan(world: World): Promise<Scan> {
  const { ecosystems, files, http, policy, now, reporter } = world;
  const byId = new Map(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));

  reporter.stage("discover");
  const { projects, excluded, problems } = await discover(ecosystems, files, policy);

  reporter.stage("resolve");
  const options = { settledBefore: settledBefore(policy, now), dated: world.asOf !== undefined };
  const [resolved, published, audited] = await Promise.all([
    resolve(projects, byId, http, options),
    findLibraries(projects, byId, http),
    audit(projects, byId, world.advisories),
  ]);

  reporter.stage("plan");
  const schemes = new Map(ecosystems.map(({ id, versions }) => [id, versions]));
  const { resolutions } = resolved;
  const { groups, decisions } = plan(
    { projects, resolutions, advisories: audited.advisories, libraries: published.libraries, schemes },
    policy,
    now,
  );
  return {
    projects,
    excluded,
    resolutions,
    findings: audited.findings,
    groups,
    decisions,
    problems: [...problems, ...resolved.problems, ...published.problems, ...audited.problems],
  };
}

/** Before this moment every release has cooled, whatever its size. */
function settledBefore({ cooldown }: Policy, now: Date): Date {
  const days = Math.max(cooldown.days, cooldown.major ?? 0, cooldown.minor ?? 0, cooldown.patch ?? 0);
  return new Date(now.getTime() - days * 86_400_000);
}
