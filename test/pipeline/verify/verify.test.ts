import { describe, expect, it } from "vitest";
import type { AdvisorySource } from "../../../src/domain/ports.ts";
import type { Finding, LockedPackage } from "../../../src/domain/types.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { compare } from "../../../src/pipeline/verify/difference.ts";
import { verify } from "../../../src/pipeline/verify/verify.ts";
import { cannedHttp } from "../../fakes.ts";
import { advisory, locked, project } from "../../builders.ts";

const root = (...dependencies: string[]): LockedPackage => ({
  ...locked("", ""),
  manifest: "package.json",
  dependencies,
});
const graph = (...packages: LockedPackage[]) => ({ packages });
const a = "node_modules/a";
const b = "node_modules/b";
const c = "node_modules/c";

describe("the difference of two lockfiles", () => {
  it("is explained by what moved and what it asks for", () => {
    const before = graph(root(a), locked(a, "1.0.0", b), locked(b, "1.0.0"));
    const after = graph(root(a), locked(a, "2.0.0", c), locked(c, "1.0.0"));
    expect(compare(before, after, new Set(["a"]))).toEqual({
      updated: [{ name: "a", id: a, from: "1.0.0", to: "2.0.0", why: "updated by this group" }],
      added: [{ name: "c", id: c, to: "1.0.0", why: "required by a 2.0.0" }],
      removed: [{ name: "b", id: b, from: "1.0.0", why: "was required by a 1.0.0" }],
      unintended: [],
    });
  });

  it("lists what nothing explains as unintended", () => {
    const before = graph(root(a, b), locked(a, "1.0.0"), locked(b, "1.0.0"), locked(c, "1.0.0"));
    const after = graph(root(a, b), locked(a, "2.0.0"), locked(b, "1.0.1"));
    expect(compare(before, after, new Set(["a"])).unintended).toEqual([
      { name: "b", id: b, from: "1.0.0", to: "1.0.1" },
      { name: "c", id: c, from: "1.0.0" },
    ]);
  });

  it("sees another archive under the same version", () => {
    const before = graph(root(a), { ...locked(a, "1.0.0"), integrity: "sha512-x" });
    const after = graph(root(a), { ...locked(a, "1.0.0"), integrity: "sha512-y" });
    expect(compare(before, after, new Set()).unintended).toEqual([
      { name: "a", id: a, from: "1.0.0", to: "1.0.0" },
    ]);
  });

  it("sees a manifest that is given another release, or one in place of the workspace's own, with no entry changed", () => {
    const nested = "packages/x/node_modules/b";
    const x = (...dependencies: string[]) => ({
      ...locked("packages/x", "1.0.0"),
      manifest: "packages/x/package.json",
      dependencies,
    });
    const own = { ...locked("packages/c", "1.0.0"), name: "c", manifest: "packages/c/package.json" };
    const rest = [locked(b, "2.0.0"), locked(nested, "1.0.0"), locked(c, "1.1.0"), own];
    const before = graph(root(a, b, nested, c), x(nested, "packages/c"), locked(a, "1.0.0"), ...rest);
    const after = graph(root(a, b, nested, c), x(b, c), locked(a, "2.0.0"), ...rest);
    expect(compare(before, after, new Set(["a"])).unintended).toEqual([
      { name: "b", id: "b of packages/x/package.json", from: "1.0.0", to: "2.0.0" },
      { name: "c", id: "c of packages/x/package.json", from: "workspace", to: "1.1.0" },
    ]);
    expect(compare(before, after, new Set(["a", "b", "c"])).unintended).toEqual([]);
  });

  it("explains an older copy that was left where a newer one moved in", () => {
    const nested = "node_modules/d/node_modules/b";
    const d = "node_modules/d";
    const before = graph(root(a, d), locked(a, "1.0.0", b), locked(b, "1.0.0"), locked(d, "1.0.0", b));
    const after = graph(
      root(a, d),
      locked(a, "2.0.0", b),
      locked(b, "2.0.0"),
      locked(d, "1.0.0", nested),
      locked(nested, "1.0.0"),
    );
    const { updated, unintended } = compare(before, after, new Set(["a"]));
    expect(updated.map(({ id, to }) => [id, to])).toEqual([
      [a, "2.0.0"],
      [b, "2.0.0"],
    ]);
    expect(unintended.map(({ id }) => id)).toEqual([]);
  });
});

