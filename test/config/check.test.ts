import { describe, expect, it } from "vitest";
import { configurationCheck } from "../../src/config/check.ts";

const own = ".github/steeplejack.yml";
const setting = (value: unknown, origin: string) => ({ name: "labels", value, origin });

describe("what a check says of a configuration", () => {
  it("is each fault at its line", () => {
    const errors = [{ line: 3, column: 7, message: '"x" is 1' }];
    expect(configurationCheck({ path: own, errors, warnings: [] }, [], own)).toMatchObject({
      conclusion: "failure",
      title: `${own} cannot be obeyed`,
      annotations: [{ path: own, line: 3, column: 7, level: "failure", message: '"x" is 1' }],
    });
  });

  it("repeats nothing of another repository's file, which may be private", () => {
    const path = "acme/secret//presets.yml";
    const errors = [{ line: 3, column: 7, message: 'there is no option "hush"' }];
    const faulty = configurationCheck({ path, errors, warnings: [] }, [], own);
    expect(JSON.stringify(faulty)).not.toContain("hush");
    expect(faulty.annotations).toEqual([
      {
        path: own,
        line: 1,
        column: 1,
        level: "failure",
        message: "acme/secret//presets.yml has faults, which are not repeated here",
      },
    ]);

    const settings = [setting(["hush"], `${path}:3`), setting(["open"], `${own}:1`)];
    const { summary } = configurationCheck(
      { path: own, errors: [], warnings: [] },
      [{ ecosystem: "npm", root: "", settings }],
      own,
    );
    expect(summary).not.toContain("hush");
    expect(summary).toContain("| `labels` |  | `acme/secret//presets.yml:3` |");
    expect(summary).toContain('| `labels` | `["open"]` | `.github/steeplejack.yml:1` |');
  });

  it("breaks out of no cell and mentions nobody", () => {
    const settings = [setting(["a|b", "@octocat", "`x`", "<img>"], `${own}:1`)];
    const { summary } = configurationCheck(
      { path: own, errors: [], warnings: [] },
      [{ ecosystem: "npm", root: "", settings }],
      own,
    );
    const row = summary.split("\n").at(-1) ?? "";
    expect(row.replaceAll("\\|", "").split("|")).toHaveLength(5);
    expect(row).toContain("a\\|b");
  });

  it("is bounded, and says the same of the same", () => {
    const errors = Array.from({ length: 500 }, (_, line) => ({ line, column: 1, message: "x".repeat(500) }));
    const check = () => configurationCheck({ path: own, errors, warnings: [] }, [], own);
    expect(check().annotations).toHaveLength(200);
    expect(check().summary.length).toBeLessThanOrEqual(60_000);
    expect(check().digest).toBe(check().digest);
    expect(check().digest).not.toBe(
      configurationCheck({ path: own, errors: errors.slice(1), warnings: [] }, [], own).digest,
    );
  });
});
