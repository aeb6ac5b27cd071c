import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pick } from "../../src/text/pick.ts";

describe("pick", () => {
  it("takes what is wanted and passes over the rest", () => {
    const text = `{ "a": [1, {"b": "}"}], "v": {"1.0.0": {"x": "\\"{", "keep": {"n": 1}}, "2.0.0": {"keep": null}}, "raw": [ 1 ] }`;
    expect(pick(text, { v: { "*": { keep: "value" } }, raw: "text", none: "value" })).toEqual({
      v: { "1.0.0": { keep: { n: 1 } }, "2.0.0": { keep: null } },
      raw: "[ 1 ]",
    });
  });

  it("gives a value of another kind than was thought as it is", () => {
    expect(pick(`{"v": ["x"], "w": 3}`, { v: { "*": "value" }, w: { a: "value" } })).toEqual({
      v: ["x"],
      w: 3,
    });
  });

  it("reads as JSON.parse does, whatever is wanted of it", () => {
    // V8 itself mistakes a key `q"` for a key `q\\` that it has seen at that place before: none ends in a backslash here.
    const plain = fc.string().filter((it) => !it.endsWith("\\"));
    const key = fc.oneof(plain, fc.constantFrom("a", "b", "__proto__", 'q"', "b\\c", "\u2028"));
    const data = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())));
    fc.assert(
      fc.property(data, fc.constantFrom(0, 1, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(JSON.stringify(pick(text, "value"))).toBe(JSON.stringify(JSON.parse(text)));
        expect(JSON.stringify(pick(text, { "*": "value" }))).toBe(JSON.stringify(JSON.parse(text)));
        expect(JSON.stringify(pick(text, { "*": { "*": "value" } }))).toBe(JSON.stringify(JSON.parse(text)));
        const { a } = JSON.parse(text);
        expect(JSON.stringify(pick(text, { a: "value" }))).toBe(JSON.stringify(a === undefined ? {} : { a }));
      }),
    );
  });

  it("says that a text breaks, and never hangs", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (value, cut) => {
        const text = JSON.stringify(value);
        expect(() => pick(text.slice(0, cut % text.length), { "*": { "*": "value" } })).toThrow(SyntaxError);
      }),
    );
    expect(() => pick(`{"a": 1} x`, {})).toThrow("unexpected text at position 9");
    expect(() => pick(`{"a" 1}`, {})).toThrow(SyntaxError);
    expect(() => pick(`{"a": }`, { a: "value" })).toThrow(SyntaxError);
  });
});
