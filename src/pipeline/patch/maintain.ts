import { ResolutionError } from "../../domain/errors.ts";
import type { Project, UpdateGroup } from "../../domain/types.ts";
import type { Ecosystem, Io } from "../../ecosystems/ecosystem.ts";
import { overlay } from "../../text/overlay.ts";
import type { Patched } from "./patch.ts";
import { reread } from "./reread.ts";

/** Makes a lockfile anew. Throws `ResolutionError` where a direct dependency would move: that is for updates to say. */
export async function maintain(
  group: UpdateGroup,
  project: Project,
  ecosystem: Ecosystem | undefined,
  io: Io,
): Promise<Patched> {
  const changes = (await ecosystem?.refresh?.(project, io)) ?? [];
  if (ecosystem === undefined || changes.length === 0) return patched(group, changes, []);
  const after = await reread(project, ecosystem, overlay(io.files, changes));
  for (const [at, manifest] of project.manifests.entries()) {
    for (const [index, { name, version, kind, scope }] of manifest.dependencies.entries()) {
      // A range that only stands beside what is installed, or decides for others, is no update of its own.
      if (kind !== undefined || scope === "peer") continue;
      const now = after.manifests[at]?.dependencies[index]?.version;
      if (now === version) continue;
      throw new ResolutionError(`${name} in ${manifest.path} would move from ${version} to ${now}`);
    }
  }
  return patched(group, changes, [{ before: project, after }]);
}

function patched(group: UpdateGroup, changes: Patched["changes"], after: Patched["after"]): Patched {
  return { group, changes, after, replaced: new Map(), dropped: [] };
}
