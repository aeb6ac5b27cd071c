/** A part of a text, in one or more wordings from the fullest to the briefest. Parts of an empty text are not there. */
export interface Section {
  readonly texts: readonly string[];
  /** When it gives way: 1 before 2; 0 never. */
  readonly priority: number;
  /** When it gives way a second time, if that is later. */
  readonly last?: number;
}

/**
 * Joins sections by empty lines, whole ones only: where they are too long together, the longest of the lowest priority
 * is told more briefly, and so on until they fit.
 */
export function fit(sections: readonly Section[], length: number): string {
  const wordings = sections.map(() => 0);
  const textAt = (at: number): string => sections[at]?.texts[wordings[at] ?? 0] ?? "";
  const join = (): string =>
    sections
      .map((_, at) => textAt(at))
      .filter((text) => text !== "")
      .join("\n\n");

  let total = sections.reduce((sum, _, at) => sum + textAt(at).length + 2, 0);
  while (total - 2 > length) {
    const next = sections
      .map((section, at) => ({ at, turn: turnOf(section, wordings[at] ?? 0), size: textAt(at).length }))
      .filter(({ turn }) => turn > 0)
      .toSorted((a, b) => a.turn - b.turn || b.size - a.size)[0];
    if (next === undefined) break;
    wordings[next.at] = (wordings[next.at] ?? 0) + 1;
    total += textAt(next.at).length - next.size;
  }
  return join();
}

function turnOf({ texts, priority, last }: Section, wording: number): number {
  if (wording + 1 >= texts.length) return 0;
  return wording === 0 ? priority : (last ?? priority);
}
