import fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import { npmVersions } from "../../src/versions/semver.ts";

describe("raise, increasing", () => {
  it.each([
    ["^1.2.0", "1.4.1", "^1.4.1"],
    ["^1.2.0", "2.0.1", "^2.0.1"],
    ["~1.2.0", "1.3.0", "~1.3.0"],
    ["1.2.0", "1.2.3", "1.2.3"],
    ["=1.2.0", "1.2.3", "=1.2.3"],
    ["1.x", "2.3.4", "2.x"],
    ["1.2.x", "1.3.4", "1.3.x"],
    ["~1.2", "1.3.4", "~1.3"],
    ["~> 1.2", "1.3.4", "~> 1.3"],
    ["", "2.3.4", ""],
    ["x", "2.3.4", "x"],
    ["x.x", "2.3.4", "x.x"],
    [">=1.0.0", "2.3.4", ">=2.3.4"],
    [">= 1", "2.3.4", ">= 2"],
    [">1.0.0", "2.3.4", ">1.0.0"],
    [">=1.0.0 <2.0.0", "1.5.0", ">=1.0.0 <2.0.0"],
    [">=1.0.0 <2.0.0", "2.3.4", ">=1.0.0 <3.0.0"],
    [">=1 <2", "2.3.4", ">=1 <3"],
    ["<0.3.0", "0.4.2", "<0.5.0"],
    [">= 1.0.0 <= 1.4.0", "2.3.4", ">= 1.0.0 <= 2.4.0"],
    ["<=2", "3.1.4", "<=3"],
    ["^1.0.0 <1.8.0", "2.0.0", undefined],
    ["1.2.3 - 2.0.0", "1.9.0", "1.2.3 - 2.0.0"],
    ["1.2.3 - 2.0.0", "3.1.0", "1.2.3 - 4.0.0"],
    ["1 - 2", "3.1.0", "1 - 3"],
    [">=1.2.0 <2.0.0 || >=3.0.0 <4.0.0", "4.5.0", ">=1.2.0 <2.0.0 || >=3.0.0 <4.0.0 || ^4.5.0"],
    ["^1 || >=2.0.0 <3.0.0", "3.1.0", "^1 || >=2.0.0 <4.0.0"],
    ["^1.0.0 || ^2.0.0", "2.5.0", "^2.5.0"],
    ["^1.0.0 || ^2.0.0", "3.1.0", "^3.1.0"],
    ["^1||^2", "3.1.0", "^3"],
    ["^2.0.0-rc.1", "2.0.0-rc.3", "^2.0.0-rc.3"],
    ["^2.0.0-rc.1", "2.0.0", "^2.0.0"],
    ["~1.2", "1.3.0-beta.1", "~1.3.0-beta.1"],
    [" ^1.2.0 ", "1.4.1", " ^1.4.1 "],
    ["banana", "3.0.0", undefined],
    ["^3.0.0", "2.9.0", undefined],
  ])("%s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "increase")).toBe(expected);
  });

  it("writes the checksum of a package manager anew, and leaves out the one that no longer holds", () => {
    const old = "9.1.0+sha512.0a1b";
    const release = { version: "9.2.0" };
    expect(npmVersions.raise(old, { ...release, digest: "sha512.ff00" }, "increase")).toBe(
      "9.2.0+sha512.ff00",
    );
    expect(npmVersions.raise(old, release, "increase")).toBe("9.2.0");
    expect(npmVersions.raise("9.1.0", { ...release, digest: "sha512.ff00" }, "increase")).toBe("9.2.0");
  });
});

describe("raise, extending", () => {
  it.each([
    ["^17.0.0 || ^18.0.0", "19.1.0", "^17.0.0 || ^18.0.0 || ^19.0.0"],
    ["^18.0.0", "18.3.1", "^18.0.0"],
    [">=16", "19.1.0", ">=16"],
    ["16 || 17", "18.2.0", "16 || 17 || 18"],
    ["^1||^2", "3.1.0", "^1||^2||^3"],
    ["^0.3.0", "0.4.2", "^0.3.0 || ^0.4.0"],
    ["1.2.3", "2.0.0", "1.2.3 || ^2.0.0"],
    ["not a range", "2.0.0", undefined],
  ])("%s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "extend")).toBe(expected);
  });
});

