import { movesOf } from "../domain/branch.ts";
import type { MergeMethod, PullRequestState } from "../domain/pull-request.ts";
import type { Action } from "./actions.ts";
import { mergeOrQueue } from "./queue.ts";
import { tellRefusal } from "./refusal.ts";
import type { ShepherdWorld } from "./shepherd.ts";

/**
 * Carries out one action. Each looks at what is there first, so that it can be repeated after a kill at any step. Gives
 * whether it could be done.
 */
export async function perform(
  action: Exclude<Action, { kind: "scan" }>,
  pull: PullRequestState,
  world: ShepherdWorld,
): Promise<boolean> {
  const { pulls } = world;
  if (action.kind === "try") return tryOut(action, pull, world);
  if (action.kind === "merge") return merge(action.method, pull, world);
  if (action.kind === "auto-merge")
    return (await pulls.autoMerge(pull, action.wanted, action.method)) === action.wanted;
  switch (action.kind) {
    case "say":
      await pulls.say(pull.number, action.key, action.text);
      break;
    case "rerun":
      await pulls.rerun(pull, action.checks);
      break;
    case "rerun trial": {
      const head = await pulls.branch(action.branch);
      if (head !== undefined) await pulls.rerun({ branch: action.branch, headSha: head.sha }, action.checks);
      break;
    }
    case "open draft":
      await pulls.openDraft({ branch: action.branch, base: pull.base, ...draftFor(pull) });
      break;
    case "delete branches":
      for (const branch of action.branches) await pulls.deleteBranch(branch);
      break;
    case "wait":
      await pulls.mark(pull, { ...pull.marker, behind: action.behind });
      break;
    case "rebase": {
      const { behind: _, ...marker } = pull.marker;
      await pulls.mark(pull, { ...marker, wanted: "rebase" });
      break;
    }
    case "set apart":
      await setApart(action.names, pull, world);
      break;
  }
  return true;
}

/** Where GitHub asks for more than checks, such as a review or its queue, it is told to merge when that is there. */
async function merge(
  method: MergeMethod | undefined,
  pull: PullRequestState,
  { pulls }: ShepherdWorld,
): Promise<boolean> {
  const merging = await mergeOrQueue(pull, method, pulls);
  if (merging.kind === "refused" && !(await pulls.autoMerge(pull, true, method)))
    await tellRefusal(pull, merging.reason, pulls);
  if (merging.kind === "merged") await pulls.deleteBranch(pull.branch);
  return merging.kind === "merged";
}

function draftFor({ number }: PullRequestState): { readonly title: string; readonly body: string } {
  return {
    title: `Trial for #${number}: only some of its updates`,
    body: `Opened by Steeplejack so that checks run, and closed again when they have: the checks of #${number} fail, and this has only some of its updates. Nothing is to be done here.`,
  };
}

async function setApart(
  names: readonly string[],
  pull: PullRequestState,
  { pulls, groupOf }: ShepherdWorld,
): Promise<void> {
  const { marker } = pull;
  const group = marker.moves === undefined ? await groupOf(pull) : undefined;
  const moves = marker.moves ?? (group === undefined ? [] : movesOf(group));
  const pinned = moves.filter(({ name }) => names.includes(name));
  const added = pinned.map(({ name, to }) => ({ name, version: to }));
  await pulls.mark(pull, { ...marker, apart: [...(marker.apart ?? []), ...added] });
}

async function tryOut(
  { branch, names }: Extract<Action, { kind: "try" }>,
  pull: PullRequestState,
  { pulls, groupOf, write }: ShepherdWorld,
): Promise<boolean> {
  if ((await pulls.branch(branch)) !== undefined) return true;
  const group = await groupOf(pull);
  if (group === undefined || pull.parentSha === undefined) return false;
  const updates = group.updates.filter(({ dependency }) => names.includes(dependency.name));
  const changes = await write(pull, { ...group, updates });
  if (changes === undefined) return false;
  const message = `Try ${names.length} of the updates of #${pull.number}\n\n${names.join("\n")}\n`;
  await pulls.push(branch, { parent: pull.parentSha, message, changes });
  return true;
}
