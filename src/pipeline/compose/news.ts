import type { Move } from "../../domain/branch.ts";
import { codeSpan } from "../../text/markdown.ts";

const mostListed = 20;

/** What a new version of a pull request has that the one before did not, in Markdown; `undefined` where that is nothing. */
export function newsOf(before: readonly Move[] | undefined, after: readonly Move[]): string | undefined {
  if (before === undefined || before.length === 0 || after.length === 0) return undefined;
  const was = new Map(before.map((move) => [move.name, move.to]));
  const is = new Map(after.map((move) => [move.name, move.to]));
  const lines = [
    ...after.flatMap(({ name, to }) => {
      const old = was.get(name);
      if (old === to) return [];
      const start = `- ${codeSpan(name)} now goes to ${codeSpan(to)}`;
      return [
        old === undefined ? `${start}: it is new in here` : `${start}, and no longer to ${codeSpan(old)}`,
      ];
    }),
    ...before.flatMap(({ name }) => (is.has(name) ? [] : [`- ${codeSpan(name)} is no longer in here`])),
  ];
  if (lines.length === 0) return undefined;
  const left = lines.length - mostListed;
  const shown = [...lines.slice(0, mostListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  return `This pull request was updated:\n\n${shown.join("\n")}`;
}
