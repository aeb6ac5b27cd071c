import type { AdvisorySource, Cache, FileReader, HttpClient, Reporter, Tools } from "../domain/ports.ts";
import type { Policies } from "../domain/policy.ts";
import type { Decision, Finding, Problem, Project, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { audit } from "./audit.ts";
import { discover } from "./discover.ts";
import { exposedIn } from "./exposed.ts";
import { findLibraries } from "./libraries.ts";
import { plan } from "./plan/plan.ts";
import { type Resolutions, resolve } from "./resolve.ts";

/** All that a scan reads from. */
export interface World {
  readonly ecosystems: readonly Ecosystem[];
  readonly files: FileReader;
  /** Where what is read of them is kept from one scan to the next; absent where each reads anew. */
  readonly cache?: Cache;
  readonly http: HttpClient;
  readonly advisories: AdvisorySource;
  readonly tools: Tools;
  readonly policies: Policies;
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
  const { ecosystems, files, cache, http, policies, now, reporter } = world;
  const byId = new Map(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));

  reporter.stage("discover");
  const { projects, excluded, problems } = await discover(ecosystems, files, policies, cache);

  reporter.stage("resolve");
  const options = { settledBefore: settledBefore(policies, now), dated: world.asOf !== undefined };
  const [resolved, published, audited] = await Promise.all([
    resolve(projects, byId, http, options),
    findLibraries(projects, byId, http),
    audit(projects, byId, world.advisories),
  ]);

  const schemes = new Map(ecosystems.map(({ id, versions }) => [id, versions]));
  const exposed = exposedIn(projects, audited.advisories, schemes, policies);
  const vulnerable = [...exposed].map(([project, manifest]) => ({ ...project, manifests: [manifest] }));
  const known = await resolve(vulnerable, byId, http, options);

  reporter.stage("plan");
  const { advisories } = audited;
  const { libraries } = published;
  const resolutions = new Map([...known.resolutions, ...resolved.resolutions]);
  const { groups, decisions } = plan(
    { projects, exposed, resolutions, advisories, libraries, schemes },
    policies,
    now,
  );
  return {
    projects,
    excluded,
    resolutions,
    findings: audited.findings,
    groups,
    decisions,
    problems: [problems, resolved.problems, known.problems, published.problems, audited.problems].flat(),
  };
}

/** Before this moment every release has cooled, whatever its size. */
function settledBefore({ settledAfter }: Policies, now: Date): Date {
  return new Date(now.getTime() - settledAfter * 86_400_000);
}
