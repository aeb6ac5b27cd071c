import type { z } from "zod";
import type { Comment } from "../domain/pull-request.ts";

/** The end of a comment of the App, by which it is known again: a key, and what it has to remember, hidden from readers. */
export function noteOf(key: string, data?: unknown): string {
  const text = data === undefined ? "" : ` ${JSON.stringify(data)}`;
  // Neither the end of the comment nor of what hides it may stand in it.
  return `<!-- steeplejack:${key}${text.replaceAll("--", "-\\u002d").replaceAll(">", "\\u003e")} -->`;
}

/** What the App's own comment with this key remembers, or `undefined` where there is none, or none that can be read. */
export function readNote<T>(comments: readonly Comment[], key: string, shape: z.ZodType<T>): T | undefined {
  const text = commentOf(comments, key)?.body;
  const data = /<!-- steeplejack:[\w-]+ (.*) -->\s*$/s.exec(text ?? "")?.[1];
  return data === undefined ? undefined : shape.safeParse(parse(data)).data;
}

/** The App's own comment with this key. */
export function commentOf(comments: readonly Comment[], key: string): Comment | undefined {
  const isIt = new RegExp(`<!-- steeplejack:${key}( [^\\n]*)? -->\\s*$`);
  return comments.find(({ isOurs, body }) => isOurs && isIt.test(body));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a comment that was edited by hand remembers nothing
  }
}
