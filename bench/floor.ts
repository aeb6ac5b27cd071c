import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Agent, request } from "undici";

/**
 * The floor: downloads the documents that a list names, over 64 connections, and parses them. Nothing is kept and
 * nothing is decided. `floor.ts LIST REGISTRY`
 */
const [list = "", registry = ""] = process.argv.slice(2);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the benchmark wrote it just now
const asked = JSON.parse(readFileSync(list, "utf8")) as { path: string; accept: string }[];
const dispatcher = new Agent({ connections: 64, pipelining: 1 });
await Promise.all(
  asked.map(async ({ path, accept }) => {
    const headers = { accept, "accept-encoding": "gzip" };
    const {
      body,
      statusCode,
      headers: about,
    } = await request(new URL(path, registry), { dispatcher, headers });
    const bytes = Buffer.from(await body.arrayBuffer());
    const plain = about["content-encoding"] === "gzip" ? await promisify(gunzip)(bytes) : bytes;
    if (statusCode === 200) JSON.parse(plain.toString("utf8"));
  }),
);
await dispatcher.close();
