import { z } from "zod";
import type { Move } from "../domain/branch.ts";
import { confidenceOf, type Evidence } from "../domain/confidence.ts";
import type { Cache } from "../domain/ports.ts";
import type { PullRequestState } from "../domain/pull-request.ts";
import { ecosystemOf } from "./look.ts";

/** What the repositories of one installation have seen of steps from one version to another; never another's. */
export interface EvidenceBook {
  /** What a repository has seen now takes the place of what it saw before. */
  record(ecosystem: string, move: Move, passed: boolean): Promise<void>;
  /** Of the steps that something is known of, by the package's name. */
  read(ecosystem: string, moves: readonly Move[]): Promise<ReadonlyMap<string, Evidence>>;
}

/** Repositories by name, and whether the step passed there. */
const seenShape = z.record(z.string(), z.boolean());

/** Of one step, so many repositories are remembered. */
const mostRepositories = 300;

/**
 * Keeps the book of an installation in the cache: what is lost there is seen again. Two repositories that write of
 * one step at the same moment may lose one word, which costs no more than a little certainty.
 */
export function evidenceBook(cache: Cache, installationId: number, repository: string): EvidenceBook {
  const keyOf = (ecosystem: string, { name, from, to }: Move) =>
    `evidence-1 ${installationId} ${JSON.stringify([ecosystem, name, from, to])}`;
  const seenAt = async (key: string) => readSeen(await cache.get(key));
  return {
    record: async (ecosystem, move, passed) => {
      const key = keyOf(ecosystem, move);
      const seen = await seenAt(key);
      if (seen[repository] === passed) return;
      const { [repository]: _, ...others } = seen;
      const kept = Object.entries(others).slice(-(mostRepositories - 1));
      await cache.set(key, JSON.stringify({ ...Object.fromEntries(kept), [repository]: passed }));
    },
    read: async (ecosystem, moves) => {
      const all = await Promise.all(
        moves.map(async (move): Promise<[string, Evidence]> => {
          const words = Object.values(await seenAt(keyOf(ecosystem, move)));
          const passed = words.filter(Boolean).length;
          return [move.name, { passed, failed: words.length - passed }];
        }),
      );
      return new Map(all.filter(([, { passed, failed }]) => passed + failed > 0));
    },
  };
}

/**
 * From 0 to 1: of what the surest is that the least sure of its moves passes; 1 where nothing asks for that. Of what nothing is
 * known, nothing is sure; nor where it is not known what moves.
 */
export async function lowestConfidence(
  book: Pick<EvidenceBook, "read">,
  pull: Pick<PullRequestState, "marker">,
): Promise<number> {
  const { automerge, moves = [] } = pull.marker;
  if (automerge?.confidence === undefined) return 1;
  if (moves.length === 0) return 0;
  const known = await book.read(ecosystemOf(pull), moves);
  return Math.min(
    1,
    ...moves.map(({ name }) => confidenceOf(known.get(name) ?? { passed: 0, failed: 0 }).low),
  );
}

function readSeen(text: string | undefined): z.infer<typeof seenShape> {
  if (text === undefined) return {};
  try {
    return seenShape.safeParse(JSON.parse(text)).data ?? {};
  } catch {
    return {}; // half a line from a full disk: it is seen again
  }
}