/** What Dependabot expects of its own: npm_and_yarn/spec/.../requirements_updater_spec.rb, as far as npm reads it too. */
describe("raise, as Dependabot does", () => {
  it.each([
    ["1.2.3", "1.5.0", "1.5.0"],
    ["v1.2.3", "1.5.0", "v1.5.0"],
    ["V1.2.3", "1.5.0", undefined],
    ["0.1", "1.5.0", "1.5"],
    ["1", "4.5.0", "4"],
    ["^1.2.3", "1.5.0", "^1.5.0"],
    ["^v1.2.3", "1.5.0", "^v1.5.0"],
    ["^0.5.1 || ^1.2.3", "1.5.0", "^1.5.0"],
    ["^1.2.3-rc1", "1.5.0", "^1.5.0"],
    ["1.2.3-rc1", "1.5.0", "1.5.0"],
    ["1.2.3-beta", "1.2.3-beta.2", "1.2.3-beta.2"],
    ["0.4.5", "1.1.0-alpha.1", "1.1.0-alpha.1"],
    ["*", "1.5.0", "*"],
    ["< 1.2.0", "1.5.0", "< 1.6.0"],
    ["> 1.0.0 < 1.2.0", "1.5.0", "> 1.0.0 < 1.6.0"],
    ["> 1.0.0 < 1.7.0", "1.5.0", "> 1.0.0 < 1.7.0"],
    [">=1.2.0 <1.4.0-dev", "1.5.0", ">=1.2.0 <1.6.0"],
    ["^0.x.x", "1.5.0", "^1.x.x"],
    ["very-latest", "1.5.0", undefined],
  ])("increase: %s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "increase")).toBe(expected);
  });

  it.each([
    ["1.2.3", "1.5.0", "1.5.0"],
    ["v1.2.3", "1.5.0", "v1.5.0"],
    ["0.1", "1.5.0", "1.5"],
    ["1", "4.5.0", "4"],
    ["< 1.2.0", "1.5.0", "< 1.6.0"],
    ["1.2.3 - 1.4.0", "1.5.0", "1.2.3 - 1.6.0"],
    ["1.2.3-rc1 - 1.4.0", "1.5.0", "1.2.3-rc1 - 1.6.0"],
    ["1.2.3-rc1", "1.5.0", "1.5.0"],
    ["^1.2.3", "1.5.0", "^1.2.3"],
    ["^0.8.0", "1.5.0", "^1.5.0"],
    ["^1.2.3-rc1", "1.5.0", "^1.2.3-rc1"],
    ["^1.0.0-beta1", "2.0.0-alpha", "^2.0.0-alpha"],
    ["^0.0.x", "0.0.2", "^0.0.x"],
    ["^0.0.x", "0.2.0", "^0.2.x"],
    ["^0.0.0", "0.0.2", "^0.0.2"],
    ["0.x.x", "1.5.0", "1.x.x"],
    ["*", "1.5.0", "*"],
    ["~>2.5.1", "2.5.3", "~>2.5.1"],
    ["~>2.4.1", "2.5.3", "~>2.5.3"],
    ["~2.5.1", "2.5.3", "~2.5.1"],
    ["~2.4.1", "2.5.3", "~2.5.3"],
    ["~2.5.1-rc1", "2.5.3", "~2.5.1-rc1"],
    ["~2.x.x", "2.5.3", "~2.x.x"],
    ["~2.4.x", "2.5.3", "~2.5.x"],
    ["> 1.0.0 < 1.2.0", "1.5.0", "> 1.0.0 < 1.6.0"],
    ["> 1.0.0 < 1.7.0", "1.5.0", "> 1.0.0 < 1.7.0"],
    ["^1.0.0 || ^2.0.0", "1.5.0", "^1.0.0 || ^2.0.0"],
    [">=1.2.0 <1.4.0-dev", "1.5.0", ">=1.2.0 <1.6.0"],
    ["0.1.x", "1.5.0", "1.5.x"],
  ])("widen: %s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "widen")).toBe(expected);
  });

  it("widens alternatives too, which Dependabot leaves as they are", () => {
    expect(npmVersions.raise("^1 || ^2", { version: "3.1.0" }, "widen")).toBe("^1 || ^2 || ^3");
  });
});

