/** By which the issue is known. */
export const dashboardMark = "<!-- steeplejack dashboard -->";

/** What a job is about after somebody ticked a box. */
export function dashboardSubject(login: string): string {
  return `dashboard ${login}`;
}

/** Who ticked boxes, by the subjects of a job. */
export function tickersIn(subjects: readonly string[] | undefined): readonly string[] {
  return (subjects ?? []).flatMap((subject) => /^dashboard (\S+)$/.exec(subject)?.[1] ?? []);
}
