import fc from "fast-check";
import semver from "semver";
import { describe, expect, test } from "vitest";
import { answerQuickly } from "../../../src/ecosystems/npm/managers/npm-quick.ts";

const native = {
  valid: semver.valid,
  // oxlint-disable-next-line typescript/unbound-method -- it is called on texts below
  normalize: String.prototype.normalize,
  URL: globalThis.URL,
};
answerQuickly();

function addressIn(Kind: typeof URL, text: string): unknown {
  try {
    return new Kind(text).href;
  } catch (error) {
    return error instanceof TypeError && "code" in error && error.code;
  }
}

describe("what npm asks most often is answered as before", () => {
  test("a text is a version whenever semver says so", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[\sv=]{0,3}\d{1,3}(?:\.\d{1,2}){0,3}(?:-[a-z.0]{1,5})?\s?$/),
      fc.constantFrom(
        "",
        " ",
        "latest",
        "^1.2.3",
        "1.x",
        "*",
        " = v1.2.3",
        "v1.2.3",
        "\uFEFF1.2.3",
        "npm:a@1.0.0",
      ),
    );
    fc.assert(
      fc.property(texts, fc.boolean(), (text, loose) => {
        expect(semver.valid(text, loose)).toBe(native.valid(text, loose));
      }),
    );
  });

  test("what is no text is left to semver", () => {
    expect(semver.valid(new semver.SemVer("1.2.3"))).toBe("1.2.3");
    expect([semver.valid(null), semver.valid(undefined)]).toEqual([null, null]);
  });

  test("a normal form is Unicode's own, asked once or again", () => {
    const forms = fc.constantFrom("NFC", "NFD", "NFKC", "NFKD", undefined);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), forms, (text, form) => {
        const expected = Reflect.apply(native.normalize, text, [form]);
        expect([text.normalize(form), text.normalize(form)]).toEqual([expected, expected]);
      }),
    );
    expect("\u00C5ngstr\u00F6m".normalize("NFKD")).toBe("A\u030Angstro\u0308m");
    expect(() => "a".normalize("NFX")).toThrow(RangeError);
  });

  test("an address is one whenever it is for Node", () => {
    const texts = fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom("npm:a@1", "file:..", "^1.2.3", "//a"));
    fc.assert(
      fc.property(texts, (text) => {
        expect(addressIn(URL, text)).toBe(addressIn(native.URL, text));
      }),
    );
  });
});
