import { describe, expect, it } from "vitest";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { compare, comparisonText, movesIn } from "../../src/reports/handover.ts";
import { dependency, findings, manifest, policy, project, releases } from "../builders.ts";

const grouped = `Bumps the web group in /app with 2 updates: [vite](https://github.com/vitejs/vite) and [zod](https://github.com/colinhacks/zod).


Updates \`vite\` from 5.0.0 to 5.4.1
- [Release notes](https://github.com/vitejs/vite/releases)

Updates \`@types/node\` to 22.0.0
`;

describe("a pull request of Dependabot moves", () => {
  it.each<[string, string, string[]]>([
    ["Bump axios from 0.27.2 to 1.4.0 in /npm", "", ["axios 1.4.0"]],
    ["chore(deps-dev): bump @types/node from 20.1.0 to 22.0.0", "", ["@types/node 22.0.0"]],
    ["Bump actions/checkout from `2468a02` to `1234567`", "", ["actions/checkout 1234567"]],
    ["Bump axios to 1.4.0", "", ["axios 1.4.0"]],
    ["Bump vite from 5.0.0 to 5.4.1 in the web group", "", ["vite 5.4.1"]],
    ["Update netaddr requirement from = 2.0.1 to = 2.0.6", "", ["netaddr undefined"]],
    [
      "Bump @a/transitive and @a/parent in /npm/removed",
      "",
      ["@a/transitive undefined", "@a/parent undefined"],
    ],
    ["Bump the web group in /app with 2 updates", grouped, ["vite 5.4.1", "@types/node 22.0.0"]],
    ["build(deps): bump the web group across 1 directory with 2 updates", "", []],
    ["Something else", "", []],
  ])("%s", (title, body, expected) => {
    expect(movesIn({ title, body }).map(({ name, to }) => `${name} ${to}`)).toEqual(expected);
  });

  it("of any text in no time", () => {
    const started = Date.now();
    movesIn({ title: `bump ${"a ".repeat(50_000)}`, body: "Updates `a` from ".repeat(20_000) });
    expect(Date.now() - started).toBeLessThan(1_000);
  });
});

it("is set beside what would be proposed, and told why where nothing would be", () => {
  const found = findings(
    project(
      manifest(dependency("vite", "^5.0.0"), dependency("zod", "^3.0.0"), dependency("left", "^1.0.0")),
    ),
    {
      vite: releases("5.0.0", "5.4.1"),
      zod: releases("3.0.0", { version: "3.1.0", publishedAt: "2026-05-31T00:00:00Z" }),
      left: releases("1.0.0"),
    },
  );
  const { groups, decisions } = plan(found, policy(), new Date("2026-06-01T00:00:00Z"));
  const titled = groups.map((group) => ({ group, title: `${group.key} | it` }));
  const pulls = [
    { number: 1, title: "Bump vite from 5.0.0 to 5.1.0", body: "" },
    { number: 2, title: "Bump zod from 3.0.0 to 3.1.0", body: "" },
    { number: 3, title: "Bump left from 1.0.0 to 2.0.0", body: "" },
    { number: 4, title: "Bump gone from 1.0.0 to 2.0.0", body: "" },
    { number: 5, title: "Tidy up", body: "" },
  ];
  expect(comparisonText(compare(titled, decisions, pulls)).join("\n\n")).toMatchInlineSnapshot(`
    "| Steeplejack would open | Dependabot has open |
    | --- | --- |
    | npm/runtime \\| it | #1 |

    Dependabot has open what Steeplejack would not propose now:

    - #2: 3.1.0: it was published 2026-05-31 and cools until 2026-06-03T00:00Z
    - #3: 1.0.0 is the newest release
    - #4: gone is not among the dependencies that were found
    - #5: what it moves is not understood"
  `);
});
