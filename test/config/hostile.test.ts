import fc from "fast-check";
import { stringify } from "yaml";
import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import { knownKeys } from "../../src/config/schema/file.ts";
import { optionShapes } from "../../src/config/schema/options.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";

const subject = {
  project: { ecosystem: "npm", root: "apps/web" },
  manifest: { path: "apps/web/package.json" },
  dependency: { name: "react", scope: "runtime" as const },
};

/** Reads and asks; gives what was thrown. */
function failureOf(text: string, path = ".github/steeplejack.yml"): unknown {
  try {
    const policies = readPolicies(path, text);
    policies.forProject(subject.project);
    policies.forDependency(subject);
    policies.forUpdate?.(subject, { size: "major", severity: "high", age: 3 });
    return undefined;
  } catch (error) {
    return error;
  }
}

const isFine = (error: unknown) => error === undefined || error instanceof ConfigurationError;

describe("a hostile configuration", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghi"
    .split("")
    .map(
      (name, index) =>
        `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[index]}`).join(", ")}]\n`,
    )
    .join("")}`;

  it.each([
    ["aliases that multiply", bomb, /aliases/],
    ["an alias that leads to itself", "groups: &a\n  x: *a\n", /alias/],
    ["too much", "x".repeat(300_000), /longer than/],
    ["brackets without end", "[".repeat(100_000), /nested/],
    ["braces without end", "{a: ".repeat(20_000), /nested/],
    ["dashes without end", "- ".repeat(50_000), /nested/],
    [
      "indentation without end",
      Array.from({ length: 600 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
      /nested/,
    ],
    ["a glob that takes for ever", `exclude-paths: ["${"*a".repeat(50)}b"]`, /at most 3/],
    ["a glob of many choices", `exclude-paths: ["${"{a,aa}".repeat(40)}b"]`, /at most 3/],
    ["a glob with a group", 'exclude-paths: ["+(a+(a))b"]', /at most 3/],
    [
      "folders and paths that multiply",
      `updates: [{ package-ecosystem: npm, directories: [${'"/a",'.repeat(100)}], exclude-paths: [${"x,".repeat(100)}] }]`,
      /too many wildcards/,
    ],
    [
      "folders and paths that are harmless by themselves",
      'updates: [{ package-ecosystem: npm, directories: ["**/a/**/b/**"], exclude-paths: ["**/c/**/d/**"] }]',
      /too many wildcards/,
    ],
    ["a key of every object", "__proto__: { polluted: true }\nconstructor: { x: 1 }\n", /constructor/],
    ["not a table", "- 1\n- 2\n", /expected a table/],
  ])("with %s is refused", (_, text, message) => {
    const error = failureOf(text.replaceAll("\\\n", "\n"));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toMatch(message);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  const words = fc.constantFrom(
    "*",
    "npm",
    "weekly",
    "cron",
    "0 5 * * *",
    "after 10pm every weekday",
    "/",
    "/apps/*",
    "**/*",
    "[a",
    "{a,b",
    "!x",
    "major",
    "version-update:semver-major",
    "Europe/Berlin",
    "05:30",
    "high",
    "true",
    "report",
    "",
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      words,
      fc.integer({ min: -5, max: 500 }),
      fc.boolean(),
      fc.constant(null),
      fc.string({ maxLength: 8 }),
      fc.array(tie("any"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...knownKeys), fc.string({ maxLength: 6 })), tie("any"), {
        maxKeys: 3,
      }),
    ),
  })).any;

  it("never fails in another way, whatever stands at any key", () => {
    fc.assert(
      fc.property(fc.constantFrom(...knownKeys), value, fc.boolean(), (key, it, ofRival) => {
        const path = ofRival ? ".github/dependabot.yml" : ".github/steeplejack.yml";
        expect(isFine(failureOf(stringify({ [key]: it }), path))).toBe(true);
        const entry = {
          "package-ecosystem": "npm",
          directory: "/apps/web",
          schedule: { interval: "daily" },
          [key]: it,
        };
        expect(isFine(failureOf(stringify({ version: 2, updates: [entry] }), path))).toBe(true);
        expect(isFine(failureOf(stringify({ rules: [{ match: {}, [key]: it }] })))).toBe(true);
        expect(isFine(failureOf(stringify({ rules: [{ match: { [key]: it } }] })))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("never fails in another way, whatever stands within an option", () => {
    const option = fc.constantFrom(...Object.keys(optionShapes));
    fc.assert(
      fc.property(option, fc.constantFrom(...knownKeys), value, (name, key, it) => {
        expect(isFine(failureOf(stringify({ [name]: { [key]: it } })))).toBe(true);
        expect(isFine(failureOf(stringify({ [name]: [{ [key]: it }] })))).toBe(true);
        expect(isFine(failureOf(stringify({ [name]: { lint: { [key]: it } } })))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("never fails in another way, whatever the text", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom(
        "[",
        "{",
        "*x",
        "&a [*a]",
        "- - -",
        "? :",
        "!!js/function x",
        "<<: *a",
        "%YAML 1.1",
        "---",
        "|\n  x",
      ),
    );
    const line = fc.tuple(fc.constantFrom("groups", "ignore", "cooldown", "schedule", "labels", "x"), piece);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        expect(isFine(failureOf(lines.map(([key, text]) => `${key}: ${text}`).join("\n")))).toBe(true);
      }),
    );
  });
});
