import { messageOf, RateLimitError } from "../domain/errors.ts";
import type { HttpClient } from "../domain/ports.ts";
import type { Problem, Project } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";

/**
 * The projects that are libraries: what looks as if it were published, and of which the registry says that it is. One
 * that cannot be asked about is taken for an application, whose requirements are raised, and that is told.
 */
export async function findLibraries(
  projects: readonly Project[],
  ecosystems: ReadonlyMap<string, Ecosystem>,
  http: HttpClient,
): Promise<{ libraries: ReadonlySet<Project>; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const found = await Promise.all(
    projects.map(async (project) => {
      const { publication, ecosystem } = project;
      if (publication === undefined) return [];
      try {
        const isPublished = await ecosystems.get(ecosystem)?.isPublished?.(publication, http);
        return isPublished === true ? [project] : [];
      } catch (error) {
        if (error instanceof RateLimitError) throw error;
        const message = `it is not known whether ${publication.name} is a library, so requirements are raised: ${messageOf(error)}`;
        problems.push({ stage: "resolve", subject: publication.name, message });
        return [];
      }
    }),
  );
  return { libraries: new Set(found.flat()), problems };
}
