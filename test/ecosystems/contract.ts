import { expect, it } from "vitest";
import type { Project, Update } from "../../src/domain/types.ts";
import type { Ecosystem } from "../../src/ecosystems/ecosystem.ts";
import { cannedHttp, memoryFiles, noTools } from "../fakes.ts";

/**
 * What every ecosystem promises, checked on an example repository of its own without lockfiles: those need a registry,
 * and each ecosystem tests them by itself. `next` is a release that every requirement of the example can be raised to.
 */
export function keepsTheContract(
  ecosystem: Ecosystem,
  example: Readonly<Record<string, string>>,
  next: string,
): void {
  const files = memoryFiles(example);
  const io = { files, http: cannedHttp({}), tools: noTools };
  const claimed = Object.keys(example).filter((path) => ecosystem.claims(path));
  const projects = async () => {
    const locations = await ecosystem.locate(claimed, files);
    return Promise.all(locations.map((location) => ecosystem.read(location, files)));
  };
  const dependenciesOf = (project: Project) => project.manifests.flatMap(({ dependencies }) => dependencies);

  it("puts each claimed manifest into exactly one project", async () => {
    const manifests = (await projects()).flatMap((project) => project.manifests.map(({ path }) => path));
    expect(manifests.toSorted()).toEqual(claimed.toSorted());
  });

  it("makes plain JSON of files, which can be kept", async () => {
    const made = [await ecosystem.locate(claimed, files), await projects()];
    expect(JSON.parse(JSON.stringify(made))).toStrictEqual(made);
  });

  it("reads each span back as its requirement", async () => {
    const read = (await projects()).flatMap((project) => project.manifests);
    expect(read.flatMap(({ dependencies }) => dependencies)).not.toEqual([]);
    for (const { path, dependencies } of read) {
      for (const { span, requirement } of dependencies) {
        expect(example[path]?.slice(span.start, span.end)).toBe(requirement);
      }
    }
  });

  it("changes nothing without updates", async () => {
    for (const project of await projects()) expect(await ecosystem.patch(project, [], io)).toEqual([]);
  });

  it("reads next what it wrote, and nothing else has changed", async () => {
    for (const project of await projects()) {
      const updates = updatesOf(project, ecosystem, next);
      const changes = await ecosystem.patch(project, updates, io);
      const after = {
        ...example,
        ...Object.fromEntries(changes.map(({ path, content }) => [path, content])),
      };
      const location = { root: project.root, manifests: project.manifests.map(({ path }) => path) };
      const again = await ecosystem.read(location, memoryFiles(after));
      const raised = new Map(updates.map(({ dependency, requirement }) => [dependency, requirement]));
      expect(dependenciesOf(again).map(({ requirement }) => requirement)).toEqual(
        dependenciesOf(project).map((dependency) => raised.get(dependency) ?? dependency.requirement),
      );
      for (const { path } of changes)
        expect(withoutSpans(after, path, again)).toBe(withoutSpans(example, path, project));
    }
  });
}

function updatesOf(project: Project, { versions }: Ecosystem, next: string): Update[] {
  return project.manifests.flatMap((manifest) =>
    manifest.dependencies
      .filter(({ held }) => held === undefined)
      .map((dependency): Update => {
        const release = { version: next };
        const requirement =
          versions.raise(dependency.requirement, release, "increase") ?? dependency.requirement;
        return {
          project,
          manifest,
          dependency,
          from: dependency.version ?? "",
          release,
          requirement,
          size: "major",
          fixes: [],
        };
      }),
  );
}

/** The text with a hole for each requirement: all that a patch must leave alone. */
function withoutSpans(files: Readonly<Record<string, string>>, path: string, project: Project): string {
  const dependencies = project.manifests.find((manifest) => manifest.path === path)?.dependencies ?? [];
  const spans = dependencies.map(({ span }) => span).toSorted((a, b) => b.start - a.start);
  return spans.reduce(
    (text, { start, end }) => `${text.slice(0, start)}<>${text.slice(end)}`,
    files[path] ?? "",
  );
}
