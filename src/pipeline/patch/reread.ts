import type { Project } from "../../domain/types.ts";
import type { Ecosystem, Io } from "../../ecosystems/ecosystem.ts";

/** A project as it is in files that were changed. */
export function reread(project: Project, ecosystem: Ecosystem, files: Io["files"]): Promise<Project> {
  const { root, manifests, lockfile } = project;
  const location = { root, manifests: manifests.map(({ path }) => path) };
  return ecosystem.read(lockfile === undefined ? location : { ...location, lockfile: lockfile.path }, files);
}
