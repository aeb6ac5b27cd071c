import type { OpenPullRequest } from "../domain/ports.ts";
import type { Decision } from "../domain/types.ts";
import { codeSpan, safeText } from "../text/markdown.ts";
import type { VersionScheme } from "../versions/scheme.ts";

/** What tells why nothing is left to do in a pull request. */
export interface Left {
  readonly decisions: readonly Decision[];
  /** The numbers of the open pull requests by the packages that they move. */
  readonly elsewhere: ReadonlyMap<string, number>;
  /** By ecosystem. */
  readonly schemes: ReadonlyMap<string, VersionScheme>;
}

const mostListed = 20;

/** Why a pull request is no longer needed, in Markdown: for each of its packages what became of it. */
export function whyObsolete({ key, roots, moves = [] }: OpenPullRequest, left: Left): string {
  const [ecosystem] = key.split("/");
  const lines = moves.map(({ name, to }) => {
    const decisions = left.decisions.filter(
      ({ dependency, project }) =>
        dependency.name === name &&
        (project.ecosystem === ecosystem || ecosystem === "multi-ecosystem") &&
        (roots === undefined || roots.includes(project.root)),
    );
    return `${codeSpan(name)} ${whatBecame(name, to, decisions, left)}`;
  });
  const [only, ...others] = lines;
  if (only === undefined)
    return "Nothing is left to update here: these dependencies are up to date, removed, or updatable in another way.";
  if (others.length === 0) return `No longer needed: ${only}.`;
  const more = lines.length - mostListed;
  const shown = [...lines.slice(0, mostListed), ...(more > 0 ? [`… and ${more} more`] : [])];
  return `No longer needed:\n\n${shown.map((line) => `- ${line}`).join("\n")}`;
}

function whatBecame(
  name: string,
  to: string,
  decisions: readonly Decision[],
  { elsewhere, schemes }: Left,
): string {
  const [first] = decisions;
  if (first === undefined) return "is no longer required";
  const scheme = schemes.get(first.project.ecosystem);
  const versions = decisions.flatMap(({ dependency }) => dependency.version ?? []);
  const isThere = scheme !== undefined && versions.every((version) => scheme.compare(version, to) >= 0);
  if (isThere && versions[0] !== undefined) return `is at ${codeSpan(versions[0])} already`;
  const other = elsewhere.get(name);
  if (other !== undefined) return `is updated in #${other}`;
  const held = decisions.find(({ outcome }) => outcome !== "update");
  return held === undefined ? "is updated in another way" : `stays: ${safeText(held.reason.detail, 300)}`;
}
