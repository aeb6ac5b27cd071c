import { z } from "zod";
import { HttpError, messageOf } from "../domain/errors.ts";
import type { AdvisoryEcosystem, AdvisorySource, HttpClient, PackageVersion } from "../domain/ports.ts";
import type { Problem } from "../domain/types.ts";
import { advisoriesIn, type OsvRecord, readOsv } from "./osv.ts";
import { touching } from "./touching.ts";

export interface OsvApiOptions {
  readonly http: HttpClient;
  /** Without a final slash. */
  readonly baseUrl?: string;
}

const queriesAtOnce = 1_000;
const recordsAtOnce = 32;
/** A package with more pages than this does not exist; a server that never ends does. */
const mostPages = 200;

/**
 * The OSV API (https://google.github.io/osv.dev/api/): which records touch the packages is asked in batches of 1,000,
 * and each record is then fetched once for every time that it was modified.
 */
export function osvApi({ http, baseUrl = "https://api.osv.dev" }: OsvApiOptions): AdvisorySource {
  const broken = new Map<string, Problem>();

  async function find(
    ecosystem: AdvisoryEcosystem,
    packages: readonly PackageVersion[],
  ): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    let queries = distinct(packages).map(({ name, version }): Query => ({
      package: { ecosystem: ecosystem.osv, name },
      ...(version !== undefined && { version }),
    }));
    for (let page = 0; queries.length > 0; page++) {
      const url = `${baseUrl}/v1/querybatch`;
      if (page === mostPages) throw new HttpError(url, undefined, `sent more than ${mostPages} pages`);
      const answers = await Promise.all(
        batches(queries).map((batch) =>
          http.post(url, { queries: batch }, { read: (body) => readBatch(body, batch) }),
        ),
      );
      queries = [];
      for (const answer of answers) {
        if (answer === undefined) throw new HttpError(url, 404, "has no such interface");
        for (const { id, modified } of answer.records) found.set(id, modified);
        queries.push(...answer.next);
      }
    }
    return found;
  }

  async function fetchRecord(id: string, modified: string): Promise<OsvRecord | undefined> {
    const url = `${baseUrl}/v1/vulns/${encodeURIComponent(id)}`;
    const answer = await http.get(url, {
      read: readAnswer,
      cacheAs: "osv-record-1",
      revision: modified,
      immutable: true,
    });
    if (answer !== undefined && !("broken" in answer)) return answer;
    const message = answer === undefined ? "is listed, but the source does not have it" : answer.broken;
    broken.set(id, { stage: "audit", subject: id, message });
    return undefined;
  }

  return {
    async advisoriesFor(ecosystem, packages) {
      const found = [...(await find(ecosystem, packages))];
      const records: (OsvRecord | undefined)[] = [];
      for (let at = 0; at < found.length; at += recordsAtOnce) {
        const some = found.slice(at, at + recordsAtOnce);
        records.push(...(await Promise.all(some.map(([id, modified]) => fetchRecord(id, modified)))));
      }
      const known = records.flatMap((record) =>
        record === undefined ? [] : advisoriesIn(record, ecosystem),
      );
      return touching(known, ecosystem, packages);
    },
    problems: () => [...broken.values()].toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
  };
}

/** One publisher's mistake must not hide the other records, so it is a result and not an error. */
function readAnswer(body: Buffer): OsvRecord | { readonly broken: string } {
  const data: unknown = JSON.parse(body.toString());
  try {
    return readOsv(data);
  } catch (error) {
    return { broken: messageOf(error) };
  }
}

interface Query {
  readonly package: { readonly ecosystem: string; readonly name: string };
  readonly version?: string;
  readonly page_token?: string;
}

interface Batch {
  readonly records: readonly { readonly id: string; readonly modified: string }[];
  readonly next: readonly Query[];
}

const batchAnswer = z.object({
  results: z.array(
    z
      .object({
        vulns: z.array(z.object({ id: z.string(), modified: z.string().default("") })).nullish(),
        next_page_token: z.string().nullish(),
      })
      .nullable(),
  ),
});

function readBatch(body: Buffer, queries: readonly Query[]): Batch {
  const { results } = batchAnswer.parse(JSON.parse(body.toString()));
  // The answers are told apart by their place alone.
  if (results.length !== queries.length) {
    throw new Error(`${results.length} answers to ${queries.length} questions`);
  }
  return {
    records: results.flatMap((result) => result?.vulns ?? []),
    next: queries.flatMap((query, at) => {
      const token = results[at]?.next_page_token;
      return token ? [{ ...query, page_token: token }] : [];
    }),
  };
}

function distinct(packages: readonly PackageVersion[]): readonly PackageVersion[] {
  const known = new Map(packages.map((each) => [JSON.stringify([each.name, each.version]), each]));
  return [...known.values()];
}

function batches(queries: readonly Query[]): readonly (readonly Query[])[] {
  const count = Math.ceil(queries.length / queriesAtOnce);
  return Array.from({ length: count }, (_, at) =>
    queries.slice(at * queriesAtOnce, (at + 1) * queriesAtOnce),
  );
}
