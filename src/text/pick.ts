/** What to take out of a JSON text: a value, the text of a value, or of an object some keys (`*`: all the others). */
export type Pick = "value" | "text" | { readonly [key: string]: Pick };

const quote = 0x22;
const backslash = 0x5c;
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
const [comma, colon] = [0x2c, 0x3a];

/**
 * Takes what is wanted out of a JSON text and passes over the rest, which is only counted in brackets and quotes and
 * not otherwise checked: of a registry's document a few fields of each version are wanted, and building all the others
 * takes most of the time of a look-up. Throws `SyntaxError` where the text breaks. As with `JSON.parse`, of two keys of
 * one name the last counts.
 */
export function pick(text: string, wanted: Pick): unknown {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  space();
  const picked = read(wanted);
  space();
  if (at < text.length) throw broken();
  return picked;

  function read(what: Pick): unknown {
    if (typeof what === "object" && text.charCodeAt(at) === openBrace) return readObject(what);
    const start = at;
    skip();
    const raw = text.slice(start, at);
    return what === "text" ? raw : JSON.parse(raw);
  }

  function readObject(what: { readonly [key: string]: Pick }): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    at += 1;
    space();
    if (text.charCodeAt(at) === closeBrace) {
      at += 1;
      return result;
    }
    for (;;) {
      const key = readKey();
      const inner = Object.hasOwn(what, key) ? what[key] : what["*"];
      if (inner === undefined) skip();
      // `__proto__` is a key like any other, and not a way to the prototype.
      else if (key === "__proto__")
        Object.defineProperty(result, key, { value: read(inner), enumerable: true });
      else result[key] = read(inner);
      space();
      const next = text.charCodeAt(at);
      at += 1;
      if (next === closeBrace) return result;
      if (next !== comma) throw broken();
      space();
    }
  }

  function readKey(): string {
    if (text.charCodeAt(at) !== quote) throw broken();
    const start = at;
    skipString();
    const raw = text.slice(start + 1, at - 1);
    space();
    if (text.charCodeAt(at) !== colon) throw broken();
    at += 1;
    space();
    return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
  }

  function skip(): void {
    const first = text.charCodeAt(at);
    if (first === quote) return skipString();
    if (first !== openBrace && first !== openBracket) return skipPlain();
    let depth = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        skipString();
        continue;
      }
      at += 1;
      if (code === openBrace || code === openBracket) depth += 1;
      else if (code === closeBrace || code === closeBracket) {
        depth -= 1;
        if (depth === 0) return undefined;
      }
    }
    throw broken();
  }

  /** From its first quote to behind its last. */
  function skipString(): void {
    for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
      let slashes = 0;
      while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1;
      if (slashes % 2 === 1) continue;
      at = end + 1;
      return;
    }
    throw broken();
  }

  /** A number or a word. */
  function skipPlain(): void {
    const start = at;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === comma || code === closeBrace || code === closeBracket || code <= 0x20) break;
    }
    if (at === start) throw broken();
  }

  function space(): void {
    for (
      let code = text.charCodeAt(at);
      code === 0x20 || (code >= 0x09 && code <= 0x0d);
      code = text.charCodeAt(at)
    )
      at += 1;
  }

  function broken(): SyntaxError {
    return new SyntaxError(
      at < text.length ? `unexpected text at position ${at}` : "the text ends too early",
    );
  }
}
