import { type Move, movesOf } from "../domain/branch.ts";
import type { Evidence } from "../domain/confidence.ts";
import type { OpenPullRequest } from "../domain/ports.ts";
import type { UpdateGroup } from "../domain/types.ts";
import type { ComposeInput } from "./compose/compose.ts";
import { impactsOf } from "./impact/impact.ts";
import type { Scan, World } from "./scan.ts";

/** What is known of updates from before this scan. */
export interface Knowledge {
  /** What is known of steps from one version to another, by the package's name. */
  readonly evidence?: {
    read(ecosystem: string, moves: readonly Move[]): Promise<ReadonlyMap<string, Evidence>>;
  };
  /** Why a package was taken out of the group that it was in, as Markdown. */
  readonly storyOf?: (group: UpdateGroup) => Promise<string | undefined>;
}

/** What is open, with what it will move when this scan is done. */
export function asPlanned(
  open: readonly OpenPullRequest[],
  groups: readonly UpdateGroup[],
): readonly OpenPullRequest[] {
  const moves = new Map(groups.map((group) => [group.key, movesOf(group)]));
  return open.map((pull) => ({ ...pull, moves: moves.get(pull.key) ?? pull.moves ?? [] }));
}

/** What was seen of the group's updates before, and what they do to the repository's own code. */
export async function learned(
  group: UpdateGroup,
  { projects }: Pick<Scan, "projects">,
  world: Knowledge & World,
): Promise<Pick<ComposeInput, "evidence" | "story" | "impacts">> {
  const { evidence, storyOf } = world;
  const [ecosystem = ""] = group.key.split("/");
  const [known, story, impacts] = await Promise.all([
    evidence?.read(ecosystem, movesOf(group)),
    storyOf?.(group),
    impactsOf(group, projects, world),
  ]);
  return { ...(known && { evidence: known }), ...(story !== undefined && { story }), impacts };
}
