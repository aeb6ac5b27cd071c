import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crossed, sectionsOf } from "../../src/changelogs/sections.ts";
import { npmVersions } from "../../src/versions/semver.ts";

describe("sectionsOf", () => {
  it("reads Keep a Changelog, with the addresses at its end", () => {
    const text = `# Changelog

All notable changes.

## [Unreleased]

- not yet

## [1.1.0] - 2024-02-01

### Added

- A thing, see [#12]

## [1.0.0] - 2024-01-01

- First

[#12]: https://git.test/12
[1.1.0]: https://git.test/compare/v1.0.0...v1.1.0
[1.0.0]: https://git.test/v1.0.0
`;
    expect(read(text)).toEqual({
      "1.1.0": "### Added\n\n- A thing, see [#12]\n\n[#12]: <https://git.test/12>",
      "1.0.0": expect.stringMatching(/^- First/),
    });
  });

  it("reads conventional-changelog, whose levels differ from release to release", () => {
    const text = `# [1.2.0](https://git.test/compare/v1.1.1...v1.2.0) (2024-03-01)


### Features

* more ([abc](https://git.test/abc))

## [1.1.1](https://git.test/compare/v1.1.0...v1.1.1) (2024-02-01)

### Bug Fixes

* **core:** less

# 1.1.0 (2024-01-01)

* first
`;
    expect(read(text)).toEqual({
      "1.2.0": "### Features\n\n* more ([abc](https://git.test/abc))",
      "1.1.1": "### Bug Fixes\n\n* **core:** less",
      "1.1.0": "* first",
    });
  });

  it("reads changesets", () => {
    const text = `# @acme/web

## 2.0.0

### Major Changes

- abc: gone

### Patch Changes

- Updated dependencies
  - @acme/core@2.0.0

## 1.9.0

### Minor Changes

- more
`;
    expect(read(text, "CHANGELOG.md", "@acme/web")).toEqual({
      "2.0.0":
        "### Major Changes\n\n- abc: gone\n\n### Patch Changes\n\n- Updated dependencies\n  - @acme/core@2.0.0",
      "1.9.0": "### Minor Changes\n\n- more",
    });
  });

  it("reads underlined headings with dates, and ignores headings in code", () => {
    const text = `4.18.2 / 2022-10-08
===================

  * Fix a bug

\`\`\`
## 9.9.9
\`\`\`

v4.18.1 - 2022-04-29
--------------------

  * Fix another
`;
    expect(read(text, "History.md")).toEqual({
      "4.18.2": "  * Fix a bug\n\n```\n## 9.9.9\n```",
      "4.18.1": "  * Fix another",
    });
  });

  it("reads reStructuredText, also with a line above", () => {
    const text = `=========
Changelog
=========

1.1 (2024-01-02)
----------------

* more

Fixes
~~~~~

* a fix

1.0.1
-----

* less
`;
    expect(read(text, "CHANGES.rst")).toEqual({
      "1.1.0": "* more\n\nFixes\n~~~~~\n\n* a fix",
      "1.0.1": "* less",
    });
  });

  it("reads plain text in which a version begins a line", () => {
    expect(read("1.1.0 2024-01-02\n  - more\n\nv1.0.0:\n  - less\n", "CHANGES.txt")).toEqual({
      "1.1.0": "  - more",
      "1.0.0": "  - less",
    });
    expect(read("**1.1.0**\n\n- more\n\n**1.0.0**\n\n- less", "CHANGELOG")).toEqual({
      "1.1.0": "- more",
      "1.0.0": "- less",
    });
  });

  it("knows the package's own name in a heading, and another's", () => {
    const text =
      "## web@1.1.0\n\n- ours\n\n## other@1.0.5\n\n- theirs\n\n## @acme/web v1.0.0\n\n- ours\n\n## Web 0.9.0\n\n- old";
    expect(read(text, "CHANGELOG.md", "@acme/web")).toEqual({
      "1.1.0": "- ours",
      "1.0.0": "- ours",
      "0.9.0": "- old",
    });
  });

  it("leaves headings that only speak of a version in their section", () => {
    const text =
      "## 2.0.0\n\n### Upgrade from 1.9.0\n\nsteps\n\n### 2.0.0 in detail\n\nmore\n\n# Older\n\nelsewhere";
    expect(read(text)).toEqual({ "2.0.0": "### Upgrade from 1.9.0\n\nsteps\n\n### 2.0.0 in detail\n\nmore" });
  });

  it("finds nothing where there is nothing", () => {
    expect(read("# Changelog\n\nSee the releases page.")).toEqual({});
    expect(read("")).toEqual({});
  });

  it("bears any text", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "# ",
        "## ",
        "1.2.0",
        "[1.1.0]",
        "\n",
        "---",
        "===",
        "```",
        "(2024-01-01)",
        "@acme/web@",
        "- x",
        "[a]: b",
      ),
      fc.string({ maxLength: 4 }),
    );
    const text = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, fc.constantFrom("CHANGELOG.md", "HISTORY.rst", "CHANGES.txt"), (each, file) => {
        for (const { version, body } of sectionsOf({ file, text: each }, "@acme/web", npmVersions)) {
          expect(npmVersions.isValid(version)).toBe(true);
          expect(body.trim()).not.toBe("");
        }
      }),
    );
  });
});

describe("crossed", () => {
  it("is above the one and up to the other, newest first, each once", () => {
    const all = ["1.0.0", "1.1.0-rc.1", "2.0.0", "1.1.0", "1.1.0", "2.0.1"].map((version) => ({ version }));
    expect(
      crossed(all, { from: "1.0.0", to: "2.0.0", versions: npmVersions }).map(({ version }) => version),
    ).toEqual(["2.0.0", "1.1.0", "1.1.0-rc.1"]);
  });
});

function read(text: string, file = "CHANGELOG.md", name = "web"): Record<string, string> {
  return Object.fromEntries(
    sectionsOf({ file, text }, name, npmVersions).map(({ version, body }) => [version, body]),
  );
}