describe("raise, of any requirement to any release", () => {
  const part = fc.nat(6);
  const full = fc.tuple(part, part, part).map((parts) => parts.join("."));
  const marked = fc.tuple(full, fc.constantFrom("rc.1", "beta", "0")).map((parts) => parts.join("-"));
  const partial = fc
    .tuple(part, fc.constantFrom("x", "*", "3", undefined), fc.constantFrom("x", undefined))
    .map((parts) => parts.filter((each) => each !== undefined).join("."));
  const version = fc.oneof({ weight: 4, arbitrary: full }, partial, marked);
  const operator = fc.constantFrom("", "^", "~", "=", "v", "^v", ">=", ">= ", ">", "<", "<=", "~>");
  const one = fc.tuple(operator, version).map((parts) => parts.join(""));
  const comparators = fc.oneof(
    { weight: 4, arbitrary: one },
    fc.tuple(version, version).map((ends) => ends.join(" - ")),
    fc.tuple(version, version).map(([low, high]) => `>=${low} <${high}`),
    fc.constantFrom("*", "", "x", "latest"),
  );
  const requirement = fc
    .tuple(fc.array(comparators, { minLength: 1, maxLength: 3 }), fc.constantFrom("||", " || "))
    .map(([alternatives, separator]) => alternatives.join(separator));
  const strategy = fc.constantFrom("increase" as const, "widen" as const, "extend" as const);
  const release = fc.oneof(full, marked);

  it("is allowed by what it writes, and leaves that alone the next time", () => {
    fc.assert(
      fc.property(requirement, release, strategy, (text, next, how) => {
        const raised = npmVersions.raise(text, { version: next }, how);
        if (raised === undefined) return;
        expect(npmVersions.satisfies(next, raised)).toBe(true);
        expect(npmVersions.raise(raised, { version: next }, how)).toBe(raised);
      }),
      { numRuns: 2_000 },
    );
  });

  it("says it with the same operator", () => {
    fc.assert(
      fc.property(one, release, fc.constantFrom("increase" as const, "widen" as const), (text, next, how) => {
        const raised = npmVersions.raise(text, { version: next }, how) ?? text;
        expect(/^\D*/.exec(raised)?.[0]).toBe(/^\D*/.exec(text)?.[0]);
      }),
    );
  });

  it("loses nothing of what was allowed when it is extended", () => {
    fc.assert(
      fc.property(requirement, release, full, (text, next, other) => {
        fc.pre(npmVersions.satisfies(other, text));
        const raised = npmVersions.raise(text, { version: next }, "extend") ?? text;
        expect(npmVersions.satisfies(other, raised)).toBe(true);
      }),
    );
  });
});

it.each([
  ["1.2.3", "1.2.4", "patch"],
  ["1.2.3", "1.3.0", "minor"],
  ["1.2.3", "2.0.0", "major"],
  ["2.0.0-rc.1", "2.0.0", "patch"],
  ["2.0.0-rc.1", "2.0.0-rc.2", "patch"],
  ["1.9.0", "2.0.0-rc.1", "major"],
])("from %s to %s is a %s", (from, to, size) => {
  expect(npmVersions.size(from, to)).toBe(size);
});

it("sorts what is no version first, and never throws", () => {
  expect(["2.0.0", "banana", "1.0.0", "1.0.0-rc.1"].toSorted(npmVersions.compare)).toEqual([
    "banana",
    "1.0.0-rc.1",
    "1.0.0",
    "2.0.0",
  ]);
});

it("orders versions as semver does, plain ones and others alike", () => {
  const number = fc.oneof(fc.nat(2), fc.constantFrom(0, 99_999, 100_000, 2 ** 31));
  const part = fc.oneof(
    fc.nat(11).map(String),
    fc.constantFrom("alpha", "beta", "rc", "rc-1", "-", "1a", "a1", "01", "00", "20250101", "9999999999"),
  );
  const rest = fc.oneof(
    fc.constantFrom("", "", "+build", "-rc.1+build"),
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `-${parts.join(".")}`),
  );
  const version = fc
    .tuple(number, number, number, rest)
    .map(([major, minor, patch, end]) => `${major}.${minor}.${patch}${end}`);
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(npmVersions.compare(a, b))).toBe(semver.compareBuild(a, b, { loose: true }));
      expect(npmVersions.isPrerelease(a)).toBe(semver.prerelease(a, { loose: true }) !== null);
      expect(npmVersions.isValid(a)).toBe(semver.valid(a, { loose: true }) !== null);
    }),
    { numRuns: 2_000 },
  );
});

describe("what is told by numbers alone", () => {
  const number = fc.oneof(fc.nat(3), fc.constantFrom(99_999, 100_000));
  const release = fc.tuple(number, number, number).map((parts) => parts.join("."));
  const version = fc.oneof(
    { weight: 3, arbitrary: release },
    fc.tuple(release, fc.constantFrom("rc.1", "0")).map((parts) => parts.join("-")),
    fc.tuple(release, fc.constant("build")).map((parts) => parts.join("+")),
  );
  const operator = fc.constantFrom("", "^", "~", "=", "v", "^v", "~v", "=v");

  it("is allowed as node-semver has it", () => {
    fc.assert(
      fc.property(operator, version, version, (sign, from, to) => {
        expect(npmVersions.satisfies(to, `${sign}${from}`)).toBe(
          semver.satisfies(to, `${sign}${from}`, { loose: true }),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it("is a step of the size that its numbers have", () => {
    fc.assert(
      fc.property(version, version, (from, to) => {
        const differs = (part: "major" | "minor") => semver[part](from) !== semver[part](to);
        const expected = differs("major") ? "major" : differs("minor") ? "minor" : "patch";
        expect(npmVersions.size(from, to)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});
