import { messageOf } from "../domain/errors.ts";
import type { ChangelogSource, HttpClient, ReleaseNotes } from "../domain/ports.ts";
import type { Problem, Update, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";

interface NotesWorld {
  readonly changelogs: ChangelogSource;
  readonly http: HttpClient;
}

/** Reviewers are shown the age of what they merge: where the brief document has no times, the full one is asked for. */
export async function withTimes(
  group: UpdateGroup,
  ecosystems: ReadonlyMap<string, Ecosystem>,
  { http }: Pick<NotesWorld, "http">,
): Promise<UpdateGroup> {
  const updates = await Promise.all(
    group.updates.map(async (update): Promise<Update> => {
      if (update.release.publishedAt !== undefined) return update;
      const ecosystem = ecosystems.get(update.project.ecosystem);
      const known = await ecosystem?.releases(update.dependency, http, { dated: true });
      const release = known?.releases.find(({ version }) => version === update.release.version);
      return release === undefined ? update : { ...update, release };
    }),
  );
  return { ...group, updates };
}

/** Where more packages move, nobody reads the commits of each, and each costs a request. */
const mostWithCommits = 10;

/** What the maintainers wrote about each package of a group, by its name; what cannot be had is told. */
export async function notesFor(
  group: UpdateGroup,
  ecosystems: ReadonlyMap<string, Ecosystem>,
  { changelogs, http }: NotesWorld,
): Promise<{ byName: ReadonlyMap<string, ReleaseNotes>; problems: readonly Problem[] }> {
  const distinct = new Map(group.updates.map((update) => [update.dependency.name, update]));
  const problems: Problem[] = [];
  const found = await Promise.all(
    [...distinct].map(async ([name, update]): Promise<[string, ReleaseNotes]> => {
      const ecosystem = ecosystems.get(update.project.ecosystem);
      // Brief documents do not say where the source is kept, and `withTimes` has asked for the full one anyway.
      const releases = await ecosystem?.releases(update.dependency, http, { dated: true });
      if (ecosystem === undefined || releases === undefined) return [name, { entries: [] }];
      try {
        const tarball = ecosystem.archiveOf?.(update.dependency, update.release.version);
        const { from, release } = update;
        const request = {
          ecosystem: ecosystem.id,
          name,
          from,
          to: release.version,
          versions: ecosystem.versions,
          releases,
          withCommits: distinct.size <= mostWithCommits,
        };
        return [
          name,
          await changelogs.notesFor({ ...request, ...(tarball === undefined ? {} : { tarball }) }),
        ];
      } catch (error) {
        problems.push({
          stage: "propose",
          subject: name,
          message: `its release notes could not be fetched: ${messageOf(error)}`,
        });
        return [name, { entries: [] }];
      }
    }),
  );
  return { byName: new Map(found), problems: problems.toSorted((a, b) => (a.subject < b.subject ? -1 : 1)) };
}
