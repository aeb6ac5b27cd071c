import { ConfigurationError } from "../domain/errors.ts";
import type { ConfigurationSource } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { type ReadFile, readFile } from "./file.ts";
import type { Files } from "./policies.ts";
import { organisationPath, organisationRepository } from "./policy.ts";

const deepest = 5;
const mostFiles = 30;

/**
 * Reads all that a repository's file builds on, each before what names it. Throws `ConfigurationError` for a file that
 * is not there, for one that leads back to itself, for what is nested more than five deep, and for more than thirty files.
 */
export async function gather(
  own: ReadFile,
  organisation: string | undefined,
  source: ConfigurationSource,
  repository: Repository,
): Promise<Files> {
  const owner = { owner: repository.owner, name: organisationRepository };
  const shared =
    organisation === undefined ? undefined : readFile(nameOf(owner, organisationPath), organisation);
  const chain = [nameOf(repository, own.path)];
  const counted = counting(source);
  const beneath = shared === undefined ? [] : await extendedBy(shared, [...chain, shared.path], counted);
  return {
    beneath,
    ...(shared === undefined ? {} : { organisation: shared }),
    extended: await extendedBy(own, chain, counted),
    own,
  };
}

interface Counted extends ConfigurationSource {
  readonly isSpent: () => boolean;
}

function counting(source: ConfigurationSource): Counted {
  let count = 0;
  return {
    isSpent: () => count >= mostFiles,
    read: (repository, path, ref) => {
      count++;
      return source.read(repository, path, ref);
    },
  };
}

async function extendedBy(
  file: ReadFile,
  chain: readonly string[],
  source: Counted,
): Promise<readonly ReadFile[]> {
  const all: ReadFile[] = [];
  for (const [index, written] of referencesOf(file).entries()) {
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
    if (source.isSpent()) throw fail(`no more than ${mostFiles} files may build on one another`);
    const text = await source.read(repository, path, ref);
    if (text === undefined) throw fail("there is no such file, or it may not be read");
    const read = readFile(name, text);
    all.push(...(await extendedBy(read, [...chain, name], source)), read);
  }
  return all;
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
