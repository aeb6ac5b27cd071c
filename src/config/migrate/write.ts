import { Document, isMap, isScalar } from "yaml";
import type { Draft } from "./renovate.ts";
import type { Unmatched } from "./expand.ts";

const width = 110;
/** Nobody reads more of them in a file. */
const mostListed = 100;

/** The text of a file with its comments: where it comes from, what is not in it, and what is said of some keys. */
export function written(from: string, { file, comments, unmatched }: Draft): string {
  const document = new Document(file, { aliasDuplicateObjects: false });
  if (isMap(document.contents))
    for (const { key } of document.contents.items) {
      if (!isScalar(key)) continue;
      const comment = comments[String(key.value)];
      if (comment !== undefined) key.commentBefore = ` ${comment}`;
    }
  return `${header(from, unmatched)}\n${document.toString({ lineWidth: width })}`;
}

/** As comments of YAML. */
export function header(from: string, unmatched: readonly Unmatched[]): string {
  const more = unmatched.length > mostListed ? [`- and ${unmatched.length - mostListed} more`] : [];
  const listed = unmatched.slice(0, mostListed).map(({ place, why }) => `- ${place}: ${why}`);
  const lines = [
    `Made from ${from}. Delete that file when you are content with this one.`,
    ...(unmatched.length > 0 ? ["", "Not taken over:", ...listed, ...more] : []),
  ];
  return `${lines.map((line) => `# ${plain(line)}`.trimEnd()).join("\n")}\n`;
}

/** On one line, whatever its author wrote. */
function plain(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, " ").slice(0, 300);
}
