import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readMarker } from "../../src/domain/branch.ts";
import { tarOf } from "../changelogs/tar.ts";
import { startCi } from "./ci.ts";
import { locked } from "./files.ts";
import { start, type Where } from "./stage.ts";

const archive = (declarations: string) =>
  gzipSync(tarOf({ "package/package.json": "{}", "package/index.d.ts": declarations }));

/** What a pull request says of the repository's own code. */
export function affecting(where: () => Where): void {
  const open = async (fresh: string) => {
    const stage = await start(
      {
        repositories: {
          "acme/web": {
            ...locked({ dependencies: { logger: "^2.3.0" } }, { logger: "2.3.0" }),
            ".github/steeplejack.yml": "automerge:\n  update-types: [major]\n",
            "src/log.js": 'import { trace, warn } from "logger";\n\ntrace(warn);\n',
            "src/other.ts": 'import * as all from "logger";\nall.trace();\n',
            "docs/guide.md": 'import { trace } from "logger";\n',
          },
        },
        packages: { logger: { "2.3.0": {}, "3.0.0": {} } },
        registry: {
          archives: {
            "/logger/-/logger-2.3.0.tgz": archive(
              "export function trace(): void; export function warn(): void;",
            ),
            "/logger/-/logger-3.0.0.tgz": archive(fresh),
          },
        },
      },
      where(),
    );
    const ci = startCi(stage, () => "success");
    await stage.github.install("acme");
    await ci.settle();
    return stage;
  };

  describe("a major", () => {
    it("tells what it takes away by file and line, and is left to a person", async () => {
      const { github, pulls, pull, log } = await open("export function warn(): void;");
      expect(log.problems()).toEqual([]);
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/major-logger: Bump logger from 2.3.0 to 3.0.0",
      ]);
      const { body } = await pull(1);
      expect(body).toContain("| **breaks 1 of 2 used** |");
      expect(body).toContain(
        "### Breaks code here\n\n- `logger` `3.0.0` no longer has `trace` (`src/log.js:1`, `src/other.ts:2`)\n",
      );
      expect(readMarker(body)).toMatchObject({ breaks: ["logger"] });
      // Two sources, one question.
      expect(github.requests.filter(({ path }) => path === "/graphql")).toHaveLength(1);
    });

    it("that takes nothing away says so, and is merged as the configuration has it", async () => {
      const { pulls, pull } = await open("export function trace(): void; export function warn(): void;");
      expect(await pulls()).toEqual([
        "merged #1 steeplejack/npm/major-logger: Bump logger from 2.3.0 to 3.0.0",
      ]);
      expect((await pull(1)).body).toContain("All 2 exports of it that are used here are still there;");
    });
  });
}
