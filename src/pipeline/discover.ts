import picomatch from "picomatch";
import { ManifestError, messageOf } from "../domain/errors.ts";
import type { Policies } from "../domain/policy.ts";
import type { Cache, FileReader } from "../domain/ports.ts";
import type { Problem, Project } from "../domain/types.ts";
import type { Ecosystem, ProjectLocation } from "../ecosystems/ecosystem.ts";
import { remembered } from "../text/remembered.ts";
import { recall } from "./recall.ts";

export interface Discovery {
  readonly projects: readonly Project[];
  /** The manifests that the configuration leaves out. */
  readonly excluded: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Finds and reads every project of the repository. What cannot be read becomes a problem. With a cache, what was read is
 * kept until its files change.
 */
export async function discover(
  ecosystems: readonly Ecosystem[],
  files: FileReader,
  policies: Pick<Policies, "forProject">,
  cache?: Cache,
): Promise<Discovery> {
  const tests = new Map<readonly string[], (path: string) => boolean>();
  const isExcluded = (ecosystem: string, root: string, path: string): boolean => {
    const { excludePaths } = policies.forProject({ ecosystem, root });
    return remembered(tests, excludePaths, () => picomatch([...excludePaths], { dot: true }))(path);
  };
  const entries = await files.list();
  const found = await Promise.all(
    ecosystems.map(async (ecosystem) => {
      const claimed = entries.filter(({ path }) => ecosystem.claims(path));
      const links = claimed.filter(({ kind }) => kind === "link").map(({ path }) => linkProblem(path));
      const paths = claimed.filter(({ kind }) => kind === "file").map(({ path }) => path);
      const { id, revision } = ecosystem;
      const through = <T>(what: unknown, work: (seen: FileReader) => Promise<T>): Promise<T> =>
        cache === undefined || revision === undefined
          ? work(files)
          : recall([id, revision, what], files, cache, work);
      const locations = await through(["locate", paths], (seen) => ecosystem.locate(paths, seen));
      const wanted = locations.filter(
        ({ root, manifests: [first = ""] }) => !isExcluded(ecosystem.id, root, first),
      );
      const excluded = locations.filter((it) => !wanted.includes(it)).flatMap(({ manifests }) => manifests);
      const read = await Promise.all(
        wanted.map(async (location): Promise<Read> => {
          try {
            return await through(["read", location], (seen) => readOne(ecosystem, location, seen));
          } catch (error) {
            return { problem: faultOf(location, error) };
          }
        }),
      );
      return { read, links, excluded };
    }),
  );
  const projects = found.flatMap(({ read }) => read.flatMap((it) => ("project" in it ? it.project : [])));
  const failures = found.flatMap(({ read, links }) => [
    ...links,
    ...read.flatMap((it) => ("problem" in it ? it.problem : [])),
  ]);
  const warnings = projects.flatMap(({ warnings: told, manifests }) =>
    told.map((message) => ({ stage: "discover", subject: manifests[0]?.path ?? "", message }) as const),
  );
  const excluded = found.flatMap((it) => it.excluded);
  return { projects, excluded, problems: [...failures, ...warnings] };
}

type Read = { readonly project: Project } | { readonly problem: Problem };

/** What is wrong with a file follows from the files alone, as what is right does: both are kept. */
async function readOne(ecosystem: Ecosystem, location: ProjectLocation, files: FileReader): Promise<Read> {
  try {
    return { project: await ecosystem.read(location, files) };
  } catch (error) {
    if (error instanceof ManifestError) return { problem: faultOf(location, error) };
    throw error;
  }
}

function faultOf({ root, manifests: [first] }: ProjectLocation, error: unknown): Problem {
  return { stage: "discover", subject: first ?? root, message: messageOf(error) };
}

function linkProblem(path: string): Problem {
  return {
    stage: "discover",
    subject: path,
    message: `${path} is a symbolic link, and links are not followed`,
  };
}
