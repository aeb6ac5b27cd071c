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
    ["v1.2.0", "1.2.3", "v1.2.3"],
    ["^v1.2.0", "2.0.0", "^v2.0.0"],
    ["1.x", "2.3.4", "2.x"],
    ["1.2.x", "1.3.4", "1.3.x"],
    ["1", "2.3.4", "2"],
    ["^1", "2.3.4", "^2"],
    ["^1.2", "2.3.4", "^2.3"],
    ["~> 1.2", "1.3.4", "~> 1.3"],
    ["*", "2.3.4", "*"],
    ["", "2.3.4", ""],
    ["x", "2.3.4", "x"],
    [">=1.0.0", "2.3.4", ">=1.0.0"],
    [">=1.0.0 <2.0.0", "1.5.0", ">=1.0.0 <2.0.0"],
    [">=1.0.0 <2.0.0", "2.3.4", ">=1.0.0 <3.0.0"],
    [">= 1.0.0 <= 1.4.0", "2.3.4", ">= 1.0.0 <= 2.3.4"],
    ["1.0.0 - 2.0.0", "3.1.0", "1.0.0 - 3.1.0"],
    ["^1.0.0 || ^2.0.0", "2.5.0", "^1.0.0 || ^2.0.0"],
    ["^1.0.0 || ^2.0.0", "3.1.0", "^1.0.0 || ^2.0.0 || ^3.1.0"],
    ["^1||^2", "3.1.0", "^1||^2||^3"],
    ["^2.0.0-rc.1", "2.0.0-rc.3", "^2.0.0-rc.3"],
    ["^2.0.0-rc.1", "2.0.0", "^2.0.0"],
    [" ^1.2.0 ", "1.4.1", " ^1.4.1 "],
    ["banana", "3.0.0", undefined],
  ])("%s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "increase")).toBe(expected);
  });

  it("always names a range that the release satisfies", () => {
    const operator = fc.constantFrom("^", "~", "", "=", "v", ">=", "<", "<=", ">=0.1.0 <");
    const version = fc.tuple(fc.nat(20), fc.nat(20), fc.nat(20)).map((parts) => parts.join("."));
    fc.assert(
      fc.property(operator, version, version, (prefix, old, next) => {
        fc.pre(semver.gt(next, old));
        const raised = npmVersions.raise(prefix + old, { version: next }, "increase");
        expect(raised === undefined || npmVersions.satisfies(next, raised)).toBe(true);
      }),
    );
  });
});

describe("raise, widening", () => {
  it.each([
    ["^17.0.0 || ^18.0.0", "19.1.0", "^17.0.0 || ^18.0.0 || ^19.0.0"],
    ["^18.0.0", "18.3.1", "^18.0.0"],
    [">=16", "19.1.0", ">=16"],
    ["16 || 17", "18.2.0", "16 || 17 || 18"],
    ["^0.3.0", "0.4.2", "^0.3.0 || ^0.4.0"],
    ["1.2.3", "2.0.0", "1.2.3 || ^2.0.0"],
    ["not a range", "2.0.0", undefined],
  ])("%s and %s make %s", (requirement, version, expected) => {
    expect(npmVersions.raise(requirement, { version }, "widen")).toBe(expected);
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
  const number = fc.oneof(fc.nat(12), fc.constantFrom(0, 99_999, 100_000, 2 ** 31));
  const version = fc
    .tuple(number, number, number, fc.constantFrom("", "", "", "-rc.1", "-0", "+build"))
    .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`);
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(npmVersions.compare(a, b))).toBe(semver.compareBuild(a, b));
      expect(npmVersions.isPrerelease(a)).toBe(semver.prerelease(a) !== null);
      expect(npmVersions.isValid(a)).toBe(true);
    }),
  );
});
