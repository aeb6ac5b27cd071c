import { describe, expect, it } from "vitest";
import { readPolicies } from "../../src/config/repository.ts";
import type { OpenPullRequest } from "../../src/domain/ports.ts";
import type { UpdateGroup } from "../../src/domain/types.ts";
import { admit } from "../../src/pipeline/admit.ts";
import { plan } from "../../src/pipeline/plan/plan.ts";
import { advisory, dependency, findings, project, releases } from "../builders.ts";

const repository = { owner: "acme", name: "web" };
/** A Monday. */
const now = new Date("2026-06-01T12:00:00Z");

const names = ["a", "b", "c"];
const projects = ["one", "two"].map((root) =>
  project(
    { path: `${root}/package.json`, dependencies: names.map((name) => dependency(name, "^1.0.0")) },
    { root },
  ),
);

/** What waits, and for what: `{ "npm/single:a in one": "" }`. */
function waiting(
  text: string,
  open: readonly string[] = [],
  patient = true,
  wanted: ReadonlySet<string> = new Set(),
): Record<string, string> {
  const policies = readPolicies(".github/steeplejack.yml", text);
  const known = Object.fromEntries(names.map((name) => [name, releases("1.0.0", "1.1.0")]));
  const { groups } = plan(findings(projects, known, flaws), policies, now);
  const pulls = groups.filter(({ key }) => open.includes(key)).map((group) => pullOf(group));
  return Object.fromEntries(
    admit(groups, pulls, { policies, repository, now, patient, wanted }).map(({ group, waits }) => [
      group.key,
      waits ?? "",
    ]),
  );
}

const flaws = [advisory("GHSA-1", "c", { fixed: "1.1.0" })];

function pullOf({ key }: UpdateGroup): OpenPullRequest {
  return { number: 1, url: "", branch: "", title: "", labels: [], key, digest: "", basis: "" };
}

const entries = (more: string, second = more) => `
version: 2
updates:
  - { package-ecosystem: npm, directory: /one, ${more} }
  - { package-ecosystem: npm, directory: /two, ${second} }
`;

const full = (limit: number) => `for room: ${limit} pull requests may be open at a time`;

describe("what may be opened", () => {
  it("is limited for each entry by itself, and security is not", () => {
    const text = entries("open-pull-requests-limit: 1");
    expect(waiting(text)).toEqual({
      "npm/security:c in one": "",
      "npm/security:c in two": "",
      "npm/single:a in one": "",
      "npm/single:a in two": "",
      "npm/single:b in one": full(1),
      "npm/single:b in two": full(1),
    });
    expect(waiting(text, ["npm/single:b in one"])).toMatchObject({
      "npm/single:a in one": full(1),
      "npm/single:b in one": "",
      "npm/single:a in two": "",
    });
  });

  const ofGroup = (limit: number, name: string, line: number) =>
    `for room: ${limit} pull requests of the group ${name} may be open at a time (.github/steeplejack.yml:${line})`;
  const small =
    "groups: { small: { patterns: [a, b], group-by: dependency-name, open-pull-requests-limit: 1 } }";

  it("is limited for a group by itself, in each entry, and security is not", () => {
    const text = entries(small, "open-pull-requests-limit: 5");
    expect(waiting(text)).toEqual({
      "npm/security:c in one": "",
      "npm/security:c in two": "",
      "npm/single:a in two": "",
      "npm/single:b in two": "",
      "npm/small:a in one": "",
      "npm/small:b in one": ofGroup(1, "small", 4),
    });
    expect(waiting(text, ["npm/small:b in one"])).toMatchObject({
      "npm/small:a in one": ofGroup(1, "small", 4),
      "npm/small:b in one": "",
    });
    expect(waiting(entries(`open-pull-requests-limit: 0, ${small}`, small))).not.toHaveProperty(
      "npm/small:a in one",
    );
  });

  it("is limited for one group in all projects that no entry lists", () => {
    expect(waiting(`${small}\n`)).toMatchObject({
      "npm/small:a in one": "",
      "npm/small:a in two": ofGroup(1, "small", 1),
      "npm/small:b in one": ofGroup(1, "small", 1),
    });
  });

  it("is limited for a group that a rule names", () => {
    const named = "rules: [{ match: { names: [a] }, group: { name: mine, open-pull-requests-limit: 1 } }]\n";
    expect(waiting(named)).toMatchObject({
      "npm/mine in one": "",
      "npm/mine in two": ofGroup(1, "mine", 1),
      "npm/runtime in two": "",
    });
    const elsewhere = `${small}\nrules: [{ match: { names: [a] }, group: small }]\n`;
    expect(waiting(elsewhere)).toMatchObject({ "npm/small in two": ofGroup(1, "small", 1) });
    const other = `${named.trim().slice(0, -1)}, { match: { names: [a] }, group: { name: yours } }]\n`;
    expect(waiting(other)).toMatchObject({ "npm/yours in one": "", "npm/yours in two": "" });
  });

  it("is limited for the whole repository besides", () => {
    const text = `limits: { open-pull-requests: 1 }\n${entries("open-pull-requests-limit: 3")}`;
    expect(Object.values(waiting(text)).filter((waits) => waits === full(1))).toHaveLength(3);
  });

  it("waits for the schedule of its own entry", () => {
    const text = entries(
      "schedule: { interval: weekly, time: '05:00' }",
      "schedule: { interval: weekly, day: tuesday, time: '05:00' }",
    );
    expect(waiting(text)).toMatchObject({
      "npm/security:c in two": "",
      "npm/single:a in one": "",
      "npm/single:a in two": "for the schedule, until 2026-06-02T05:00Z",
    });
    expect(waiting(text, [], false)).toMatchObject({ "npm/single:a in two": "" });
  });

  it("does not wait for what a person wants at once, and all else does", () => {
    const wanted = new Set(["npm/single:b in one"]);
    expect(waiting(entries("open-pull-requests-limit: 0"), [], true, wanted)).toEqual({
      "npm/security:c in one": "",
      "npm/security:c in two": "",
    });
    expect(waiting(entries("open-pull-requests-limit: 1"), [], true, wanted)).toMatchObject({
      "npm/single:a in one": "",
      "npm/single:b in one": "",
      "npm/single:b in two": full(1),
    });
  });

  it("waits for a person, where one has to approve it, also with others in a group", () => {
    const box = "for a person to tick its box in the dashboard (.github/steeplejack.yml:1)";
    const text = "rules: [{ match: { names: [b] }, approval: true }]\n";
    const told = { "npm/runtime in one": box, "npm/runtime in two": box, "npm/security in one": "" };
    expect(waiting(text)).toMatchObject(told);
    expect(waiting(text, [], false)).toMatchObject(told);
    expect(waiting(text, ["npm/runtime in one"])).toMatchObject({ "npm/runtime in one": "" });
    expect(waiting(text, [], true, new Set(["npm/runtime in two"]))).toMatchObject({
      "npm/runtime in one": box,
      "npm/runtime in two": "",
    });
  });

  it("is nothing in report mode, however urgent", () => {
    expect(new Set(Object.values(waiting("mode: report\n", [], false)))).toEqual(
      new Set(["for `mode: report` to be taken out of the configuration"]),
    );
  });
});
