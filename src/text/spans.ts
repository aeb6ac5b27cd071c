import type { Span } from "../domain/types.ts";

export interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** Replaces spans of a text; its layout and comments stay as they were. Two edits of one span count once, the last. */
export function replaceSpans(text: string, edits: readonly Edit[]): string {
  const distinct = new Map(edits.map((edit) => [edit.span.start, edit]));
  const lastFirst = [...distinct.values()].toSorted((a, b) => b.span.start - a.span.start);
  return lastFirst.reduce(
    (result, { span, text: next }) => result.slice(0, span.start) + next + result.slice(span.end),
    text,
  );
}
