import { ResolutionError } from "../../domain/errors.ts";
import type { FileChange, Project, Update, UpdateGroup } from "../../domain/types.ts";
import type { Ecosystem, Io } from "../../ecosystems/ecosystem.ts";
import { overlay } from "../../text/overlay.ts";
import { isWithinLock } from "../exposed.ts";
import { asResolved, assertTaken, whyStayed } from "./check.ts";
import { type Atom, type Dropped, Growth } from "./growth.ts";
import { maintain } from "./maintain.ts";
import { reread } from "./reread.ts";
import { hubsOf } from "../plan/families.ts";

/** A group as it could really be written. */
export interface Patched {
  /** With the updates that a consistent lockfile can hold, each with the release that it can. */
  readonly group: UpdateGroup;
  readonly changes: readonly FileChange[];
  /** The group's projects as they are after the changes, in the order of the group. */
  readonly after: readonly { readonly before: Project; readonly after: Project }[];
  /** What became of each planned update that was not taken as it was. */
  readonly replaced: ReadonlyMap<Update, Update>;
  readonly dropped: readonly Dropped[];
}

/**
 * Writes a group's updates into manifests and lockfiles. When no lockfile can hold them all, those that cannot be held
 * are found by halving: one that does not fit costs about twice the logarithm of the group in attempts. It takes the
 * first of its alternatives that fits, and where none does, it is left out.
 */
export async function patch(
  group: UpdateGroup,
  ecosystems: ReadonlyMap<string, Ecosystem>,
  io: Io,
): Promise<Patched> {
  if (group.maintains !== undefined)
    return maintain(group, group.maintains, ecosystems.get(group.maintains.ecosystem), io);
  const faults = new Map<Project, Promise<ResolutionError | undefined>>();
  const growth = new Growth(async (updates) => write(updates, ecosystems, io, faults));
  const written = await growth.grow(atoms(group.updates));
  const { changes = [], after = [] } = written ?? {};
  const { lowered } = growth;
  const dropped = [...growth.dropped, ...stayed(group.updates, growth.dropped, after, ecosystems)];
  const isDropped = new Set(dropped.map(({ update }) => update));
  const kept = group.updates.filter((update) => !isDropped.has(update));
  const replaced = new Map(
    kept.flatMap((update): [Update, Update][] => {
      const instead = lowered.get(update) ?? resolved(update, after, ecosystems);
      return instead === undefined ? [] : [[update, instead]];
    }),
  );
  const updates = kept.map((update) => replaced.get(update) ?? update);
  // A lockfile that was only written anew is no update.
  if (updates.length === 0)
    return { group: { ...group, updates }, changes: [], after: [], replaced, dropped };
  return { group: { ...group, updates }, changes, after, replaced, dropped };
}

/** Those that only a lockfile names and that what asks for them leaves where they are. */
function stayed(
  updates: readonly Update[],
  dropped: readonly Dropped[],
  after: Patched["after"],
  ecosystems: ReadonlyMap<string, Ecosystem>,
): readonly Dropped[] {
  return updates.flatMap((update) => {
    if (!isWithinLock(update) || dropped.some((it) => it.update === update)) return [];
    const own = after.find(({ before }) => before === update.project)?.after;
    const scheme = ecosystems.get(update.project.ecosystem)?.versions;
    const message = own && scheme && whyStayed(update, own, scheme);
    return message === undefined ? [] : [{ update, message }];
  });
}

/** A package in all manifests of a project, and its kin. */
function atoms(updates: readonly Update[]): readonly Atom[] {
  const hubs = hubsOf(updates);
  const keyOf = (update: Update) => JSON.stringify([update.project.root, hubs.get(update), lineOf(update)]);
  return [...Map.groupBy(updates, keyOf).values()];
}

/** A lockfile can hold several versions of a package that no manifest names, and each moves by itself. */
function lineOf({ dependency, from }: Update): string {
  return dependency.kind === "transitive" ? from : "";
}

interface Written {
  readonly changes: readonly FileChange[];
  readonly after: Patched["after"];
}

function resolved(
  update: Update,
  after: Patched["after"],
  ecosystems: ReadonlyMap<string, Ecosystem>,
): Update | undefined {
  const own = after.find(({ before }) => before === update.project)?.after;
  const scheme = ecosystems.get(update.project.ecosystem)?.versions;
  return own === undefined || scheme === undefined ? undefined : asResolved(update, own, scheme);
}

async function write(
  updates: readonly Update[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  io: Io,
  faults: Map<Project, Promise<ResolutionError | undefined>>,
): Promise<Written> {
  const changes = new Map<string, FileChange>();
  const after: { before: Project; after: Project }[] = [];
  for (const [project, own] of Map.groupBy(updates, (update) => update.project)) {
    const ecosystem = ecosystems.get(project.ecosystem);
    if (ecosystem === undefined) continue;
    // Each project sees what those before it changed, for they may share files.
    const files = overlay(io.files, [...changes.values()]);
    const written = await ecosystem.patch(project, own, { ...io, files }).catch(async (error: unknown) => {
      throw (await faultOf(error, project, ecosystem, io, faults)) ?? error;
    });
    for (const change of written) changes.set(change.path, change);
    const again = await reread(project, ecosystem, overlay(io.files, [...changes.values()]));
    for (const update of own) assertTaken(update, again, ecosystem.versions);
    after.push({ before: project, after: again });
  }
  return { changes: [...changes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)), after };
}

/**
 * What is wrong with a project's lockfile before anything moves, such as a release in it that the registry has no more;
 * asked once for each project, and only where the resolver blames no update.
 */
async function faultOf(
  refusal: unknown,
  project: Project,
  ecosystem: Ecosystem,
  io: Io,
  faults: Map<Project, Promise<ResolutionError | undefined>>,
): Promise<ResolutionError | undefined> {
  if (!(refusal instanceof ResolutionError) || refusal.isHopeless || refusal.suspects.length > 0)
    return undefined;
  const known = faults.get(project) ?? baseFault(project, ecosystem, io);
  faults.set(project, known);
  return known;
}

async function baseFault(
  project: Project,
  ecosystem: Ecosystem,
  io: Io,
): Promise<ResolutionError | undefined> {
  try {
    await ecosystem.assertResolves?.(project, io);
    return undefined;
  } catch (error) {
    if (!(error instanceof ResolutionError)) throw error;
    const message = `${project.lockfile?.path ?? project.root} does not resolve as it stands, before any update: ${error.message}`;
    return new ResolutionError(message, { cause: error, isHopeless: true });
  }
}
