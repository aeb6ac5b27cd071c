import type { PullRequestState } from "../domain/pull-request.ts";
import type { Action } from "./actions.ts";
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
  switch (action.kind) {
    case "say":
      await pulls.say(pull.number, action.key, action.text);
      return true;
    case "rerun":
      await pulls.rerun(pull, action.checks);
      return true;
    case "rerun trial": {
      const { branch } = action;
      const head = await pulls.branch(branch);
      if (head !== undefined) await pulls.rerun({ branch, headSha: head.sha }, action.checks);
      return head !== undefined;
    }
    case "try":
      return tryOut(action, pull, world);
    case "open draft": {
      const { branch } = action;
      const title = `Trial for #${pull.number}: only some of its updates`;
      const body = `Opened by Steeplejack so that checks run, and closed again when they have: the checks of #${pull.number} fail, and this has only some of its updates. Nothing is to be done here.`;
      await pulls.openDraft({ branch, base: pull.base, title, body });
      return true;
    }
    case "delete branches":
      for (const branch of action.branches) await pulls.deleteBranch(branch);
      return true;
    case "set apart": {
      const isNamed = new Set(action.names);
      const { marker } = pull;
      const pinned = (marker.moves ?? []).filter(({ name }) => isNamed.has(name));
      const apart = pinned.map(({ name, to }) => ({ name, version: to }));
      await pulls.mark(pull, { ...marker, apart: [...(marker.apart ?? []), ...apart] });
      return true;
    }
    case "merge":
      return (await pulls.merge(pull, action.method)).kind === "merged";
    case "auto-merge":
      return (await pulls.autoMerge(pull, action.wanted, action.method)) === action.wanted;
  }
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
