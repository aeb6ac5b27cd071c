import { dirname } from "node:path/posix";
import { ManifestError, messageOf, RateLimitError } from "../../domain/errors.ts";
import type { Impact } from "../../domain/impact.ts";
import type { Project, Update, UpdateGroup } from "../../domain/types.ts";
import type { Ecosystem } from "../../ecosystems/ecosystem.ts";
import type { World } from "../scan.ts";
import { type Bounds, chooseSources } from "./sources.ts";

/** By `impactKey`. */
export type Impacts = ReadonlyMap<string, Impact>;

type ImpactWorld = Pick<World, "ecosystems" | "files" | "http" | "tools">;

/** A pull request with more majors is none that anybody judges by their names. */
const mostSteps = 20;

/** By what the updates of one package to one release, in several places, are told apart. */
export function impactKey({ dependency, from, release, project }: Update): string {
  return JSON.stringify([project.ecosystem, dependency.name, from, release.version]);
}

/**
 * What each major of a group breaks in the repository's own code. It is asked of what is about to be proposed and of
 * nothing else: it takes two archives of each package and the text of every source.
 */
export async function impactsOf(
  { updates }: UpdateGroup,
  projects: readonly Project[],
  world: ImpactWorld,
  bounds?: Bounds,
): Promise<Impacts> {
  const majors = updates.filter(({ size, dependency }) => size === "major" && dependency.kind === undefined);
  const steps = [...Map.groupBy(majors, impactKey)];
  const found = new Map<string, Impact>();
  for (const [at, [key, same]] of steps.entries()) {
    const [first] = same;
    const ecosystem = world.ecosystems.find(({ id }) => id === first?.project.ecosystem);
    if (ecosystem?.usage === undefined || ecosystem.archiveOf === undefined) continue;
    found.set(
      key,
      at < mostSteps
        ? await impactOf(same, ecosystem, { projects, world, bounds })
        : { kind: "unknown", why: `only ${mostSteps} majors are looked at` },
    );
  }
  return found;
}

interface Around {
  readonly projects: readonly Project[];
  readonly world: ImpactWorld;
  readonly bounds: Bounds | undefined;
}

async function impactOf(
  same: readonly Update[],
  ecosystem: Ecosystem,
  { projects, world, bounds }: Around,
): Promise<Impact> {
  const [first] = same;
  const { usage } = ecosystem;
  if (first === undefined || usage === undefined) return untold("its code is not read");
  const { dependency, from, release } = first;
  try {
    const folders = same.map((update) => ({
      folder: folderOf(update),
      others: projects.flatMap(({ root }) => (root === update.project.root ? [] : [root])),
    }));
    const sources = chooseSources(await world.files.list(), (path) => usage.claims(path), folders, bounds);
    const { texts, faulty } = await textsOf(sources.paths, world);
    const [before, after] = [from, release.version].map((version) =>
      ecosystem.archiveOf?.(dependency, version),
    );
    if (before === undefined || after === undefined) return untold("its archives are not known");
    const step = { name: dependency.name, before, after };
    const [answer = untold("nothing was answered")] = await usage.compare([step], texts, world);
    const unseen = [sources.cut ?? [], faulty].flat();
    return answer.kind === "unknown" ? answer : { ...answer, unseen: [...answer.unseen, ...unseen] };
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    return untold(`the sources could not be read: ${messageOf(error)}`);
  }
}

/** Where the sources are that can import what a manifest names. */
function folderOf({ manifest }: Update): string {
  const folder = dirname(manifest.path);
  return folder === "." ? "" : folder;
}

async function textsOf(
  paths: readonly string[],
  { files }: Pick<ImpactWorld, "files">,
): Promise<{ texts: Readonly<Record<string, string>>; faulty: readonly string[] }> {
  await files.prefetch?.(paths);
  const texts: Record<string, string> = {};
  const faulty: string[] = [];
  for (const path of paths) {
    try {
      texts[path] = (await files.read(path)) ?? "";
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      faulty.push(`${path} could not be read`);
    }
  }
  return { texts, faulty };
}

function untold(why: string): Impact {
  return { kind: "unknown", why };
}
