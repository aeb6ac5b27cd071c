import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { affects } from "../../src/domain/advisory.ts";
import { advisoriesIn, readOsv } from "../../src/advisories/osv.ts";
import { npmVersions } from "../../src/versions/semver.ts";

export interface OsvServer {
  readonly url: string;
  /** `METHOD path`, in the order they came. */
  readonly asked: string[];
  /** Puts records in place of those with the same id. */
  readonly put: (...records: readonly StoredRecord[]) => void;
  readonly remove: (id: string) => void;
  readonly close: () => Promise<void>;
}

export interface StoredRecord {
  readonly id: string;
  readonly modified: string;
}

const query = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }),
  version: z.string().optional(),
  page_token: z.string().optional(),
});
const batch = z.object({ queries: z.array(query) });

/**
 * Speaks as much of the OSV API as `osvApi` does: it matches versions itself, refuses more than 1,000 queries, and
 * gives `pageSize` ids at a time. It finds a record that cannot be read as the real one does: by its index.
 */
export async function startOsvServer(
  records: readonly StoredRecord[],
  { pageSize = 2 }: { pageSize?: number } = {},
): Promise<OsvServer> {
  const stored = new Map(records.map((record) => [record.id, record]));
  const asked: string[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(`${request.method} ${request.url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.method === "POST" && request.url === "/v1/querybatch") {
      const { queries } = batch.parse(JSON.parse(Buffer.concat(chunks).toString()));
      if (queries.length > 1_000) {
        send(400, { code: 3, message: "Too many queries." });
        return;
      }
      send(200, { results: queries.map((each) => page(each)) });
      return;
    }
    const id = /^\/v1\/vulns\/([^/?#]+)$/.exec(request.url ?? "")?.[1];
    const found = id === undefined ? undefined : stored.get(decodeURIComponent(id));
    if (found === undefined) send(404, { code: 5, message: "Bug not found." });
    else send(200, found);
  };

  function page(asking: z.infer<typeof query>): object {
    const ids = [...stored.values()].filter((record) => matches(record, asking));
    const from = Number(asking.page_token ?? 0);
    const vulns = ids.slice(from, from + pageSize).map(({ id, modified }) => ({ id, modified }));
    const next = from + pageSize < ids.length && { next_page_token: String(from + pageSize) };
    return vulns.length === 0 ? {} : { vulns, ...next };
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.destroy(new Error("broken", { cause: error })),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo; // oxlint-disable-line typescript/no-unsafe-type-assertion -- a TCP server has no other kind
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    put: (...more) => more.forEach((record) => stored.set(record.id, record)),
    remove: (id) => stored.delete(id),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function matches(record: StoredRecord, asking: z.infer<typeof query>): boolean {
  const readable = { ...record, aliases: [] };
  return advisoriesIn(readOsv(readable), { osv: asking.package.ecosystem, versions: npmVersions }).some(
    (advisory) =>
      advisory.name === asking.package.name &&
      (asking.version === undefined || affects(advisory, asking.version, npmVersions)),
  );
}
