import { describe, expect, it } from "vitest";
import { affects, dedupeByAlias, fixedVersions } from "../../src/domain/advisory.ts";
import type { Advisory, AffectedRange } from "../../src/domain/types.ts";
import { npmVersions } from "../../src/versions/semver.ts";

describe("affects", () => {
  it("begins at the introduction and ends before the fix", () => {
    expect(
      touched([{ introduced: "1.0.0", fixed: "1.2.0" }], [], ["0.9.0", "1.0.0", "1.1.9", "1.2.0"]),
    ).toEqual(["1.0.0", "1.1.9"]);
  });

  it("takes the last affected version in, and nothing from a limit on", () => {
    expect(touched([{ lastAffected: "1.2.0" }], [], ["0.0.0-alpha", "1.2.0", "1.2.1"])).toEqual([
      "0.0.0-alpha",
      "1.2.0",
    ]);
    expect(touched([{ introduced: "1.0.0", limit: "2.0.0" }], [], ["1.9.9", "2.0.0"])).toEqual(["1.9.9"]);
  });

  it("counts the prereleases of a fix as vulnerable", () => {
    expect(touched([{ fixed: "2.0.0" }], [], ["2.0.0-rc.1", "2.0.0"])).toEqual(["2.0.0-rc.1"]);
  });

  it("knows versions that are listed one by one, also those that the scheme cannot read", () => {
    expect(touched([], ["1.0.0", "not-a-version"], ["1.0.0", "v1.0.0", "1.0.1", "not-a-version"])).toEqual([
      "1.0.0",
      "v1.0.0",
      "not-a-version",
    ]);
  });

  it("does not guess about a version that the scheme cannot read", () => {
    expect(touched([{}], [], ["some-branch"])).toEqual([]);
  });
});

describe("fixedVersions", () => {
  it("names one fix for each release line above the version, lowest first", () => {
    const ranges = [
      { introduced: "3.0.0", fixed: "3.1.4" },
      { introduced: "2.0.0", fixed: "2.3.1" },
      { fixed: "1.9.0" },
    ];
    expect(fixedVersions(advisory("GHSA-1", { ranges }), "2.1.0", npmVersions)).toEqual(["2.3.1", "3.1.4"]);
  });

  it("leaves out a fix that another interval makes vulnerable again", () => {
    const ranges = [{ fixed: "1.2.0" }, { introduced: "1.1.0", fixed: "1.3.0" }];
    expect(fixedVersions(advisory("GHSA-1", { ranges }), "1.0.0", npmVersions)).toEqual(["1.3.0"]);
  });

  it("is empty where nobody has named a fix", () => {
    expect(
      fixedVersions(advisory("GHSA-1", { ranges: [{ lastAffected: "1.2.0" }] }), "1.0.0", npmVersions),
    ).toEqual([]);
  });
});

describe("dedupeByAlias", () => {
  it("tells a record and its twins once, under the best known name", () => {
    const told = dedupeByAlias([
      advisory("CVE-2024-1", { aliases: [], severity: "critical", score: 9.1 }),
      advisory("SNYK-7", { aliases: ["CVE-2024-1"] }),
      advisory("GHSA-aaaa", { aliases: ["CVE-2024-1"], severity: "high", score: 7.5 }),
      advisory("GHSA-bbbb", { aliases: ["CVE-2024-2"] }),
    ]);
    expect(told).toEqual([
      advisory("GHSA-aaaa", { aliases: ["CVE-2024-1", "SNYK-7"], severity: "critical", score: 9.1 }),
      advisory("GHSA-bbbb", { aliases: ["CVE-2024-2"] }),
    ]);
  });

  it("loses no vulnerable version to the better known record, nor its fix to a lesser known one", () => {
    const [merged] = dedupeByAlias([
      advisory("GHSA-1", { aliases: ["CVE-1"], ranges: [{ introduced: "1.0.0", fixed: "1.2.0" }] }),
      advisory("CVE-1", {
        ranges: [{}, { introduced: "0.9.0", lastAffected: "0.9.9" }],
        versions: ["0.1.0"],
      }),
    ]);
    expect(merged?.ranges).toEqual([
      { introduced: "1.0.0", fixed: "1.2.0" },
      { introduced: "0.9.0", lastAffected: "0.9.9" },
    ]);
    expect(merged?.versions).toEqual(["0.1.0"]);
  });

  it("keeps one record for each package that it is about", () => {
    const both = [advisory("GHSA-1", { name: "a" }), advisory("GHSA-1", { name: "b" })];
    expect(dedupeByAlias(both)).toEqual(both);
  });
});

function advisory(id: string, more: Partial<Advisory> = {}): Advisory {
  return {
    id,
    aliases: [],
    ecosystem: "npm",
    name: "left",
    summary: "",
    severity: "unknown",
    url: `https://osv.test/${id}`,
    ranges: [],
    versions: [],
    ...more,
  };
}

function touched(ranges: readonly AffectedRange[], versions: readonly string[], of: readonly string[]) {
  return of.filter((version) => affects(advisory("GHSA-1", { ranges, versions }), version, npmVersions));
}