describe("the second audit", () => {
  const before = project(
    { path: "package.json", dependencies: [] },
    { lockfile: { path: "l", graph: graph(root(a), locked(a, "1.0.0")) } },
  );
  const after = project(
    { path: "package.json", dependencies: [] },
    { lockfile: { path: "l", graph: graph(root(a), locked(a, "2.0.0", b), locked(b, "1.0.0")) } },
  );
  const group = { key: "npm/runtime", name: "runtime", kind: "version" as const, single: false, updates: [] };
  const ecosystems = new Map([["npm", npm({ registry: "https://registry.test/" })]]);
  const worldOf = (advisories: AdvisorySource, findings: readonly Finding[] = []) => ({
    advisories,
    findings,
    http: cannedHttp({
      "https://registry.test/a": { versions: { "2.0.0": {} }, modified: "2025-01-01T00:00:00Z" },
      "https://registry.test/z": { versions: { "1.0.0": {} }, modified: "2025-01-01T00:00:00Z" },
      "https://registry.test/b": {
        versions: { "1.0.0": {} },
        time: { "1.0.0": "2026-05-31T00:00:00Z" },
        modified: "2026-05-31T00:00:00Z",
      },
    }),
    cooledBefore: new Date("2026-05-29T00:00:00Z"),
  });

  it("tells what vulnerable release came in, of the new versions only", async () => {
    const asked: unknown[] = [];
    const source: AdvisorySource = {
      async advisoriesFor(_, packages) {
        asked.push(...packages);
        return [advisory("GHSA-1", "b")];
      },
      problems: () => [],
    };
    const { verifications } = await verify(group, [{ before, after }], ecosystems, worldOf(source));
    expect(asked).toEqual([
      { name: "a", version: "2.0.0" },
      { name: "b", version: "1.0.0" },
    ]);
    expect(verifications[0]?.introduced).toMatchObject([
      { name: "b", version: "1.0.0", advisory: { id: "GHSA-1" } },
    ]);
  });

  it("tells what it is rid of, and what came in that has not cooled", async () => {
    const source: AdvisorySource = { advisoriesFor: async () => [], problems: () => [] };
    const found = (name: string, version: string): Finding => ({
      advisory: advisory("GHSA-2", name),
      project: before,
      name,
      version,
      fixed: [],
      paths: [],
    });
    const world = worldOf(source, [found("a", "1.0.0"), found("z", "1.0.0")]);
    const kept = {
      ...after.lockfile!,
      graph: graph(...after.lockfile!.graph.packages, locked("node_modules/z", "1.0.0")),
    };
    const { verifications } = await verify(
      group,
      [{ before, after: { ...after, lockfile: kept } }],
      ecosystems,
      world,
    );
    expect(verifications[0]?.mended.map(({ name, version }) => [name, version])).toEqual([["a", "1.0.0"]]);
    expect(verifications[0]?.young).toEqual([
      { name: "b", version: "1.0.0", publishedAt: "2026-05-31T00:00:00Z" },
    ]);
  });

  it("is a problem and not a clean bill where the source cannot be reached", async () => {
    const source: AdvisorySource = {
      advisoriesFor: () => Promise.reject(new Error("no route")),
      problems: () => [],
    };
    const { problems } = await verify(group, [{ before, after }], ecosystems, worldOf(source));
    expect(problems).toEqual([
      { stage: "verify", subject: "npm/runtime", message: "the new versions could not be audited: no route" },
    ]);
  });
});
