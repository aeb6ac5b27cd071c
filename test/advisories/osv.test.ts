import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { advisoriesIn, packageKey, readOsv } from "../../src/advisories/osv.ts";
import { affects } from "../../src/domain/advisory.ts";
import type { Advisory } from "../../src/domain/types.ts";
import { npmVersions } from "../../src/versions/semver.ts";

const npm = { osv: "npm", versions: npmVersions };

describe("readOsv and advisoriesIn", () => {
  it("take a whole GitHub record", () => {
    expect(
      read({
        schema_version: "1.6.0",
        id: "GHSA-cph5-m8f7-6c5x",
        modified: "2024-01-02T03:04:05Z",
        published: "2021-09-01T00:00:00Z",
        aliases: ["CVE-2021-3749"],
        summary: "axios Inefficient Regular Expression Complexity vulnerability",
        details: "axios before v0.21.2 is vulnerable",
        severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H" }],
        affected: [
          {
            package: { ecosystem: "npm", name: "axios", purl: "pkg:npm/axios" },
            ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "0.21.2" }] }],
            database_specific: { source: "https://advisories.test/axios.json" },
          },
        ],
        references: [{ type: "WEB", url: "https://advisories.test/axios" }],
        database_specific: { severity: "LOW", cwe_ids: ["CWE-1333"] },
      }),
    ).toEqual([
      {
        id: "GHSA-cph5-m8f7-6c5x",
        aliases: ["CVE-2021-3749"],
        ecosystem: "npm",
        name: "axios",
        summary: "axios Inefficient Regular Expression Complexity vulnerability",
        severity: "high",
        score: 7.5,
        url: "https://github.com/advisories/GHSA-cph5-m8f7-6c5x",
        ranges: [{ fixed: "0.21.2" }],
        versions: [],
      },
    ]);
  });

  it("make an advisory for each package of the ecosystem, and one of several entries", () => {
    const elsewhere = { ...entry("b", "0"), package: { ecosystem: "PyPI", name: "b" } };
    const found = read({
      id: "X-1",
      affected: [entry("b", "3.0.0"), entry("a", "1.0.0"), entry("b", "0"), elsewhere],
    });
    expect(found.map(({ name, ranges }) => [name, ranges])).toEqual([
      ["a", [{ introduced: "1.0.0" }]],
      ["b", [{ introduced: "3.0.0" }, {}]],
    ]);
  });

  it.each([
    ["CVSS 2", [{ type: "CVSS_V2", score: "AV:N/AC:L/Au:N/C:P/I:P/A:P" }], undefined, "high", 7.5],
    [
      "CVSS 3.0",
      [{ type: "CVSS_V3", score: "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N" }],
      "HIGH",
      "moderate",
      6.1,
    ],
    [
      "CVSS 4",
      [{ type: "CVSS_V4", score: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" }],
      undefined,
      "critical",
      9.3,
    ],
    [
      "the graver of two",
      [
        { type: "CVSS_V3", score: "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N" },
        { type: "CVSS_V2", score: "AV:N/AC:L/Au:N/C:P/I:P/A:P" },
      ],
      undefined,
      "high",
      7.5,
    ],
    ["the publisher's word", [], "MODERATE", "moderate", undefined],
    [
      "the word where the vector is broken",
      [{ type: "CVSS_V3", score: "CVSS:3.1/AV:Z" }],
      "LOW",
      "low",
      undefined,
    ],
    [
      "the word where the vector lacks parts",
      [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N" }],
      "LOW",
      "low",
      undefined,
    ],
    [
      "the word where the scale is another",
      [{ type: "Ubuntu", score: "negligible" }],
      "LOW",
      "low",
      undefined,
    ],
    ["nothing", [], undefined, "unknown", undefined],
  ])("take the severity from %s", (_, severity, label, expected, score) => {
    const [found] = read({
      id: "X-1",
      severity,
      affected: [{ package: { ecosystem: "npm", name: "a" }, versions: ["1.0.0"] }],
      database_specific: label === undefined ? "free text" : { severity: label },
    });
    expect([found?.severity, found?.score]).toEqual([expected, score]);
  });

  it("bear null where lists belong, and fall back on the details", () => {
    const [found] = read({
      id: "X-1",
      aliases: null,
      severity: null,
      details: "\n# Reads too far\n\nmore",
      affected: [{ package: { ecosystem: "npm", name: "a" }, ranges: null, versions: ["1.0.0"] }],
    });
    expect([found?.summary, found?.aliases]).toEqual(["Reads too far", []]);
  });

  it("never make a version look safe because an event cannot be read", () => {
    expect(rangesOf({ introduced: "someday" }, { fixed: "2.0" })).toEqual([{ fixed: "2.0.0" }]);
    expect(rangesOf({ introduced: "1" }, { fixed: "never" })).toEqual([{ introduced: "1.0.0" }]);
    expect(rangesOf({ introduced: "1.0.0" }, { limit: "*" })).toEqual([{ introduced: "1.0.0" }]);
    expect(rangesOf({ introduced: "1.0.0" }, { limit: "2.0.0" })).toEqual([
      { introduced: "1.0.0", limit: "2.0.0" },
    ]);
  });

  it.each([null, [], "text", {}, { id: 1 }, { id: "a\nb" }, { id: "X-1", affected: [{ versions: [1] }] }])(
    "refuse %j",
    (data) => {
      expect(() => readOsv(data)).toThrow("not an OSV record");
    },
  );

  it("read package URLs as each ecosystem spells its names", () => {
    expect(named("pkg:npm/%40acme/web@1.0.0?arch=x#sub", "npm")).toBe("@acme/web");
    expect(named("pkg:npm/@acme/web", "npm")).toBe("@acme/web");
    expect(named("pkg:maven/org.acme/web", "Maven")).toBe("org.acme:web");
    expect(named("pkg:golang/git.test/acme/web", "Go")).toBe("git.test/acme/web");
    expect(named("pkg:unknown/web", "npm")).toBeUndefined();
    expect(packageKey("PyPI", "Zope.Interface__x")).toBe("zope-interface-x");
    expect(packageKey("npm", "JSONStream")).toBe("JSONStream");
  });

  it("agree with the evaluation that the OSV schema writes down, for any events in any order", () => {
    const version = fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)).map((parts) => parts.join("."));
    const kind = fc.constantFrom("introduced", "fixed", "last_affected", "limit");
    const event = fc.tuple(kind, version).map(([name, at]): Event => ({ [name]: at }));
    const start = fc.constant<Event>({ introduced: "0" });
    const events = fc.array(fc.oneof({ weight: 5, arbitrary: event }, start), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(events, { maxLength: 3 }), version, (ranges, at) => {
        // Where two events share a version the schema leaves the order open.
        fc.pre(
          ranges.every((range) => new Set(range.map((each) => Object.values(each)[0])).size === range.length),
        );
        const data = {
          id: "X-1",
          affected: [
            {
              package: { ecosystem: "npm", name: "a" },
              ranges: ranges.map((each) => ({ type: "SEMVER", events: each })),
            },
          ],
        };
        const touched = read(data).some((advisory) => affects(advisory, at, npmVersions));
        expect(touched).toBe(ranges.some((range) => vulnerable(range, at)));
      }),
      { numRuns: 500 },
    );
  });
});

