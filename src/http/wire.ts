import { lookup as systemLookup } from "node:dns";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, type ZlibOptions, zstdDecompress } from "node:zlib";
import { Agent, type Dispatcher, EnvHttpProxyAgent, errors } from "undici";
import { HttpError, messageOf } from "../domain/errors.ts";
import { isPublicAddress } from "../domain/address.ts";
import { giveBack } from "../text/memory.ts";
import { guardedLookup, isPrivateHost, type Lookup } from "./address.ts";
import { FinalHttpError } from "./failure.ts";
import { Gate } from "./gate.ts";

/** Asks one question and reads the whole answer: nothing is repeated, followed or kept here. */
export interface Wire {
  /** Throws `HttpError` where a host that is not trusted is spelled as a private address. */
  assertPublic(question: Pick<Question, "url" | "isTrusted">): void;
  /** Throws `HttpError`. */
  ask(question: Question): Promise<Answer>;
  /** Breaks off what is under way and closes every connection. */
  close(): Promise<void>;
}

export interface Question {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Whether its host may be at a private address. */
  readonly isTrusted: boolean;
  /** In bytes, of what comes over the wire and of what that decompresses to. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Decompressed; empty where the status is no success. */
  readonly body: Buffer;
  /** The size on the wire. */
  readonly received: number;
}
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** In milliseconds. */
export interface Timeouts {
  readonly connect: number;
  readonly headers: number;
  /** Between two pieces of the body. */
  readonly body: number;
  /** From the first byte sent to the last one read: a server that drips would hold a scan for hours. */
  readonly whole: number;
}

export interface WireOptions {
  readonly timeouts: Timeouts;
  readonly connections: number;
  readonly lookup?: Lookup | undefined;
}

/** As many as there are threads that decompress. */
const unpackedAtOnce = 4;

/** Over HTTP/2 where the server has it; through the proxy that the environment names, if any. */
export function openWire({ timeouts, connections, lookup = systemLookup }: WireOptions): Wire {
  const common = {
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.body,
    connections,
    pipelining: 1,
  };
  const agentFor = (allowed: (address: string) => boolean): Dispatcher => {
    const connect = { timeout: timeouts.connect, lookup: guardedLookup(lookup, allowed) };
    // Behind a proxy it is the proxy that resolves names and keeps the private ones apart; what goes past it,
    // because NO_PROXY names it, is guarded here.
    return hasProxy() ? new EnvHttpProxyAgent({ ...common, connect }) : new Agent({ ...common, connect });
  };
  // Plain, a document is ten times as large: few are held at a time, however many are under way.
  const unpacking = new Gate(unpackedAtOnce);
  const open = agentFor(() => true);
  const guarded = agentFor(isPublicAddress);

  return {
    assertPublic({ url, isTrusted }) {
      if (!isTrusted && isPrivateHost(url.hostname))
        throw new FinalHttpError(
          url.href,
          undefined,
          "is a private address, which a repository may not name",
        );
    },
    async ask({ method, url, headers, body, isTrusted, maxBytes }) {
      try {
        const response = await (isTrusted ? open : guarded).request({
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers,
          body: body ?? null,
          signal: AbortSignal.timeout(timeouts.whole),
        });
        const about = { status: response.statusCode, headers: response.headers };
        if (response.statusCode >= 300) {
          await response.body.dump({ limit: 100_000 });
          return { ...about, body: Buffer.alloc(0), received: 0 };
        }
        const raw = await collect(url.href, response.body, maxBytes);
        const encoding = response.headers["content-encoding"];
        const received = raw.length;
        const plain = await unpacking.pass(() => decompress(url.href, raw, encoding, maxBytes));
        return { ...about, body: plain, received };
      } catch (error) {
        throw failureOf(url.href, error);
      }
    },
    async close() {
      await Promise.all([open.destroy(), guarded.destroy()]);
    },
  };
}

function hasProxy(): boolean {
  const { env } = process;
  return ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"].some((name) => Boolean(env[name]));
}

async function collect(url: string, body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(url, maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size);
}

type Decoder = (body: Buffer, options: Pick<ZlibOptions, "maxOutputLength" | "chunkSize">) => Promise<Buffer>;
const unzip: Decoder = promisify(gunzip);
const decoders: ReadonlyMap<string, Decoder> = new Map([
  ["gzip", unzip],
  ["x-gzip", unzip],
  ["deflate", promisify(inflate)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

async function decompress(
  url: string,
  body: Buffer,
  encoding: string | string[] | undefined,
  maxBytes: number,
): Promise<Buffer> {
  let plain = body;
  // The last one named was applied last: https://www.rfc-editor.org/rfc/rfc9110#name-content-encoding
  for (const name of [encoding ?? []]
    .flat()
    .join(",")
    .toLowerCase()
    .split(/[\s,]+/)
    .toReversed()) {
    if (name === "" || name === "identity" || plain.length === 0) continue;
    const decoder = decoders.get(name);
    if (decoder === undefined)
      throw new FinalHttpError(url, undefined, `answered in an unknown encoding, ${name}`);
    const packed = plain;
    plain = await decoder(packed, { maxOutputLength: maxBytes, chunkSize: pieceSize(name, packed) });
    giveBack(packed);
  }
  return plain;
}

/**
 * Each piece is a trip to another thread, 16 kB by default, and pieces are copied into one in the end: a document of
 * 10 MB would take 600 trips and its size twice. gzip says at its end how long the text is; the others are guessed.
 */
function pieceSize(name: string, compressed: Buffer): number {
  const isGzip = name.endsWith("gzip") && compressed.length >= 18;
  const told = isGzip ? compressed.readUInt32LE(compressed.length - 4) + 64 : compressed.length * 8;
  return Math.min(Math.max(told, 16_384), isGzip ? 16_777_216 : 1_048_576);
}

function failureOf(url: string, error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EPRIVATE") return new FinalHttpError(url, undefined, messageOf(error), { cause: error });
  if (code === "ERR_BUFFER_TOO_LARGE")
    return new FinalHttpError(url, undefined, "the answer decompresses to more than is allowed", {
      cause: error,
    });
  return new HttpError(url, undefined, words(error, code), { cause: error });
}

function words(error: unknown, code: unknown): string {
  const isTimeout =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    (error instanceof Error && error.name === "TimeoutError");
  if (isTimeout) return "did not answer in time";
  if (typeof code === "string" && /^(?:Z_|ZSTD_|ERR__ERROR_)/.test(code))
    return `sent an answer that cannot be decompressed: ${messageOf(error)}`;
  return `could not be reached: ${messageOf(error)}`;
}

function tooLarge(url: string, maxBytes: number): FinalHttpError {
  return new FinalHttpError(url, undefined, `the answer is larger than ${maxBytes} bytes`);
}
