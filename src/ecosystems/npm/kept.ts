import semver from "semver";
import type { Dependency, Project } from "../../domain/types.ts";
import type { Kept } from "./managers/manager.ts";

/**
 * A direct dependency that follows a tag, or is installed under another name, as it is in the lockfile: held, and yet
 * free to move where a lockfile is made anew. `undefined` for every other, and where the lockfile does not tell it apart.
 */
export function keptOf(dependency: Dependency, manifest: string, project: Project): Kept | undefined {
  const { name, requirement, version, held } = dependency;
  if (held?.code === "tag" && version !== undefined)
    return { name, package: name, version, requirement, pinned: version };
  const [, real, range = "*"] = /^npm:(@?[^@]+)(?:@(.+))?$/.exec(requirement) ?? [];
  if (held?.code !== "alias" || real === undefined) return undefined;
  const own = installedAt(manifest, project).filter((locked) => locked.name === real);
  const fitting = own.filter((locked) => semver.satisfies(locked.version, range, { loose: true }));
  const [only, ...more] = new Set((fitting.length === 0 ? own : fitting).map((locked) => locked.version));
  if (only === undefined || more.length > 0) return undefined;
  return { name, package: real, version: only, requirement, pinned: `npm:${real}@${only}` };
}

function installedAt(manifest: string, { lockfile }: Project) {
  const packages = lockfile?.graph.packages ?? [];
  const asked = new Set(packages.find((locked) => locked.manifest === manifest)?.dependencies);
  return packages.filter(({ id }) => asked.has(id));
}
