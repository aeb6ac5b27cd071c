import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCommands } from "../../../src/shepherd/commands/parse.ts";

const parse = (text: string) => parseCommands(text, "acme-updates");
const one = (text: string) => parse(`@steeplejack ${text}`)[0];

describe("a command", () => {
  it.each([
    ["rebase", { kind: "rebase" }],
    ["REBASE", { kind: "rebase" }],
    ["rebase!", { kind: "rebase" }],
    ["recreate", { kind: "recreate" }],
    ["merge", { kind: "merge" }],
    ["squash and merge", { kind: "merge", method: "squash" }],
    ["cancel  merge", { kind: "cancel merge" }],
    ["close", { kind: "close" }],
    ["reopen.", { kind: "reopen" }],
    ["ignore this dependency", { kind: "ignore", extent: "dependency" }],
    ["ignore this major version", { kind: "ignore", extent: "major" }],
    ["Ignore This Minor Version", { kind: "ignore", extent: "minor" }],
    ["ignore this patch version", { kind: "ignore", extent: "patch" }],
    ["ignore @types/node", { kind: "ignore", name: "@types/node", extent: "dependency" }],
    ["ignore `lodash` major version", { kind: "ignore", name: "lodash", extent: "major" }],
    ["ignore React patch version", { kind: "ignore", name: "React", extent: "patch" }],
    ["ignore react >=19 <20", { kind: "ignore", name: "react", extent: { range: ">=19 <20" } }],
    [
      "ignore org.acme:core [1.0,2.0)",
      { kind: "ignore", name: "org.acme:core", extent: { range: "[1.0,2.0)" } },
    ],
    ["unignore react", { kind: "unignore", name: "react" }],
    ["unignore *", { kind: "unignore", name: "*" }],
    ["show ignore conditions", { kind: "show ignore conditions" }],
    ["show ignore conditions react", { kind: "show ignore conditions", name: "react" }],
    ["show react ignore conditions", { kind: "show ignore conditions", name: "react" }],
    ["explain left-pad", { kind: "explain", name: "left-pad" }],
    ["split left-pad", { kind: "split", name: "left-pad" }],
    ["bisect", { kind: "bisect" }],
    ["help", { kind: "help" }],
    ["", { kind: "help" }],
  ])("%s", (text, command) => {
    expect(one(text)).toEqual(command);
  });

  it.each([
    ["reabse", "rebase"],
    ["squash & merge", "squash and merge"],
    ["ignroe lodash", "ignore lodash"],
    ["explian left-pad", "explain left-pad"],
    ["ignore this mayor version", "ignore this major version"],
  ])("%s is most likely %s", (text, meant) => {
    expect(one(text)).toEqual({ kind: "unknown", text, meant });
  });

  it.each(["make me a sandwich", "ignore lodash <script>", "unignore", "explain a b", "split ../../x y"])(
    "%s is none",
    (text) => {
      expect(one(text)).toEqual({ kind: "unknown", text });
    },
  );
});

describe("a comment", () => {
  it("may have several, among other words", () => {
    expect(parse("Nice!\r\n@steeplejack ignore a\r\n@acme-updates[bot] rebase\n @Steeplejack: help")).toEqual(
      [{ kind: "ignore", name: "a", extent: "dependency" }, { kind: "rebase" }, { kind: "help" }],
    );
  });

  it.each([
    ["in the middle of a line", "please @steeplejack rebase"],
    ["to somebody else", "@dependabot rebase\n@steeplejacks rebase\n@steeplejack-x rebase"],
    ["that is quoted", "> @steeplejack rebase"],
    ["in a fenced block", "```\n@steeplejack rebase\n```"],
    ["in a fence within a fence", "````\n```\n@steeplejack rebase\n```\n@steeplejack rebase\n````"],
    ["in a fence that never ends", "~~~ sh\n@steeplejack rebase"],
    ["in an indented block", "text\n\n    @steeplejack rebase\n\t@steeplejack rebase"],
    ["in inline code", "`@steeplejack rebase`"],
    ["in an HTML comment", "<!--\n@steeplejack rebase\n-->"],
    ["in an HTML comment that never ends", "<!--\n@steeplejack rebase"],
    ["with an e-mail address's look", "@steeplejack@acme.example rebase"],
  ])("has none %s", (_, text) => {
    expect(parse(text)).toEqual([]);
  });

  it("has ten at most", () => {
    expect(parse("@steeplejack help\n".repeat(50))).toHaveLength(10);
  });

  it("is never too much to read", () => {
    const piece = fc.constantFrom(
      "@steeplejack ",
      "ignore ",
      "`",
      "```",
      "\n",
      "<!--",
      "-->",
      "> ",
      "a",
      "*",
      "[",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 200 }), (pieces) => {
        const names = parse(pieces.join("")).flatMap((command) =>
          "name" in command ? (command.name ?? []) : [],
        );
        expect(names.filter((name) => !/^[^\s<>"'`]+$/.test(name))).toEqual([]);
      }),
    );
    expect(parse(`@steeplejack ${"ignore ".repeat(9_000)}`)).toHaveLength(1);
    expect(parse("<!--".repeat(16_000))).toEqual([]);
  });
});
