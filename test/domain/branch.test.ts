import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { branchOf, isOurs, marker, readMarker } from "../../src/domain/branch.ts";

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

describe("marker", () => {
  it("reads back what was written, whatever the text around it", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string(),
        fc.string(),
        fc.string(),
        (key, digest, basis, around) => {
          const line = marker({ key, digest, basis });
          expect(readMarker(`${around}\n${line}\n`)).toEqual({ key, digest, basis });
          expect(line.slice(4, -3)).not.toMatch(/--|>/);
        },
      ),
    );
  });

  it("is none where the text was edited by hand", () => {
    expect(readMarker("<!-- steeplejack {broken} -->")).toBeUndefined();
    expect(readMarker("no marker at all")).toBeUndefined();
  });
});
