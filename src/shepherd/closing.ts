import type { ClosedPullRequest, OpenPullRequest } from "../domain/ports.ts";
import type { Move } from "../domain/branch.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { codeSpan } from "../text/markdown.ts";
import { noteOf } from "./note.ts";

/** How the comment is known that says what follows from closing; see `noteOf`. */
export const closedKey = "closed";

/** What is said about a pull request that a person closed; `undefined` where the App closed it, or nobody has. */
export function farewell({ state, marker }: PullRequestState): string | undefined {
  if (state !== "closed" || marker.digest === "") return undefined;
  const back = "`@steeplejack reopen`, or reopening it, takes that back.";
  return `${whatFollows(marker.moves ?? [])} ${back}\n\n${noteOf(closedKey)}`;
}

/** What takes the place of a farewell when the pull request is open again. */
export const openAgain = `This was closed, and is open again: nothing of it is kept back.\n\n${noteOf(closedKey)}`;

function whatFollows(moves: readonly Move[]): string {
  const [only, ...others] = moves;
  if (only === undefined || others.length > 0)
    return "OK, just these updates will not be proposed together again. When one of them has a newer release, the group is proposed anew.";
  const { name, to, size } = only;
  return size === "major"
    ? `OK, ${codeSpan(name)} ${codeSpan(to)} and what follows it in the same major version will not be proposed again.`
    : `OK, ${codeSpan(name)} ${codeSpan(to)} will not be proposed again; a newer release will be.`;
}

/** Something that is kept back because a person said so. */
export interface Condition {
  /** The pull request on which it was said. */
  readonly number: number;
  readonly names: readonly string[];
  readonly how: "closed" | "ignored";
  /** In plain words: `all versions`, `2.1.0`. */
  readonly what: string;
}

/** All that people said on pull requests, open ones and others. Sorted by number. */
export function conditionsOf(
  closed: readonly ClosedPullRequest[],
  open: readonly OpenPullRequest[],
): readonly Condition[] {
  const said = [...closed, ...open].flatMap(({ number, ignore = [] }) =>
    ignore.map(({ name, what }): Condition => ({
      number,
      names: [name],
      how: "ignored",
      what: spelled(what),
    })),
  );
  const left = closed
    .filter(({ digest, isMerged }) => digest !== "" && !isMerged)
    .map(({ number, moves = [] }): Condition => {
      const [only, ...others] = moves;
      const what =
        only === undefined || others.length > 0
          ? moves.map(({ name, to }) => `${name} ${to}`).join(", ")
          : only.size === "major"
            ? spelled(`major ${only.to}`)
            : `up to ${only.to}`;
      return { number, names: moves.map(({ name }) => name), how: "closed", what };
    });
  return [...said, ...left].toSorted((a, b) => a.number - b.number);
}

function spelled(what: string): string {
  if (what === "*") return "all versions";
  const [, size, version] = /^(major|minor|patch) (\S+)$/.exec(what) ?? [];
  if (version === undefined) return what;
  return size === "patch" ? version : `the ${size} version of ${version}`;
}

/** Whether `unignore` of a name takes a condition back. Of what was closed together, no part can be taken back. */
export function isTakenBack({ how, names }: Condition, name: string): boolean {
  if (name === "*") return true;
  return how === "ignored" ? names.includes(name) : names.length === 1 && names[0] === name;
}
