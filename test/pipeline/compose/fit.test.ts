import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit, type Section } from "../../../src/pipeline/compose/fit.ts";

describe("fit", () => {
  it("joins what fits as it is", () => {
    expect(fit([section(0, "a"), section(1, "bbbb", "b"), section(0, "")], 100)).toBe("a\n\nbbbb");
  });

  it("shortens the longest of the lowest priority first", () => {
    const sections = [section(2, "cccccccccc", "c"), section(1, "aaaa", "a"), section(1, "bbbbbb", "b")];
    expect(fit(sections, 20)).toBe("cccccccccc\n\naaaa\n\nb");
    expect(fit(sections, 18)).toBe("cccccccccc\n\na\n\nb");
    expect(fit(sections, 12)).toBe("c\n\na\n\nb");
  });

  it("shortens again only when the others have given way", () => {
    const sections: Section[] = [
      { texts: ["aaaaaaaa", "aaa", ""], priority: 1, last: 3 },
      section(2, "bbbbbb", "b"),
    ];
    expect(fit(sections, 10)).toBe("aaa\n\nb");
    expect(fit(sections, 5)).toBe("b");
  });

  it("never cuts into a wording, and fits wherever the briefest wordings do", () => {
    const texts = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 });
    const any = fc.record({ texts, priority: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.nat(200), (sections, length) => {
        const least = sections.reduce(
          (sum, each) => sum + (each.priority === 0 ? each.texts[0] : (each.texts.at(-1) ?? ""))!.length + 2,
          0,
        );
        const result = fit(sections, length);
        expect(least > length || result.length <= length).toBe(true);
        let rest = result;
        for (const each of sections) {
          const used = each.texts.find((text) => rest === text || rest.startsWith(`${text}\n\n`));
          expect(used).toBeDefined();
          rest = rest.slice((used ?? "").length + 2);
        }
        expect(rest).toBe("");
      }),
    );
  });
});

function section(priority: number, ...texts: string[]): Section {
  return { texts, priority };
}
