import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManifestError } from "../../src/domain/errors.ts";
import { parseJsonc, readJsonc } from "../../src/text/json.ts";

/** A JSON text of a value, with a comma behind the last of each list and object, and spaces of all kinds. */
function withCommas(value: unknown, space: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return `[${space}]`;
    return `[${value.map((it) => `${space}${withCommas(it, space)},`).join("")}${space}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return `{${space}}`;
  return `{${entries.map(([key, it]) => `${space}${JSON.stringify(key)}: ${withCommas(it, space)},`).join("")}${space}}`;
}

describe("JSON with comments and commas too many", () => {
  it("is read as the JSON without them, whatever its texts hold", () => {
    const texts = fc.oneof(fc.string(), fc.constantFrom(",]", '",}', "\\", '\\",]', "/*", "//", "a,\n}"));
    const values = fc
      .jsonValue({ maxDepth: 4 })
      .chain((value) => fc.tuple(texts, texts).map((pair) => [value, ...pair, { [pair[0]]: pair[1] }]));
    fc.assert(
      fc.property(values, fc.constantFrom("", " ", "\n  ", "\r\n\t"), (value, space) => {
        const text = withCommas(value, space);
        expect(parseJsonc("a", text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['{ // why\n  "a": [1, /* two */ 2,], }', { a: [1, 2] }],
    ['\uFEFF{"a": true,}', { a: true }],
    ['{"__proto__": {"a": 1,},}', JSON.parse('{"__proto__": {"a": 1}}')],
    ['{"a": 1, "a": 2,}', { a: 2 }],
  ])("%j", (text, value) => {
    expect(parseJsonc("a", text)).toEqual(value);
    expect(readJsonc("a", text).value).toEqual(value);
  });

  it.each([
    ["[,]"],
    ["{,}"],
    ["[1,,]"],
    ["[1 2,]"],
    ['{"a",}'],
    ['"a",'],
    [""],
    ["[1,"],
    ["<<<<<<< ours\n{}"],
    ["[".repeat(300) + "]".repeat(300)],
  ])("refuses %j", (text) => {
    expect(() => parseJsonc("a", text)).toThrow(ManifestError);
  });
});
