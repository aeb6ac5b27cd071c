/** Sent only to the address `prefix` and what lies below it, such as `https://npm.example/team/`. */
export interface Credential {
  readonly prefix: string;
  /** The value of the `authorization` header. */
  readonly authorization: string;
}

/** Finds the `authorization` header for an address: that of the closest prefix. */
export function credentialsFor(credentials: readonly Credential[]): (target: URL) => string | undefined {
  const sorted = credentials
    .flatMap(({ prefix, authorization }) =>
      URL.canParse(prefix) ? [{ prefix: new URL(prefix), authorization }] : [],
    )
    .toSorted((a, b) => b.prefix.pathname.length - a.prefix.pathname.length);
  return (target) => sorted.find(({ prefix }) => isWithin(target, prefix))?.authorization;
}

/** Whether `target` is `prefix` or lies below it: the same origin, and the same folders. */
export function isWithin(target: URL, prefix: URL): boolean {
  const folder = prefix.pathname.endsWith("/") ? prefix.pathname : `${prefix.pathname}/`;
  return target.origin === prefix.origin && `${target.pathname}/`.startsWith(folder);
}
