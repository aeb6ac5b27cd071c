import { describe, expect, it } from "vitest";
import { ResolutionError } from "../../../src/domain/errors.ts";
import type { Project, Update, UpdateGroup } from "../../../src/domain/types.ts";
import type { Ecosystem } from "../../../src/ecosystems/ecosystem.ts";
import { npm } from "../../../src/ecosystems/npm/index.ts";
import { patch } from "../../../src/pipeline/patch/patch.ts";
import { cannedHttp, memoryFiles, noTools } from "../../fakes.ts";

const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
const files = memoryFiles({
  "package.json": JSON.stringify(
    { dependencies: Object.fromEntries(names.map((name) => [name, "^1.0.0"])) },
    null,
    2,
  ),
});
const io = { files, http: cannedHttp({}), tools: noTools };

/** npm's own, but that some packages cannot move together; counts how often it was tried. */
function choosy(refuses: (moving: readonly string[]) => readonly string[] | undefined) {
  const real = npm();
  const attempts: number[] = [];
  const ecosystem: Ecosystem = {
    ...real,
    async patch(project, updates, world) {
      attempts.push(updates.length);
      const suspects = refuses(updates.map(({ dependency }) => dependency.name));
      if (suspects !== undefined) throw new ResolutionError("they do not fit", { suspects });
      return real.patch(project, updates, world);
    },
  };
  return { ecosystem, attempts };
}

async function groupOfAll(ecosystem: Ecosystem): Promise<UpdateGroup> {
  const [location] = await ecosystem.locate(["package.json"], files);
  return groupIn(await ecosystem.read(location!, files));
}

function groupIn(project: Project): UpdateGroup {
  const updates = project.manifests.flatMap((manifest) =>
    manifest.dependencies.map((dependency): Update => {
      const release = { version: "1.1.0" };
      return {
        project,
        manifest,
        dependency,
        from: "1.0.0",
        release,
        requirement: "^1.1.0",
        size: "minor",
        fixes: [],
      };
    }),
  );
  return { key: "npm/runtime", name: "runtime", kind: "version", single: false, updates };
}

async function patched(refuses: Parameters<typeof choosy>[0]) {
  const { ecosystem, attempts } = choosy(refuses);
  const result = await patch(await groupOfAll(ecosystem), new Map([["npm", ecosystem]]), io);
  const written: { dependencies: Record<string, string> } = JSON.parse(
    result.changes[0]?.content ?? `{"dependencies":{}}`,
  );
  return {
    attempts: attempts.length,
    moved: Object.entries(written.dependencies).filter(([, requirement]) => requirement === "^1.1.0").length,
    dropped: result.dropped.map(({ update }) => update.dependency.name),
  };
}

