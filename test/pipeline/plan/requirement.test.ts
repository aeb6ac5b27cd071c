import { describe, expect, it } from "vitest";
import type { VersioningStrategy } from "../../../src/domain/policy.ts";
import type { Dependency, Project } from "../../../src/domain/types.ts";
import { plan } from "../../../src/pipeline/plan/plan.ts";
import {
  dependency,
  findings,
  manifest,
  policy,
  project,
  reasons,
  releases,
  summary,
} from "../../builders.ts";

const now = new Date("2026-08-01T00:00:00Z");
const lockfile = { path: "package-lock.json", graph: { packages: [] } };

function planned(
  of: Dependency,
  versions: readonly string[],
  versioningStrategy: VersioningStrategy,
  { isLibrary = false, ...more }: Partial<Project> & { isLibrary?: boolean } = { lockfile },
) {
  const own = project(manifest(of), more);
  const found = findings(own, { [of.name]: releases(...versions) });
  return plan({ ...found, libraries: new Set(isLibrary ? [own] : []) }, policy({ versioningStrategy }), now);
}

describe("versioning-strategy", () => {
  it.each<[VersioningStrategy, string, string]>([
    ["auto", "zod ^3.0.0 -> ^3.1.0", "zod ^3.0.0 -> ^4.0.0"],
    ["increase", "zod ^3.0.0 -> ^3.1.0", "zod ^3.0.0 -> ^4.0.0"],
    ["increase-if-necessary", "zod 3.0.0 -> 3.1.0", "zod ^3.0.0 -> ^4.0.0"],
    ["widen", "zod 3.0.0 -> 3.1.0", "zod ^3.0.0 -> ^4.0.0"],
  ])("%s", (strategy, small, major) => {
    const found = planned(dependency("zod", "^3.0.0"), ["3.0.0", "3.1.0", "4.0.0"], strategy);
    expect(summary(found)).toEqual({ "npm/runtime": [small], "npm/major:zod": [major] });
  });

  it("lockfile-only takes what the requirement allows, and says why it takes no more", () => {
    const of = dependency("zod", "^3.0.0");
    const both = planned(of, ["3.0.0", "3.1.0", "4.0.0"], "lockfile-only");
    expect(summary(both)).toEqual({ "npm/runtime": ["zod 3.0.0 -> 3.1.0"] });
    expect(both.decisions[0]?.candidates[0]?.rejected).toEqual({
      code: "lockfile-only",
      detail:
        "`^3.0.0` does not allow it, and `versioning-strategy: lockfile-only` leaves requirements alone",
    });
    expect(reasons(planned(of, ["3.0.0", "4.0.0"], "lockfile-only"))).toEqual({ zod: "held: lockfile-only" });
  });

  it("lockfile-only without a lockfile is told", () => {
    const [decision] = planned(
      dependency("zod", "^3.0.0"),
      ["3.0.0", "3.1.0"],
      "lockfile-only",
      {},
    ).decisions;
    expect(decision?.reason).toEqual({
      code: "lockfile-only",
      detail:
        "3.1.0: `versioning-strategy: lockfile-only` leaves requirements alone, and the project has no lockfile",
    });
  });

  it("auto widens what a library requires", () => {
    const of = dependency("zod", ">=3.0.0 <4.0.0", { version: "3.0.0" });
    const widened = planned(of, ["3.0.0", "4.1.0"], "auto", { lockfile, isLibrary: true });
    expect(summary(widened)).toEqual({ "npm/major:zod": ["zod >=3.0.0 <4.0.0 -> >=3.0.0 <5.0.0"] });
    const inside = planned(dependency("zod", "^3.0.0"), ["3.0.0", "3.1.0"], "auto", { isLibrary: true });
    expect(reasons(inside)).toEqual({ zod: "current: in-range" });
  });

  it.each<VersioningStrategy>(["auto", "increase", "increase-if-necessary", "widen"])(
    "%s takes nothing away from a promise to others",
    (strategy) => {
      const peer = dependency("react", "^17.0.0 || ^18.0.0", { scope: "peer", version: "18.2.0" });
      expect(summary(planned(peer, ["18.2.0", "19.1.0"], strategy))).toEqual({
        "npm/major:react": ["react ^17.0.0 || ^18.0.0 -> ^17.0.0 || ^18.0.0 || ^19.0.0"],
      });
      expect(reasons(planned(peer, ["18.2.0", "18.3.0"], strategy))).toEqual({ react: "current: in-range" });
    },
  );

  it("raises what package managers will do only where the release is none of them", () => {
    const engine = dependency("pnpm", ">=9 <10", { version: "9.1.0", kind: "engine" });
    expect(reasons(planned(engine, ["9.1.0", "9.2.0"], "increase"))).toEqual({ pnpm: "current: in-range" });
    expect(summary(planned(engine, ["9.1.0", "10.2.0"], "auto"))).toEqual({
      "npm/major:pnpm": ["pnpm >=9 <10 -> >=9 <11"],
    });
  });
});
