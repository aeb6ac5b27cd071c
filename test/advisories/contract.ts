import { describe, expect, it } from "vitest";
import type { AdvisorySource } from "../../src/domain/ports.ts";
import { npmVersions } from "../../src/versions/semver.ts";

const npm = { osv: "npm", versions: npmVersions };

/** What every `AdvisorySource` promises. `open` makes one that knows `records`, each the JSON of one OSV record. */
export function advisorySourceContract(
  kind: string,
  open: (records: readonly unknown[]) => Promise<AdvisorySource> | AdvisorySource,
): void {
  describe(`${kind} keeps the contract of advisory sources`, () => {
    it("gives the advisories that touch a version, whole", async () => {
      const source = await open([
        record("GHSA-aaaa", {
          aliases: ["CVE-2024-1"],
          summary: "Reads too far",
          severity: [{ type: "CVSS_V3", score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
          affected: [affected("left", [{ introduced: "0" }, { fixed: "1.2.0" }])],
        }),
        record("GHSA-bbbb", { affected: [affected("right", [{ introduced: "0" }])] }),
      ]);
      expect(await source.advisoriesFor(npm, [{ name: "left", version: "1.1.0" }])).toEqual([
        {
          id: "GHSA-aaaa",
          aliases: ["CVE-2024-1"],
          ecosystem: "npm",
          name: "left",
          summary: "Reads too far",
          severity: "critical",
          score: 9.8,
          url: "https://github.com/advisories/GHSA-aaaa",
          ranges: [{ fixed: "1.2.0" }],
          versions: [],
        },
      ]);
      expect(source.problems()).toEqual([]);
    });

    it("is silent about a version that was mended, and about packages nobody wrote of", async () => {
      const source = await open([
        record("GHSA-aaaa", { affected: [affected("left", [{ introduced: "0" }, { fixed: "1.2.0" }])] }),
      ]);
      expect(await told(source, "left@1.2.0", "unknown@1.0.0")).toEqual([]);
    });

    it("gives everything about a package when no version is named", async () => {
      const source = await open([
        record("GHSA-bbbb", { affected: [affected("left", [{ introduced: "2.0.0" }, { fixed: "2.1.0" }])] }),
        record("GHSA-aaaa", { affected: [affected("left", [{ introduced: "0" }, { fixed: "1.2.0" }])] }),
      ]);
      expect(await told(source, "left")).toEqual(["GHSA-aaaa left", "GHSA-bbbb left"]);
    });

    it("answers for many packages at once, each advisory once, sorted", async () => {
      const source = await open([
        record("GHSA-bbbb", { affected: [affected("right", [{ introduced: "0" }])] }),
        record("GHSA-aaaa", {
          affected: [
            affected("right", [{ introduced: "1.0.0" }]),
            affected("@acme/left", [{ introduced: "0" }, { last_affected: "3.0.0" }]),
          ],
        }),
      ]);
      expect(await told(source, "right@1.0.0", "@acme/left@3.0.0", "right@1.0.0", "right@2.0.0")).toEqual([
        "GHSA-aaaa @acme/left",
        "GHSA-aaaa right",
        "GHSA-bbbb right",
      ]);
    });

    it("reads events in any order, several entries for one package, and versions listed one by one", async () => {
      const source = await open([
        record("GHSA-aaaa", {
          affected: [
            affected("left", [
              { fixed: "2.1.0" },
              { introduced: "2.0.0" },
              { fixed: "1.2.0" },
              { introduced: "0" },
            ]),
            { package: { ecosystem: "npm", name: "left" }, versions: ["7.0.0"] },
            { ...affected("left", [{ introduced: "0" }]), ranges: [git] },
          ],
        }),
      ]);
      const versions = ["0.0.0-alpha", "1.1.9", "1.2.0", "2.0.0", "2.1.0", "7.0.0", "7.0.1"];
      const touched: string[] = [];
      for (const version of versions) {
        if ((await told(source, `left@${version}`)).length > 0) touched.push(version);
      }
      expect(touched).toEqual(["0.0.0-alpha", "1.1.9", "2.0.0", "7.0.0"]);
    });

    it("leaves out what was withdrawn and what is about the same name elsewhere", async () => {
      const source = await open([
        record("GHSA-aaaa", {
          withdrawn: "2024-02-01T00:00:00Z",
          affected: [affected("left", [{ introduced: "0" }])],
        }),
        record("PYSEC-1", {
          affected: [
            { ...affected("left", [{ introduced: "0" }]), package: { ecosystem: "PyPI", name: "left" } },
          ],
        }),
      ]);
      expect(await told(source, "left@1.0.0")).toEqual([]);
    });

    it("reads malware, and packages that are named by their package URL alone", async () => {
      const source = await open([
        record("MAL-2024-1", {
          affected: [{ package: { purl: "pkg:npm/%40acme/left" }, versions: ["1.0.0"] }],
        }),
      ]);
      const found = await source.advisoriesFor(npm, [{ name: "@acme/left", version: "1.0.0" }]);
      expect(found.map(({ id, name, severity }) => [id, name, severity])).toEqual([
        ["MAL-2024-1", "@acme/left", "critical"],
      ]);
    });

    it("tells a record that cannot be read and goes on with the others", async () => {
      const source = await open([
        record("GHSA-aaaa", { affected: [affected("left", [{ introduced: "0" }])] }),
        {
          ...record("GHSA-broken", { affected: [affected("left", [{ introduced: "0" }])] }),
          aliases: "none",
        },
      ]);
      expect(await told(source, "left@1.0.0")).toEqual(["GHSA-aaaa left"]);
      expect(source.problems()).toEqual([
        {
          stage: "audit",
          subject: expect.stringContaining("GHSA-broken"),
          message: expect.stringContaining("not an OSV record: aliases"),
        },
      ]);
    });

    it("answers the same question the same way twice", async () => {
      const source = await open([
        record("GHSA-aaaa", { affected: [affected("left", [{ introduced: "0" }])] }),
      ]);
      expect(await told(source, "left@1.0.0")).toEqual(await told(source, "left@1.0.0"));
    });

    it("knows nothing when it is asked nothing", async () => {
      const source = await open([
        record("GHSA-aaaa", { affected: [affected("left", [{ introduced: "0" }])] }),
      ]);
      expect(await source.advisoriesFor(npm, [])).toEqual([]);
    });
  });
}

/** An OSV record with what every record has. */
export function record(id: string, more: object): { id: string; modified: string } {
  return { id, modified: "2024-01-02T03:04:05Z", ...more };
}

export function affected(name: string, events: readonly object[]): object {
  return { package: { ecosystem: "npm", name }, ranges: [{ type: "SEMVER", events }] };
}

const git = { type: "GIT", repo: "https://git.test/left", events: [{ introduced: "0" }] };

/** `name@version` or `name`; the last `@` counts. */
export async function told(
  source: AdvisorySource,
  ...packages: readonly string[]
): Promise<readonly string[]> {
  const found = await source.advisoriesFor(
    npm,
    packages.map((each) => {
      const at = each.lastIndexOf("@");
      return at > 0 ? { name: each.slice(0, at), version: each.slice(at + 1) } : { name: each };
    }),
  );
  return found.map(({ id, name }) => `${id} ${name}`);
}
