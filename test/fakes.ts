import type { FileReader, HttpClient, HttpRequest, Tools } from "../src/domain/ports.ts";
import { HttpError } from "../src/domain/errors.ts";

export function memoryFiles(files: Readonly<Record<string, string>>): FileReader {
  return {
    list: async () =>
      Object.keys(files)
        .toSorted()
        .map((path) => ({ path, kind: "file" as const })),
    read: async (path) => files[path],
  };
}

/**
 * Answers from a table of JSON documents or texts and fails on any other URL, so that a test says all that it fetches.
 * `undefined` in the table is a 404; a number is that status as an error.
 */
export function cannedHttp(
  pages: Readonly<Record<string, unknown>>,
): HttpClient & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = async <T>(url: string, request: HttpRequest<T>): Promise<T | undefined> => {
    asked.push(url);
    if (!Object.hasOwn(pages, url)) throw new Error(`unexpected request: ${url}`);
    const page = pages[url];
    if (page === undefined) return undefined;
    if (typeof page === "number") throw new HttpError(url, page, `answered ${page}`);
    const body = Buffer.isBuffer(page)
      ? page
      : Buffer.from(typeof page === "string" ? page : JSON.stringify(page));
    return request.read(body);
  };
  return { asked, get: answer, post: (url, _body, request) => answer(url, request) };
}

/** For what must get by without a process of its own. */
export const noTools: Tools = {
  call: (module) => Promise.reject(new Error(`unexpected call of ${module.pathname.split("/").at(-1)}`)),
  run: ({ name }) => Promise.reject(new Error(`unexpected run of ${name}`)),
  runNative: ({ name }) => Promise.reject(new Error(`unexpected run of ${name}`)),
};
