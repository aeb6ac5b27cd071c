import { ConfigurationError } from "../domain/errors.ts";
import type { ConfigurationSource } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { type ReadFile, readFile, whatHoldsBack } from "./file.ts";
import type { Files } from "./policies.ts";
import { type ConfigurationOptions, organisationPath, organisationRepository } from "./policy.ts";

const deepest = 5;
const mostFiles = 30;

/** What a repository's file is read with. */
export interface Surroundings extends Pick<ConfigurationOptions, "forgive"> {
  readonly repository: Repository;
  readonly source: ConfigurationSource;
}

/**
 * Reads all that a repository's file builds on, each before what names it. Throws `ConfigurationError` for a file that
 * is not there, for one that leads back to itself, for what is nested more than five deep, and for more than thirty files;
 * with `forgive`, only where the repository's own file says so.
 */
export async function gather(
  own: ReadFile,
  organisation: string | undefined,
  { repository, source, forgive }: Surroundings,
): Promise<Files> {
  const owner = { owner: repository.owner, name: organisationRepository };
  const world: Counted = { own, source, count: 0, ...(forgive === undefined ? {} : { forgive }) };
  const reference = { repository: owner, path: organisationPath };
  const shared =
    organisation === undefined ? undefined : await readShared(reference, organisation, world, true);
  const chain = [nameOf(repository, own.path)];
  const beneath = shared === undefined ? [] : await extendedBy(shared, [...chain, shared.path], world);
  return {
    beneath,
    ...(shared === undefined ? {} : { organisation: shared }),
    extended: await extendedBy(own, chain, world),
    own,
  };
}

interface Counted extends Omit<Surroundings, "repository"> {
  readonly own: ReadFile;
  /** Of the files that were asked for. */
  count: number;
}

async function extendedBy(
  file: ReadFile,
  chain: readonly string[],
  world: Counted,
): Promise<readonly ReadFile[]> {
  const all: ReadFile[] = [];
  for (const [index, written] of referencesOf(file).entries()) {
    try {
      all.push(...(await named(file, { written, index }, chain, world)));
    } catch (error) {
      const { forgive } = world;
      if (!(error instanceof ConfigurationError) || forgive === undefined || file === world.own) throw error;
      forgive({ error, isOrganisation: false });
      all.push(whatHoldsBack(written, ""));
    }
  }
  return all;
}

/** The file of one reference, after what it builds on. */
async function named(
  file: ReadFile,
  { written, index }: { readonly written: string; readonly index: number },
  chain: readonly string[],
  world: Counted,
): Promise<readonly ReadFile[]> {
  const fail = (message: string) => {
    const place = file.document.placeOf(["extends", index]);
    return new ConfigurationError(file.path, [
      { ...place, message: `"extends" names "${written}": ${message}` },
    ]);
  };
  const reference = readReference(written);
  if (reference === undefined) throw fail("expected organisation/repository//path@ref");
  const { repository, path, ref } = reference;
  const name = nameOf(repository, path, ref);
  if (chain.includes(name)) throw fail(`it leads back to itself: ${[...chain, name].join(" -> ")}`);
  if (chain.length > deepest)
    throw fail(`files may build on one another ${deepest} deep, and this goes deeper`);
  if (world.count >= mostFiles) throw fail(`no more than ${mostFiles} files may build on one another`);
  world.count++;
  const text = await world.source.read(repository, path, ref);
  const read = await readShared(reference, text, world, false);
  if (read === undefined) throw fail("there is no such file, or it may not be read");
  return [...(await extendedBy(read, [...chain, name], world)), read];
}

/**
 * A file of another repository. One that is faulty, or that is no longer there, is read as it last was without a fault; where
 * that is not known, what of it holds updates back is kept. `undefined` where there never was one.
 */
async function readShared(
  reference: Reference,
  text: string | undefined,
  world: Counted,
  isOrganisation: boolean,
): Promise<ReadFile | undefined> {
  const { repository, path, ref } = reference;
  const { source, forgive } = world;
  const name = nameOf(repository, path, ref);
  const read = text === undefined ? undefined : tried(name, text);
  if (read !== undefined && !(read instanceof ConfigurationError)) return read;
  if (forgive === undefined) {
    if (read !== undefined) throw read;
    return undefined;
  }
  const error = read ?? new ConfigurationError(name, ["it is no longer there, or may no longer be read"]);
  for (const since of (await source.versions?.(repository, path, ref)) ?? []) {
    const before = await source.read(repository, path, since);
    const good = before === undefined ? undefined : tried(nameOf(repository, path, since), before);
    if (good === undefined || good instanceof ConfigurationError) continue;
    forgive({ error, since, isOrganisation });
    return good;
  }
  if (text === undefined) return undefined;
  forgive({ error, isOrganisation });
  return whatHoldsBack(name, text);
}

function tried(name: string, text: string): ReadFile | ConfigurationError {
  try {
    return readFile(name, text);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
}

/** As they are written. */
export function referencesOf({ file }: ReadFile): readonly string[] {
  return typeof file.extends === "string" ? [file.extends] : (file.extends ?? []);
}

interface Reference {
  readonly repository: Repository;
  readonly path: string;
  readonly ref?: string;
}

/** `acme/presets`, `acme/presets//strict.yml`, `acme/presets//strict.yml@v2`. */
export function readReference(text: string): Reference | undefined {
  const [, owner, name, path, ref] =
    /^([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([\w.-]{1,100})(?:\/\/([^@\s]{1,300}))?(?:@([^\s@]{1,250}))?$/.exec(
      text,
    ) ?? [];
  if (owner === undefined || name === undefined || name === "." || name === "..") return undefined;
  if (path?.split("/").some((part) => ["", ".", ".."].includes(part)) === true) return undefined;
  return {
    repository: { owner, name },
    path: path ?? organisationPath,
    ...(ref === undefined ? {} : { ref }),
  };
}

/** `acme/presets//strict.yml@v2` */
function nameOf({ owner, name }: Repository, path: string, ref?: string): string {
  return `${owner}/${name}//${path}${ref === undefined ? "" : `@${ref}`}`;
}
