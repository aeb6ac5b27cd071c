import { HttpError } from "../domain/errors.ts";
import type { ChangelogSource, HttpClient, NotesRequest, ReleaseNotes } from "../domain/ports.ts";
import { githubRepository } from "../domain/source.ts";
import { archivedChangelog } from "./archive.ts";
import { githubNotes } from "./github.ts";
import { crossed, sectionsOf } from "./sections.ts";

export interface ChangelogOptions {
  /** Sends GitHub's token where the operator has one; without it GitHub answers 60 questions an hour. */
  readonly http: HttpClient;
  /** Without a final slash. */
  readonly githubApi?: string;
}

/**
 * Release notes from the package's releases on GitHub, else from the changelog in its published archive. Notes that
 * cannot be told apart from another package's are left out. No notes are no error; a source that does not answer is:
 * `HttpError`, unless the other one had notes.
 */
export function changelogs({
  http,
  githubApi = "https://api.github.com",
}: ChangelogOptions): ChangelogSource {
  return {
    async notesFor(request) {
      const { source } = request.releases;
      const about = source !== undefined && { repository: source };
      const none: ReleaseNotes = { ...about, entries: [] };
      const released = await outcome(async () => {
        const repository = source === undefined ? undefined : githubRepository(source.url);
        return repository === undefined ? none : githubNotes(http, githubApi, repository, request);
      });
      if (released.notes?.entries.some(({ body }) => saysSomething(body)) === true)
        return { ...about, ...released.notes };

      const archived = await outcome(() => archivedNotes(http, request));
      const { compareUrl: compare, commits } = released.notes ?? none;
      const compared = { ...(compare !== undefined && { compareUrl: compare }), ...(commits && { commits }) };
      if (archived.notes !== undefined && archived.notes.entries.length > 0) {
        return { ...about, ...archived.notes, ...compared };
      }
      const failure = released.failure ?? archived.failure;
      if (failure !== undefined) throw failure;
      if (released.notes !== undefined && released.notes.entries.length > 0)
        return { ...about, ...released.notes };
      return { ...none, ...compared };
    },
  };
}

async function archivedNotes(http: HttpClient, request: NotesRequest): Promise<ReleaseNotes> {
  const { tarball, name, to, versions } = request;
  const changelog = tarball === undefined ? undefined : await archivedChangelog(http, tarball);
  if (tarball === undefined || changelog === undefined) return { entries: [] };
  const entries = crossed(sectionsOf(changelog, name, versions), request);
  return { entries, source: { label: `${changelog.file} in the archive of ${name} ${to}`, url: tarball } };
}

interface Outcome {
  readonly notes?: ReleaseNotes;
  readonly failure?: HttpError;
}

/** A source that does not answer leaves the other one to be asked. */
async function outcome(ask: () => Promise<ReleaseNotes>): Promise<Outcome> {
  try {
    return { notes: await ask() };
  } catch (error) {
    if (error instanceof HttpError) return { failure: error };
    throw error;
  }
}

/** Whether notes are more than a pointer to the place where the notes are. */
function saysSomething(body: string): boolean {
  const rest = body
    .replace(/^\s*\**full changelog\**:?.*$/gim, "")
    .replace(/^.{0,60}\b(?:changelog|release notes|changes)\b.{0,200}$/gim, (line) =>
      /https?:|\]\(|\.md\b/i.test(line) ? "" : line,
    );
  return rest.trim() !== "";
}
