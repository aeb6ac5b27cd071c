import { affects } from "../domain/advisory.ts";
import { ResolutionError } from "../domain/errors.ts";
import type { FileChange, Project, Update, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem, Io } from "../ecosystems/ecosystem.ts";
import { overlay } from "../text/overlay.ts";
import type { VersionScheme } from "../versions/scheme.ts";
import { hubsOf } from "./plan/families.ts";

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

/** An update that no lockfile can hold beside the others of its group. */
export interface Dropped {
  readonly update: Update;
  readonly message: string;
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
  const growth = new Growth(async (updates) => write(updates, ecosystems, io));
  const written = await growth.grow(atoms(group.updates));
  const { lowered, dropped } = growth;
  const { changes = [], after = [] } = written ?? {};
  const isDropped = new Set(dropped.map(({ update }) => update));
  const kept = group.updates.filter((update) => !isDropped.has(update));
  const replaced = new Map(
    kept.flatMap((update): [Update, Update][] => {
      const instead = lowered.get(update) ?? asResolved(update, after, ecosystems);
      return instead === undefined ? [] : [[update, instead]];
    }),
  );
  const updates = kept.map((update) => replaced.get(update) ?? update);
  return { group: { ...group, updates }, changes, after, replaced, dropped };
}

/** What moves together or not at all: a package in all manifests of a project, and its kin. */
type Atom = readonly Update[];

function atoms(updates: readonly Update[]): readonly Atom[] {
  const hubs = hubsOf(updates);
  return [...Map.groupBy(updates, (update) => `${update.project.root}\0${hubs.get(update)}`).values()];
}

interface Written {
  readonly changes: readonly FileChange[];
  readonly after: Patched["after"];
}

/** Each attempt is a whole resolution: a group in which much excludes each other must come to an end. */
const mostAlternativesTried = 12;

/** What has been accepted so far, and what has become of the rest. */
class Growth {
  readonly lowered = new Map<Update, Update>();
  readonly dropped: Dropped[] = [];
  readonly #accepted: Atom[] = [];
  readonly #attempt: (updates: readonly Update[]) => Promise<Written>;
  #tried = 0;

  constructor(attempt: (updates: readonly Update[]) => Promise<Written>) {
    this.#attempt = attempt;
  }

  /**
   * Adds as many atoms to the accepted ones as fit, and gives what was written last. The suspects that the resolver
   * names are set aside first and tried again one by one; where it names none, the atoms are halved.
   */
  async grow(candidates: readonly Atom[]): Promise<Written | undefined> {
    if (candidates.length === 0) return undefined;
    const outcome = await this.#write(candidates);
    if (!(outcome instanceof ResolutionError)) return outcome;
    if (outcome.isHopeless) {
      candidates.forEach((atom) => this.#drop(atom, outcome));
      return undefined;
    }
    const [only] = candidates;
    if (candidates.length === 1 && only !== undefined) return this.#lower(only, outcome);
    let last: Written | undefined;
    for (const part of split(candidates, outcome.suspects)) last = (await this.grow(part)) ?? last;
    return last;
  }

  async #write(candidates: readonly Atom[]): Promise<Written | ResolutionError> {
    try {
      const written = await this.#attempt([...this.#accepted, ...candidates].flat());
      this.#accepted.push(...candidates);
      return written;
    } catch (error) {
      if (error instanceof ResolutionError) return error;
      throw error;
    }
  }

  /** Tries the alternatives of an atom that does not fit. */
  async #lower(atom: Atom, refusal: ResolutionError): Promise<Written | undefined> {
    const depth = Math.max(...atom.map(({ alternatives = [] }) => alternatives.length));
    for (let nth = 0; nth < depth && this.#tried < mostAlternativesTried; nth++) {
      this.#tried += 1;
      const lower = atom.map((update) => alternative(update, nth, refusal));
      const outcome = await this.#write([lower]);
      if (outcome instanceof ResolutionError) continue;
      atom.forEach((update, index) => {
        const instead = lower[index];
        if (instead !== undefined && instead !== update) this.lowered.set(update, instead);
      });
      return outcome;
    }
    this.#drop(atom, refusal);
    return undefined;
  }

  #drop(atom: Atom, refusal: ResolutionError): void {
    this.dropped.push(...atom.map((update) => ({ update, message: whyDropped(update, refusal) })));
  }
}

