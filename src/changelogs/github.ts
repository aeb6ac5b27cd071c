import { z } from "zod";
import { RateLimitError } from "../domain/errors.ts";
import type { HttpClient, NotesRequest, ReleaseNote, ReleaseNotes } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";
import { commitsBetween } from "./commits.ts";
import { crossed } from "./sections.ts";
import { readVersion } from "./version.ts";

/** One release, distilled. */
interface GithubRelease {
  readonly tag: string;
  readonly title: string;
  readonly body: string;
  readonly url: string;
}

interface Tagged extends GithubRelease {
  readonly version: string;
}

const perPage = 100;
const mostPages = 10;
/** Longer than a pull request could show. */
const longestBody = 60_000;

/**
 * The notes in a repository's releases (https://docs.github.com/en/rest/releases/releases#list-releases), read page by
 * page, newest first, until all that is wanted was seen or the releases have gone below it.
 */
export async function githubNotes(
  http: HttpClient,
  api: string,
  repository: Repository,
  request: NotesRequest,
): Promise<ReleaseNotes> {
  const { owner, name } = repository;
  const releases: GithubRelease[] = [];
  for (let page = 1; page <= mostPages; page++) {
    const url = `${api}/repos/${owner}/${name}/releases?per_page=${perPage}&page=${page}`;
    const found = await http.get(url, {
      read: readReleases,
      accept: "application/vnd.github+json",
      cacheAs: "github-releases-1",
      maxBytes: 30_000_000,
    });
    releases.push(...(found?.releases ?? []));
    if (
      found === undefined ||
      found.count < perPage ||
      isEnough(ownReleases(releases, repository, request), request)
    ) {
      break;
    }
  }

  const own = ownReleases(releases, repository, request);
  const tags = tagsOf(own, request);
  const page = `https://github.com/${owner}/${name}`;
  const isAlone = (request.releases.source?.directory ?? "").replace(/^[./]+/, "") === "";
  const commits =
    tags !== undefined && request.withCommits === true && isAlone
      ? await commitsBetween(http, `${api}/repos/${owner}/${name}`, ...tags).catch(missed)
      : undefined;
  return {
    entries: crossed(own.map(noteOf), request),
    source: {
      label: `GitHub releases of ${owner}/${name}`,
      url: `${page}/releases`,
    },
    ...(tags !== undefined && { compareUrl: `${page}/compare/${tags.map(encodeURIComponent).join("...")}` }),
    ...(commits !== undefined && { commits }),
  };
}

/** Commits are a courtesy: the notes are as good without them. */
function missed(error: unknown): undefined {
  if (error instanceof RateLimitError) throw error;
  return undefined;
}

const answer = z.array(
  z.object({
    tag_name: z.string(),
    name: z.string().nullish(),
    body: z.string().nullish(),
    draft: z.boolean().default(false),
    html_url: z.string(),
  }),
);

function readReleases(body: Buffer): { count: number; releases: GithubRelease[] } {
  const all = answer.parse(JSON.parse(body.toString()));
  const releases = all
    .filter(({ draft }) => !draft)
    .map((each) => ({
      tag: each.tag_name,
      title: each.name ?? "",
      body: (each.body ?? "").slice(0, longestBody),
      url: each.html_url,
    }));
  return { count: all.length, releases };
}

/**
 * The releases of this package, among those of everything that lives in its repository.
 *
 * Tags that spell the package's whole name are its own. Shorter ones (`core@1.0.0`, `v1.0.0`) can be another
 * package's, so they count only where nearly every version they name is one that this package has published.
 */
function ownReleases(
  releases: readonly GithubRelease[],
  repository: Repository,
  request: NotesRequest,
): readonly Tagged[] {
  const { name, versions } = request;
  const directory = request.releases.source?.directory?.replace(/^[./]+|\/+$/g, "") ?? "";
  const base = lastPart(name);
  const tagged = (prefix: RegExp): readonly Tagged[] =>
    releases.flatMap((release) => {
      const rest = prefix.exec(release.tag);
      const version = rest === null ? undefined : readVersion(release.tag.slice(rest[0].length), versions);
      return version === undefined ? [] : [{ ...release, version }];
    });

  const whole = tagged(prefixOf(name));
  if (whole.length > 0) return whole;
  for (const label of new Set([directory, base, lastPart(directory)])) {
    const short = label === "" ? [] : tagged(prefixOf(label));
    if (short.length > 0 && arePublished(short, request, 1)) return short;
  }
  const bare = tagged(/^(?:release[-/]?)?v?(?=\d)/i);
  const alone = directory === "" || repository.name.toLowerCase() === base.toLowerCase();
  return arePublished(bare, request, alone ? 1 : 3) ? bare : [];
}

function prefixOf(label: string): RegExp {
  return new RegExp(`^${escaped(label)}(?:[@/_-]v?)(?=\\d)`, "i");
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, "\\$&");
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function arePublished(tagged: readonly Tagged[], request: NotesRequest, least: number): boolean {
  const published = new Set(request.releases.releases.map(({ version }) => version));
  // A prerelease is often tagged and not published.
  const finished = tagged.filter(({ version }) => !request.versions.isPrerelease(version));
  const counted = finished.length > 0 ? finished : tagged;
  const known = counted.filter(({ version }) => published.has(version)).length;
  return known >= least && known >= counted.length * 0.8;
}

/** Releases come by the time of their making: a fix for an older line can stand before what is still wanted. */
function isEnough(own: readonly Tagged[], request: NotesRequest): boolean {
  const { from, versions } = request;
  const wanted = crossed(request.releases.releases, request);
  const seen = new Set(own.map(({ version }) => version));
  if (wanted.length > 0 && wanted.every(({ version }) => seen.has(version))) return true;
  return own.some(
    ({ version }) => versions.compare(version, from) <= 0 && versions.size(version, from) !== "major",
  );
}

function noteOf({ version, title, body, url }: Tagged): ReleaseNote {
  return { version, body, url, ...(title !== "" && { title }) };
}

/** Only tags that exist: a comparison with a guessed one would be a dead link. */
function tagsOf(
  own: readonly Tagged[],
  request: NotesRequest,
): readonly [from: string, to: string] | undefined {
  const tagOf = (wanted: string): string | undefined =>
    own.find(({ version }) => request.versions.compare(version, wanted) === 0)?.tag;
  const from = tagOf(request.from);
  const to = tagOf(request.to);
  return from === undefined || to === undefined ? undefined : [from, to];
}
