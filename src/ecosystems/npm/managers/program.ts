import semver from "semver";
import { z } from "zod";
import { HttpError, type ProgramError, ResolutionError } from "../../../domain/errors.ts";
import type { Program } from "../../../domain/ports.ts";
import type { Io } from "../../ecosystem.ts";
import { abbreviated } from "../registry.ts";
import type { RelockTask } from "./manager.ts";

const published = z.object({
  versions: z.record(
    z.string(),
    z
      .object({ dist: z.object({ tarball: z.string(), integrity: z.string() }) })
      .nullable()
      .catch(null),
  ),
});

/**
 * A package manager from the registry: the highest release within `range`. What a project pins need never have been
 * there: then the next of its kind that reads the same lockfile, `alike` where that is known, takes its place. The
 * operator's registry is asked, never a repository's.
 */
export async function programOf(
  name: string,
  range: string,
  entry: string,
  { operatorRegistry }: RelockTask,
  { http }: Io,
  alike = "",
): Promise<Program> {
  const url = `${operatorRegistry}${name.replace("/", "%2F")}`;
  const found = await http.get(url, { accept: abbreviated, cacheAs: "npm-programs-1", read: readArchives });
  const versions = Object.keys(found ?? {});
  const next = semver.valid(range) === null ? [] : [`^${range} ${alike}`, `^${range}`, alike];
  const version = [range, ...next.filter(Boolean)]
    .map((wanted) => semver.maxSatisfying(versions, wanted))
    .find((it) => it !== null);
  const archive = version === undefined ? undefined : found?.[version];
  if (version === undefined || archive === undefined)
    throw new ResolutionError(`the registry has no ${name}@${range}, which the lockfile needs`, {
      isHopeless: true,
    });
  return { name, version, entry, ...archive };
}

/** How old a release has to be, in minutes, for nothing to be chosen that was published after `asOf`. */
export function minutesSince(asOf: Date): number {
  return Math.max(0, Math.ceil((Date.now() - asOf.getTime()) / 60_000));
}

/**
 * The releases that a `packageManager` such as `pnpm@9.1.0` or `pnpm@^9.0.0` asks for, as far as `supported`, a range
 * without alternatives, has them; `undefined` where it asks for none, or for others.
 */
export function pinnedRange(
  manager: string,
  packageManager: string | undefined,
  supported: string,
): string | undefined {
  const asked =
    packageManager?.startsWith(`${manager}@`) === true ? packageManager.slice(manager.length + 1) : "";
  const exact = semver.valid(asked.replace(/\+.*$/, ""));
  // A candidate for a release is taken as that release.
  if (exact !== null) return semver.satisfies(semver.coerce(exact) ?? exact, supported) ? exact : undefined;
  const range = asked === "" ? null : semver.validRange(asked);
  if (range === null || !semver.intersects(range, supported)) return undefined;
  return range
    .split("||")
    .map((part) => `${part} ${supported}`)
    .join("||");
}

function readArchives(body: Buffer): Record<string, { archive: string; integrity: string }> {
  const { versions } = published.parse(JSON.parse(body.toString("utf8")));
  return Object.fromEntries(
    Object.entries(versions).flatMap(([version, found]) =>
      found === null ? [] : [[version, { archive: found.dist.tarball, integrity: found.dist.integrity }]],
    ),
  );
}

/** Has a package manager change a lockfile until it leaves it as it is. Throws `ResolutionError`. */
export async function unchangedBy(
  manager: string,
  lockfile: string,
  run: (lockfile: string) => Promise<string>,
): Promise<string> {
  const first = await run(lockfile);
  if (first === lockfile || (await run(first)) === first) return first;
  throw new ResolutionError(`${manager} makes no lockfile that it would leave as it is`);
}

/** What it means that a package manager ended with an error; `said` is what it says of it, in one line. */
export function failureOf(
  manager: string,
  cause: ProgramError,
  said: string,
  { moves, registry }: RelockTask,
  { isUnreachable, isHopeless }: { readonly isUnreachable: boolean; readonly isHopeless: boolean },
): Error {
  if (isUnreachable) return new HttpError(registry, undefined, `${manager} failed: ${said}`, { cause });
  const suspects = moves.map(({ name }) => name).filter((name) => isNamedIn(said, name));
  return new ResolutionError(`${manager} makes no lockfile: ${said}`, {
    cause,
    suspects,
    isHopeless: isHopeless && suspects.length === 0,
  });
}

/** As a word of its own: `ms` is not named by `items`, nor `react` by `react-dom` or `@types/react`. */
function isNamedIn(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    const [before = "", after = ""] = [text[at - 1], text[at + name.length]];
    if (!/[\w/@-]/.test(before) && !/[\w/-]/.test(after)) return true;
  }
  return false;
}
