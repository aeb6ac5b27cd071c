import { describe, expect, it } from "vitest";
import { patternsOfExpression, patternsOfName } from "../../../src/config/migrate/names.ts";

describe("a name as Renovate matches it", () => {
  it.each<[string, readonly string[] | undefined]>([
    ["react", ["react"]],
    ["@types/node", ["@types/node"]],
    ["@acme/**", ["@acme/*"]],
    ["{react,react-dom}", ["react", "react-dom"]],
    ["/^eslint/", ["eslint*"]],
    ["/^@types\\//", ["@types/*"]],
    ["/eslint/", ["*eslint*"]],
    ["/^(a|b)-c$/", ["a-c", "b-c"]],
    ["/^@acme/(web|api)/", ["@acme/web*", "@acme/api*"]],
    ["/^eslint(-plugin)?$/", ["eslint", "eslint-plugin"]],
    ["/^babel-.*-preset$/", ["babel-*-preset"]],
    ["/^a|b$/", ["a*", "*b"]],
    ["/^(?!eslint)/", undefined],
    ["/[0-9]$/", undefined],
    ["/(a+)+$/", undefined],
    ["eslint?", undefined],
    ["{a,b", undefined],
  ])("%s", (written, patterns) => {
    expect(patternsOfName(written)).toEqual(patterns);
  });

  it("does not multiply without end", () => {
    expect(patternsOfExpression("(a|b)".repeat(20))).toBeUndefined();
    expect(patternsOfName("{a,b}".repeat(20))).toBeUndefined();
    expect(patternsOfExpression("(".repeat(200))).toBeUndefined();
  });
});