describe("a group that no lockfile can hold as a whole", () => {
  it("is written at once when it can", async () => {
    expect(await patched(() => undefined)).toEqual({ attempts: 1, moved: 20, dropped: [] });
  });

  it("loses the one that does not fit, which is found by halving", async () => {
    const { attempts, ...rest } = await patched((moving) => (moving.includes("p13") ? [] : undefined));
    expect(rest).toEqual({ moved: 19, dropped: ["p13"] });
    expect(attempts).toBeLessThanOrEqual(11);
  });

  it("loses it at once where the resolver names it", async () => {
    const { attempts, ...rest } = await patched((moving) => (moving.includes("p13") ? ["p13"] : undefined));
    expect(rest).toEqual({ moved: 19, dropped: ["p13"] });
    expect(attempts).toBe(3);
  });

  it("keeps as much as fits of two that exclude each other", async () => {
    const { dropped, moved } = await patched((moving) =>
      ["p3", "p17"].every((name) => moving.includes(name)) ? [] : undefined,
    );
    expect(moved).toBe(19);
    expect(["p3", "p17"]).toContain(dropped[0]);
  });

  it("takes the highest alternative that fits, and says in whose place", async () => {
    const real = npm();
    const ecosystem: Ecosystem = {
      ...real,
      async patch(project, updates, world) {
        const isTooHigh = updates.some(
          ({ dependency, release }) => dependency.name === "p3" && release.version > "1.0.7",
        );
        if (isTooHigh) throw new ResolutionError("q wants p3@<=1.0.7");
        return real.patch(project, updates, world);
      },
    };
    const planned = await groupOfAll(ecosystem);
    const step = (version: string) =>
      ({ release: { version }, requirement: `^${version}`, size: "patch", fixes: [] }) as const;
    const group = {
      ...planned,
      updates: planned.updates.map((update) => ({
        ...update,
        alternatives: [step("1.0.9"), step("1.0.7"), step("1.0.5")],
      })),
    };
    const result = await patch(group, new Map([["npm", ecosystem]]), io);
    expect(result.dropped).toEqual([]);
    expect(result.changes[0]?.content).toContain('"p3": "^1.0.7"');
    expect(result.changes[0]?.content).toContain('"p4": "^1.1.0"');
    const taken = result.group.updates.find(({ dependency }) => dependency.name === "p3");
    expect(taken?.insteadOf).toEqual({ version: "1.1.0", reason: "q wants p3@<=1.0.7" });
    expect([...result.replaced.keys()].map(({ dependency }) => dependency.name)).toEqual(["p3"]);
  });

  it("is given up when nothing fits", async () => {
    expect(await patched(() => [])).toMatchObject({ moved: 0, dropped: names });
  });

  it("comes to an end where nearly everything excludes everything, and says what was not tried", async () => {
    const real = npm();
    let attempts = 0;
    const ecosystem: Ecosystem = {
      ...real,
      async patch() {
        attempts += 1;
        throw new ResolutionError("they do not fit");
      },
    };
    const planned = await groupOfAll(ecosystem);
    const step = (version: string) =>
      ({ release: { version }, requirement: `^${version}`, size: "patch", fixes: [] }) as const;
    const updates = planned.updates.map((update) => ({
      ...update,
      alternatives: [step("1.0.9"), step("1.0.8"), step("1.0.7")],
    }));
    const { dropped } = await patch({ ...planned, updates }, new Map([["npm", ecosystem]]), io);
    expect(attempts).toBe(40);
    expect(dropped).toHaveLength(20);
    expect(dropped.at(-1)?.message).toMatch(/^p19@1\.1\.0 cannot be taken: it was not tried/);
  });

  it("tries nothing else when fewer updates would fare no better", async () => {
    const real = npm();
    let attempts = 0;
    const ecosystem: Ecosystem = {
      ...real,
      async patch() {
        attempts += 1;
        throw new ResolutionError("a plug-in is missing", { isHopeless: true });
      },
    };
    const { changes, dropped } = await patch(await groupOfAll(ecosystem), new Map([["npm", ecosystem]]), io);
    expect([attempts, changes]).toEqual([1, []]);
    expect(dropped.map(({ message }) => message)).toEqual(names.map(() => "a plug-in is missing"));
  });

  it("tries nothing else either when the lockfile does not resolve even where nothing moves", async () => {
    const real = npm();
    const calls: string[] = [];
    const ecosystem: Ecosystem = {
      ...real,
      async patch() {
        calls.push("patch");
        throw new ResolutionError("no release of gone fits 1.0.0-next.9");
      },
      async assertResolves() {
        calls.push("assertResolves");
        throw new ResolutionError("no release of gone fits 1.0.0-next.9");
      },
    };
    const { dropped } = await patch(await groupOfAll(ecosystem), new Map([["npm", ecosystem]]), io);
    expect(calls).toEqual(["patch", "assertResolves"]);
    expect(new Set(dropped.map(({ message }) => message)).size).toBe(1);
    expect(dropped[0]?.message).toMatch(
      /does not resolve as it stands, before any update: no release of gone fits 1\.0\.0-next\.9$/,
    );
  });

  it("asks only once whether the lockfile resolves as it stands, and not where an update is blamed", async () => {
    const real = npm();
    let asked = 0;
    const refusing = (suspects: readonly string[]): Ecosystem => ({
      ...real,
      async patch(project, updates, world) {
        if (updates.some(({ dependency }) => dependency.name === "p13"))
          throw new ResolutionError("they do not fit", { suspects });
        return real.patch(project, updates, world);
      },
      async assertResolves() {
        asked += 1;
      },
    });
    for (const [suspects, times] of [
      [[], 1],
      [["p13"], 1],
    ] as const) {
      const ecosystem = refusing(suspects);
      const { dropped } = await patch(await groupOfAll(ecosystem), new Map([["npm", ecosystem]]), io);
      expect([asked, dropped.map(({ update }) => update.dependency.name)]).toEqual([times, ["p13"]]);
    }
  });

  it("goes on with the other projects where one cannot be written at all", async () => {
    const two = memoryFiles({
      "a/package.json": JSON.stringify({ dependencies: { p0: "^1.0.0", p1: "^1.0.0" } }),
      "b/package.json": JSON.stringify({ dependencies: { p0: "^1.0.0", p1: "^1.0.0" } }),
    });
    const real = npm();
    const ecosystem: Ecosystem = {
      ...real,
      async patch(project, updates, world) {
        if (project.root === "a") throw new ResolutionError("a plug-in is missing", { isHopeless: true });
        return real.patch(project, updates, world);
      },
    };
    const groups = await Promise.all(
      (await ecosystem.locate(["a/package.json", "b/package.json"], two)).map(async (location) =>
        groupIn(await ecosystem.read(location, two)),
      ),
    );
    const group = { ...groups[0]!, updates: groups.flatMap(({ updates }) => updates) };
    const { changes, dropped } = await patch(group, new Map([["npm", ecosystem]]), { ...io, files: two });
    expect(changes.map(({ path }) => path)).toEqual(["b/package.json"]);
    expect(dropped.map(({ update, message }) => [update.manifest.path, message])).toEqual([
      ["a/package.json", "a plug-in is missing"],
      ["a/package.json", "a plug-in is missing"],
    ]);
  });
});
