import type { Impact } from "../../../domain/impact.ts";
import { impactOf } from "./compare.ts";
import type { ReleaseFiles } from "./release.ts";
import { type AllUses, gatherUses } from "./uses.ts";

/** What is asked of the process that reads code; see `usage`. */
export interface UsageQuestion {
  readonly steps: readonly {
    readonly name: string;
    readonly before: ReleaseFiles;
    readonly after: ReleaseFiles;
  }[];
  /** Texts by path. */
  readonly sources: Readonly<Record<string, string>>;
}

/** One answer for each step, in their order. */
export function main({ steps, sources }: UsageQuestion): readonly Impact[] {
  const packages = new Set(steps.map(({ name }) => name));
  const all: AllUses = new Map();
  const faulty: string[] = [];
  for (const [path, text] of Object.entries(sources)) {
    if (![...packages].some((name) => text.includes(name))) continue;
    try {
      gatherUses(path, text, packages, all);
    } catch {
      faulty.push(path); // told with the answers: it may use any of them
    }
  }
  return steps.map(({ name, before, after }) => {
    const uses = all.get(name) ?? new Map<string, never>();
    const found = impactOf(name, uses, before, after);
    const suspects = faulty.filter((path) => sources[path]?.includes(name) === true);
    if (found.kind === "unknown" || suspects.length === 0) return found;
    const more = suspects.length > 1 ? ` and ${suspects.length - 1} more` : "";
    return { ...found, unseen: [...found.unseen, `${suspects[0]}${more} could not be read as code`] };
  });
}
