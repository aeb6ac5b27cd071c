import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { branchOf, isOurs, marker, type Marker, readMarker, withMarker } from "../../src/domain/branch.ts";

describe("branchOf", () => {
  it.each([
    ["npm/runtime", "steeplejack/npm/runtime"],
    ["npm/major:react", "steeplejack/npm/major-react"],
  ])("spells %s as %s", (key, branch) => {
    expect(branchOf(key)).toBe(branch);
  });

  it("keeps apart what would be spelled alike", () => {
    const keys = [
      "npm/major:@a/b",
      "npm/major:a-b",
      "npm/runtime in packages/app",
      "npm/runtime in packages-app",
    ];
    expect(new Set(keys.map((key) => branchOf(key))).size).toBe(keys.length);
  });

  it("always makes a branch name that git accepts, one level below the ecosystem", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const branch = branchOf(`npm/${name}`);
        expect(isOurs(branch)).toBe(true);
        expect(branch.split("/")).toHaveLength(3);
        // oxlint-disable-next-line no-control-regex -- git allows none of them
        expect(branch).not.toMatch(/\.\.|[\s~^:?*[\\\u0000-\u001F\u007F]|@\{|\.lock$|[./]$|\/\./);
      }),
    );
  });
});

const text = fc.string({ unit: "binary", maxLength: 30 });
const markers: fc.Arbitrary<Marker> = fc.record(
  {
    key: fc.string({ minLength: 1 }),
    digest: text,
    basis: text,
    from: text,
    moves: fc.array(
      fc.record({ name: text, from: text, to: text, size: fc.constantFrom("major", "minor", "patch") }),
      { minLength: 1 },
    ),
    roots: fc.array(text, { minLength: 1 }),
    apart: fc.array(fc.record({ name: text, version: text }), { minLength: 1 }),
    ignore: fc.array(fc.record({ name: text, what: text }), { minLength: 1 }),
    wanted: fc.constantFrom("rebase", "recreate"),
    merge: fc.constantFrom("usual", "squash"),
    security: fc.constant(true),
    behind: fc.nat(),
  },
  { requiredKeys: ["key", "digest", "basis"] },
);

describe("marker", () => {
  it("reads back what was written, whatever the text around it", () => {
    fc.assert(
      fc.property(markers, fc.string(), (wanted, around) => {
        const line = marker(wanted);
        expect(readMarker(`${around}\n${line}\n`)).toEqual(wanted);
        expect(line.slice(4, -3)).not.toMatch(/--|>|\n/);
      }),
    );
  });

  it("takes another one's place", () => {
    fc.assert(
      fc.property(markers, markers, fc.string(), (before, after, around) => {
        const body = withMarker(`${around}\n${marker(before)}\n`, after);
        expect(readMarker(body)).toEqual(after);
        const { behind: _, ...last } = after;
        expect(withMarker(body, last)).toBe(`${around}\n${marker(last)}\n`);
      }),
    );
  });

  it("tells above all else what is merged first, and no longer when that is over", () => {
    const own = { key: "npm/runtime", digest: "d", basis: "b" };
    const body = `Bumps.\n\n${marker(own)}\n`;
    const told = withMarker(withMarker(body, { ...own, behind: 12 }), { ...own, behind: 9 });
    expect(told.split("\n").slice(0, 3)).toEqual([
      "> Waits for #9, which is merged first. Then this is made anew on top of that, and checked.",
      "",
      "Bumps.",
    ]);
    expect(withMarker(told.replaceAll("\n", "\r\n"), own).split("\r\n")[0]).toBe("Bumps.");
    expect(withMarker(told, own)).toBe(body);
  });

  it("never throws on what somebody made of it", () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const read = readMarker(`<!-- steeplejack ${data} -->`);
        expect(read === undefined || read.key !== "").toBe(true);
      }),
    );
  });

  it("leaves out what would take the room of the text", () => {
    const moves = (count: number, name: string) =>
      Array.from({ length: count }, (_, at) => ({
        name: `${name}${at}`,
        from: "1.0.0",
        to: "2.0.0",
        size: "major" as const,
      }));
    const of = { key: "npm/runtime", digest: "d", basis: "b" };
    expect(readMarker(marker({ ...of, moves: moves(200, "a") }))?.moves).toHaveLength(200);
    expect(readMarker(marker({ ...of, moves: moves(201, "a") }))).toEqual(of);
    expect(readMarker(marker({ ...of, moves: moves(100, "a".repeat(200)) }))).toEqual(of);
  });

  it("is none where the text was edited by hand", () => {
    expect(readMarker("<!-- steeplejack {broken} -->")).toBeUndefined();
    expect(readMarker("no marker at all")).toBeUndefined();
  });
});
