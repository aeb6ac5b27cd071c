import { ResolutionError } from "../domain/errors.ts";
import type { FileChange, Project, Update, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem, Io } from "../ecosystems/ecosystem.ts";
import { overlay } from "../text/overlay.ts";
import { hubsOf } from "./plan/families.ts";

/** A group as it could really be written. */
export interface Patched {
  /** With the updates that a consistent lockfile can hold. */
  readonly group: UpdateGroup;
  readonly changes: readonly FileChange[];
  /** The group's projects as they are after the changes, in the order of the group. */
  readonly after: readonly { readonly before: Project; readonly after: Project }[];
  readonly dropped: readonly Dropped[];
}

/** An update that no lockfile can hold beside the others of its group. */
export interface Dropped {
  readonly update: Update;
  readonly message: string;
}

/**
 * Writes a group's updates into manifests and lockfiles. When no lockfile can hold them all, those that cannot be held
 * are found by halving and left out: one that does not fit costs about twice the logarithm of the group in attempts.
 */
export async function patch(
  group: UpdateGroup,
  ecosystems: ReadonlyMap<string, Ecosystem>,
  io: Io,
): Promise<Patched> {
  const dropped: Dropped[] = [];
  const all = atoms(group.updates);
  const written = await grow([], all, async (updates) => write(updates, ecosystems, io), dropped);
  const updates = group.updates.filter((update) => !dropped.some((it) => it.update === update));
  const kept = { ...group, updates };
  return { group: kept, changes: written?.changes ?? [], after: written?.after ?? [], dropped };
}

/** What moves together or not at all: a package in all manifests of a project, and its kin. */
function atoms(updates: readonly Update[]): readonly (readonly Update[])[] {
  const hubs = hubsOf(updates);
  return [...Map.groupBy(updates, (update) => `${update.project.root}\0${hubs.get(update)}`).values()];
}

type Write = (updates: readonly Update[]) => Promise<Written>;
interface Written {
  readonly changes: readonly FileChange[];
  readonly after: Patched["after"];
}

/**
 * Adds as many atoms to the accepted ones as fit; what does not is dropped with its reason. The suspects that the
 * resolver names are set aside first and tried again one by one; where it names none, the atoms are halved.
 */
async function grow(
  accepted: (readonly Update[])[],
  candidates: readonly (readonly Update[])[],
  attempt: Write,
  dropped: Dropped[],
): Promise<Written | undefined> {
  if (candidates.length === 0) return undefined;
  try {
    const written = await attempt([...accepted, ...candidates].flat());
    accepted.push(...candidates);
    return written;
  } catch (error) {
    if (!(error instanceof ResolutionError)) throw error;
    if (candidates.length === 1 || error.isHopeless) {
      dropped.push(...candidates.flat().map((update) => ({ update, message: whyDropped(update, error) })));
      return undefined;
    }
    let last: Written | undefined;
    for (const part of split(candidates, error.suspects)) {
      last = (await grow(accepted, part, attempt, dropped)) ?? last;
    }
    return last;
  }
}

function whyDropped({ dependency, release }: Update, { message }: ResolutionError): string {
  return `${dependency.name}@${release.version} cannot be taken: ${message}`;
}

type Atoms = readonly (readonly Update[])[];

function split(candidates: Atoms, suspects: readonly string[]): readonly Atoms[] {
  const isSuspect = (atom: readonly Update[]) =>
    atom.some(({ dependency }) => suspects.includes(dependency.name));
  const suspected = candidates.filter(isSuspect);
  if (suspected.length > 0 && suspected.length < candidates.length) {
    return [candidates.filter((atom) => !isSuspect(atom)), ...suspected.map((atom) => [atom])];
  }
  const middle = Math.ceil(candidates.length / 2);
  return [candidates.slice(0, middle), candidates.slice(middle)];
}

async function write(
  updates: readonly Update[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  io: Io,
): Promise<Written> {
  const changes = new Map<string, FileChange>();
  const after: { before: Project; after: Project }[] = [];
  for (const [project, own] of Map.groupBy(updates, (update) => update.project)) {
    const ecosystem = ecosystems.get(project.ecosystem);
    if (ecosystem === undefined) continue;
    // Each project sees what those before it changed, for they may share files.
    const files = overlay(io.files, [...changes.values()]);
    for (const change of await ecosystem.patch(project, own, { ...io, files }))
      changes.set(change.path, change);
    const again = await reread(project, ecosystem, overlay(io.files, [...changes.values()]));
    own.forEach((update) => assertWritten(update, again));
    after.push({ before: project, after: again });
  }
  return { changes: [...changes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)), after };
}

function reread(project: Project, ecosystem: Ecosystem, files: Io["files"]): Promise<Project> {
  const { root, manifests, lockfile } = project;
  const location = { root, manifests: manifests.map(({ path }) => path) };
  return ecosystem.read(lockfile === undefined ? location : { ...location, lockfile: lockfile.path }, files);
}

/** What was written must read back as what was meant: the requirement in the manifest, the version in the lockfile. */
function assertWritten(
  { manifest, dependency, requirement, release }: Update,
  { manifests, lockfile }: Project,
): void {
  const at = manifest.dependencies.indexOf(dependency);
  const read = manifests.find(({ path }) => path === manifest.path)?.dependencies[at];
  if (read?.requirement !== requirement) {
    throw new ResolutionError(
      `${manifest.path} says ${read?.requirement} for ${dependency.name}, not ${requirement}`,
    );
  }
  if (lockfile !== undefined && dependency.scope !== "peer" && read.version !== release.version) {
    throw new ResolutionError(
      `${lockfile.path} holds ${dependency.name} ${read.version}, not ${release.version}: something else pins it`,
    );
  }
}