interface Event {
  introduced?: string;
  fixed?: string;
  last_affected?: string;
  limit?: string;
}

/** The schema's own pseudo-code, word for word. */
function vulnerable(range: readonly Event[], version: string): boolean {
  const { compare } = npmVersions;
  const place = (each: Event): string =>
    each.introduced ?? each.fixed ?? each.last_affected ?? each.limit ?? "";
  const limits = range.flatMap(({ limit }) => (limit === undefined ? [] : [limit]));
  if (limits.length > 0 && !limits.some((limit) => compare(version, limit) < 0)) return false;
  let result = false;
  const sorted = range.toSorted((a, b) => {
    if (a.introduced === "0" || b.introduced === "0")
      return Number(b.introduced === "0") - Number(a.introduced === "0");
    return compare(place(a), place(b));
  });
  for (const { introduced, fixed, last_affected: last } of sorted) {
    if (introduced !== undefined && (introduced === "0" || compare(version, introduced) >= 0)) result = true;
    if (fixed !== undefined && compare(version, fixed) >= 0) result = false;
    if (last !== undefined && compare(version, last) > 0) result = false;
  }
  return result;
}

function read(data: object): readonly Advisory[] {
  return advisoriesIn(readOsv(data), npm);
}

function entry(name: string, introduced: string) {
  return {
    package: { ecosystem: "npm", name },
    ranges: [{ type: "ECOSYSTEM", events: [{ introduced }] }],
  };
}

function rangesOf(...events: object[]) {
  return read({
    id: "X-1",
    affected: [{ package: { ecosystem: "npm", name: "a" }, ranges: [{ type: "SEMVER", events }] }],
  })
    .map((advisory) => advisory.ranges)
    .at(0);
}

function named(purl: string, osv: string) {
  return advisoriesIn(readOsv({ id: "X-1", affected: [{ package: { purl }, versions: ["1.0.0"] }] }), {
    ...npm,
    osv,
  })
    .map(({ name }) => name)
    .at(0);
}
