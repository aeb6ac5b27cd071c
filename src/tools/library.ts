import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar";
import type { HttpClient, Program } from "../domain/ports.ts";

/** Keeps the programs that were fetched, by name, version and digest. */
export interface Library {
  /** The folder of a program's archive; fetched, checked against its digest and unpacked at the first time. */
  get(program: Program): Promise<string>;
  close(): Promise<void>;
}

const maxBytes = 100_000_000;

export function openLibrary({
  http,
  programs,
}: {
  readonly http: HttpClient;
  readonly programs?: string;
}): Library {
  const known = new Map<string, Promise<string>>();
  let own: Promise<string> | undefined;

  async function fetch(program: Program, name: string): Promise<string> {
    own ??=
      programs === undefined ? mkdtemp(join(tmpdir(), "steeplejack-programs-")) : Promise.resolve(programs);
    const folder = await own;
    const place = join(folder, name);
    if (await stat(place).catch(() => undefined)) return place;

    const body = await http.get(program.archive, { accept: "*/*", maxBytes, read: (bytes) => bytes });
    if (body === undefined)
      throw new Error(`${program.name}@${program.version} is not at ${program.archive}`);
    assertIntegrity(program, body);
    await mkdir(folder, { recursive: true });
    const fresh = await mkdtemp(join(folder, ".unpacking-"));
    await pipeline(Readable.from([body]), extract({ cwd: fresh, strip: 1, strict: true, filter: isPlain }));
    try {
      await rename(fresh, place);
    } catch (error) {
      // Another process was quicker, and what it put there is the same.
      await rm(fresh, { recursive: true, force: true });
      if (!(await stat(place).catch(() => undefined))) throw error;
    }
    return place;
  }

  return {
    get(program) {
      const digest = createHash("sha256").update(program.integrity).digest("hex").slice(0, 12);
      const name = `${program.name}-${program.version}-${digest}`.replace(/[^\w.-]+/g, "-");
      const running = known.get(name) ?? fetch(program, name);
      known.set(name, running);
      running.catch(() => known.delete(name));
      return running;
    },
    async close() {
      if (programs === undefined && own !== undefined) await rm(await own, { recursive: true, force: true });
    },
  };
}

function assertIntegrity({ name, version, integrity }: Program, body: Buffer): void {
  const [, algorithm = "", expected] =
    /^(sha512|sha384|sha256)-([A-Za-z0-9+/=]+)$/.exec(integrity.trim()) ?? [];
  if (expected === undefined)
    throw new Error(`${name}@${version} has no digest that can be checked: ${integrity}`);
  if (createHash(algorithm).update(body).digest("base64") !== expected) {
    throw new Error(`the archive of ${name}@${version} is not the one that the registry describes`);
  }
}

/** Links have no place in a program's archive, and paths that lead out of it are refused by `tar` itself. */
function isPlain(_path: string, entry: { readonly type?: string } | object): boolean {
  return (
    !("type" in entry) || entry.type === "File" || entry.type === "OldFile" || entry.type === "Directory"
  );
}