/** The update with its nth alternative, or its last; kin have as many, or nearly. */
function alternative(update: Update, nth: number, { message }: ResolutionError): Update {
  const { alternatives = [], release } = update;
  const step = alternatives[Math.min(nth, alternatives.length - 1)];
  return step === undefined
    ? update
    : { ...update, ...step, insteadOf: { version: release.version, reason: message } };
}

function whyDropped({ dependency, release }: Update, { message }: ResolutionError): string {
  return `${dependency.name}@${release.version} cannot be taken: ${message}`;
}

function split(candidates: readonly Atom[], suspects: readonly string[]): readonly (readonly Atom[])[] {
  const isSuspect = (atom: Atom) => atom.some(({ dependency }) => suspects.includes(dependency.name));
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
    for (const update of own) {
      if (update.dependency.kind === "transitive") assertMended(update, project, again, ecosystem.versions);
      else assertWritten(update, again);
    }
    after.push({ before: project, after: again });
  }
  return { changes: [...changes.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1)), after };
}

function reread(project: Project, ecosystem: Ecosystem, files: Io["files"]): Promise<Project> {
  const { root, manifests, lockfile } = project;
  const location = { root, manifests: manifests.map(({ path }) => path) };
  return ecosystem.read(lockfile === undefined ? location : { ...location, lockfile: lockfile.path }, files);
}

/** A transitive package as it was resolved, where that is not the release that was planned. */
function asResolved(
  update: Update,
  after: Patched["after"],
  ecosystems: ReadonlyMap<string, Ecosystem>,
): Update | undefined {
  const { dependency, project, from, release } = update;
  const own = after.find(({ before }) => before === project)?.after;
  const scheme = ecosystems.get(project.ecosystem)?.versions;
  if (dependency.kind !== "transitive" || own === undefined || scheme === undefined) return undefined;
  const versions = cameIn(dependency.name, project, own).toSorted(scheme.compare);
  const version = versions.find((it) => scheme.compare(it, from) > 0);
  if (version === undefined || version === release.version) return undefined;
  return { ...update, release: { version }, requirement: version, size: scheme.size(from, version) };
}

/** The versions of a package that were not in the lockfile before. */
function cameIn(name: string, before: Project, after: Project): string[] {
  const versionsIn = ({ lockfile }: Project) =>
    (lockfile?.graph.packages ?? []).flatMap((locked) => (locked.name === name ? [locked.version] : []));
  const known = new Set(versionsIn(before));
  return [...new Set(versionsIn(after))].filter((version) => !known.has(version));
}

/** A transitive package is to be gone at its old version; at its new ones no advisory that was to be mended may touch it. */
function assertMended(
  { dependency: { name }, from, fixes }: Update,
  before: Project,
  after: Project,
  scheme: VersionScheme,
): void {
  const packages = after.lockfile?.graph.packages ?? [];
  const left = packages.filter((locked) => locked.name === name && locked.version === from);
  if (left.length > 0) {
    const ids = new Set(left.map(({ id }) => id));
    const askers = packages.filter(({ dependencies }) => dependencies.some((id) => ids.has(id)));
    const names = askers.map((it) => (it.manifest === undefined ? `${it.name}@${it.version}` : it.manifest));
    throw new ResolutionError(
      `${names.slice(0, 5).join(", ") || "something"} asks for ${name} in a range that has nothing newer than ${from}`,
      { suspects: [name] },
    );
  }
  for (const version of cameIn(name, before, after)) {
    const [advisory] = fixes.filter((fix) => affects(fix, version, scheme));
    if (advisory === undefined) continue;
    throw new ResolutionError(`what asks for ${name} gets ${version}, which ${advisory.id} touches too`, {
      suspects: [name],
    });
  }
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
