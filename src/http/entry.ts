/** An answer as it is kept: what was made of the document, and what the server said about its age. */
export interface Entry {
  /** When it was asked for, in milliseconds since 1970. */
  readonly at: number;
  /** In seconds. */
  readonly lifetime: number;
  readonly etag?: string | undefined;
  readonly modified?: string | undefined;
  /** The JSON text of what was made; absent for an address that answered 404 or 410. */
  readonly text?: string | undefined;
}

/** One line about the answer, then the value: so the line can be written anew without the value being read. */
export function writeEntry({ text, ...about }: Entry): string {
  return `${JSON.stringify({ ...about, known: text !== undefined })}\n${text ?? ""}`;
}

/** The entry and its value; `undefined` for what is damaged or was written by another version of this program. */
export function readEntry(stored: string | undefined): { entry: Entry; value: unknown } | undefined {
  if (stored === undefined) return undefined;
  const end = stored.indexOf("\n");
  if (end === -1) return undefined;
  const about = headOf(parsed(stored.slice(0, end)));
  if (about === undefined) return undefined;
  const { known, ...entry } = about;
  if (!known) return { entry, value: undefined };
  const text = stored.slice(end + 1);
  const value = parsed(text);
  return value === undefined ? undefined : { entry: { ...entry, text }, value };
}

/** Read by hand: this is done for every package of every scan. */
function headOf(data: unknown): (Omit<Entry, "text"> & { readonly known: boolean }) | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { at, lifetime, known, etag, modified } = {
    at: 0,
    lifetime: "",
    known: "",
    etag: undefined,
    modified: undefined,
    ...data,
  };
  if (typeof at !== "number" || typeof lifetime !== "number" || typeof known !== "boolean") return undefined;
  return {
    at,
    lifetime,
    known,
    ...(typeof etag === "string" ? { etag } : {}),
    ...(typeof modified === "string" ? { modified } : {}),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // damaged: it is fetched again
  }
}
