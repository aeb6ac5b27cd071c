import type { Octokit } from "@octokit/rest";
import { z } from "zod";
import type { Cache } from "../domain/ports.ts";
import type { Repository } from "../domain/types.ts";

/** What is asked for in one question: GitHub answers what takes it ten seconds with an error. */
const mostBlobs = 100;
const mostBytes = 1_000_000;

interface Blob {
  readonly sha: string;
  /** In bytes. */
  readonly size: number;
}

const answer = z.object({
  repository: z
    .record(
      z.string(),
      z.object({ text: z.string().nullish(), isTruncated: z.boolean().nullish() }).nullable(),
    )
    .nullable(),
});

/**
 * The texts of many blobs by SHA, a hundred in one question of GitHub's GraphQL interface, which has a limit of its own. Of
 * what is cached nothing is asked again. What is no text or too large for it is left out.
 */
export async function textsOf(
  octokit: Octokit,
  { owner, name }: Repository,
  blobs: readonly Blob[],
  cache: Cache,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const keyOf = (sha: string) => `github-text-1 ${owner}/${name} ${sha}`;
  const unknown: Blob[] = [];
  await Promise.all(
    blobs.map(async (blob) => {
      const kept = await cache.get(keyOf(blob.sha));
      if (kept === undefined) unknown.push(blob);
      else found.set(blob.sha, kept);
    }),
  );
  for (const batch of batchesOf(unknown.toSorted((a, b) => (a.sha < b.sha ? -1 : 1)))) {
    const { repository } = answer.parse(await octokit.graphql(questionFor(batch), { owner, name }));
    for (const [at, { sha }] of batch.entries()) {
      const blob = repository?.[`b${at}`];
      if (typeof blob?.text !== "string" || blob.isTruncated === true) continue;
      found.set(sha, blob.text);
      await cache.set(keyOf(sha), blob.text);
    }
  }
  return found;
}

/** SHAs are from the tree: they hold nothing that could end the text that they stand in. */
function questionFor(batch: readonly Blob[]): string {
  const fields = batch.map(
    ({ sha }, at) => `b${at}: object(oid: "${sha}") { ... on Blob { text isTruncated } }`,
  );
  return `query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ${fields.join(" ")} } }`;
}

function batchesOf(blobs: readonly Blob[]): readonly (readonly Blob[])[] {
  const batches: Blob[][] = [];
  let left = { blobs: 0, bytes: 0 };
  for (const blob of blobs) {
    if (left.blobs === 0 || left.bytes < blob.size) {
      batches.push([]);
      left = { blobs: mostBlobs, bytes: mostBytes };
    }
    batches.at(-1)?.push(blob);
    left = { blobs: left.blobs - 1, bytes: left.bytes - blob.size };
  }
  return batches;
}
