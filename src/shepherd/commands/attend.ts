import type { ClosedPullRequest, Conversation, OpenPullRequest, PullRequests } from "../../domain/ports.ts";
import type { Comment, PullRequestState } from "../../domain/pull-request.ts";
import type { Policies } from "../../domain/policy.ts";
import { closedKey, conditionsOf, farewell, isTakenBack, openAgain } from "../closing.ts";
import { freshnessOf } from "../freshness.ts";
import { commentOf, noteOf, readNote } from "../note.ts";
import { bisectKey, bisectShape } from "../state.ts";
import { mergeOrQueue } from "../queue.ts";
import { tellRefusal } from "../refusal.ts";
import { type Answer, answer, type Deed, type Heard } from "./answer.ts";
import { mergeStep } from "./merging.ts";
import { type Command, parseCommands } from "./parse.ts";

/** All that attending to people reads from and acts on. */
export interface AttendWorld {
  readonly pulls: PullRequests;
  readonly talk: Conversation;
  readonly policies: Policies;
  /** What GitHub calls the App. */
  readonly slug: string;
  readonly openPullRequests: () => Promise<readonly OpenPullRequest[]>;
  readonly closedPullRequests: () => Promise<readonly ClosedPullRequest[]>;
  /** Why a package is as it is, in Markdown; `undefined` where nothing requires it. */
  readonly explain: (name: string) => Promise<string | undefined>;
  /** Whether the repository has just been scanned: what is still to be done then, no other scan would do. */
  readonly isAfterScan: boolean;
  readonly signal?: AbortSignal;
}

/** What was done, such as `#12 rebase`, and what is left to do. */
export interface Attended {
  readonly done: readonly string[];
  /** Whether the repository is to be scanned. */
  readonly scan: boolean;
  /** Whether GitHub has yet to work out something that is waited for. */
  readonly soon: boolean;
}

/**
 * Answers the comments on a pull request of the App that ask it for something, merges it where that was asked for, and
 * says what follows from its having been closed. A comment that has our reaction was answered before.
 */
export async function attend(number: number, world: AttendWorld): Promise<Attended> {
  const { pulls, slug } = world;
  const pull = await pulls.read(number);
  if (pull === undefined) return { done: [], scan: false, soon: false };
  const comments = await pulls.commentsOn(number);
  const done: string[] = [];
  let scan = false;
  for (const comment of comments.filter(({ isOurs }) => !isOurs)) {
    world.signal?.throwIfAborted();
    const commands = parseCommands(comment.body, slug);
    if (commands.length === 0) continue;
    const reactions = await world.talk.reactionsTo(comment.id);
    if (reactions.some((reaction) => reaction !== "eyes")) continue;
    const wantsScan = await obey(comment, commands, number, { ...world, isResumed: reactions.length > 0 });
    scan ||= wantsScan;
    done.push(...commands.map(({ kind }) => `#${number} ${kind}`));
  }
  const now = done.length === 0 ? pull : ((await pulls.read(number)) ?? pull);
  await sayFarewell(now, comments, world);
  const step = await merge(now, world);
  if (step !== undefined && step !== "soon") done.push(`#${number} ${step}`);
  const isLeft = !world.isAfterScan && isUnfulfilled(now);
  return { done, scan: scan || step === "rebase" || isLeft, soon: step === "soon" };
}

/** Whether something was asked for that only a scan can do: it may have been lost with a worker. */
function isUnfulfilled({ state, marker }: PullRequestState): boolean {
  const { wanted, moves = [], apart = [], ignore = [] } = marker;
  if (state !== "open") return false;
  const isApart = apart.some(({ name, version }) =>
    moves.some((move) => move.name === name && move.to === version),
  );
  const isIgnored = ignore.some(({ name, what }) => what === "*" && moves.some((move) => move.name === name));
  return wanted !== undefined || isApart || isIgnored;
}

/** Carries out the commands of one comment. Its last reaction comes last, so that a run that was killed is repeated. */
async function obey(
  { id, author }: Comment,
  commands: readonly Command[],
  number: number,
  world: AttendWorld & Pick<Heard, "isResumed">,
): Promise<boolean> {
  const { pulls, talk } = world;
  const say = (texts: readonly string[]) => {
    const key = `answer-${id}`;
    return pulls.say(number, key, `${texts.join("\n\n")}\n\n${noteOf(key)}`);
  };
  if (!(await talk.mayWrite(author))) {
    await say(["Only people who may write to this repository can ask me for something."]);
    await talk.react(id, "-1");
    return false;
  }
  await talk.react(id, "eyes");
  const answers: Answer[] = [];
  let scan = false;
  for (const command of commands) {
    const pull = await pulls.read(number);
    if (pull === undefined) return scan;
    const given = answer(command, await hear(command, pull, world));
    const answered = await carryOut(given, pull, world);
    answers.push(answered);
    scan ||= answered.deeds.some(({ kind }) => kind === "scan");
  }
  const texts = answers.flatMap(({ text }) => text ?? []);
  if (texts.length > 0) await say(texts);
  await talk.react(id, answers.some(({ reaction }) => reaction === "confused") ? "confused" : "rocket");
  return scan;
}

/** No more is asked of GitHub than the command needs. */
async function hear(
  command: Command,
  pull: PullRequestState,
  world: AttendWorld & Pick<Heard, "isResumed">,
): Promise<Heard> {
  const isAboutConditions = command.kind === "unignore" || command.kind === "show ignore conditions";
  const lists = isAboutConditions
    ? await Promise.all([world.closedPullRequests(), world.openPullRequests()])
    : undefined;
  const checks = command.kind === "bisect" ? await world.pulls.checksOf(pull.headSha) : [];
  const explanation = command.kind === "explain" ? await world.explain(command.name) : undefined;
  return {
    pull,
    isResumed: world.isResumed,
    isRed: checks.some(({ outcome }) => outcome === "failed"),
    conditions: lists === undefined ? [] : conditionsOf(...lists),
    search: command.kind === "bisect" ? await searchOn(pull, world) : "none",
    ...(explanation === undefined ? {} : { explanation }),
  };
}

async function searchOn(
  { number, marker }: PullRequestState,
  { pulls }: AttendWorld,
): Promise<Heard["search"]> {
  const state = readNote(await pulls.commentsOn(number), bisectKey, bisectShape);
  if (state === undefined || state.digest !== marker.digest) return "none";
  return state.phase === "again" || state.phase === "search" ? "running" : "over";
}

/** The answer, as it turned out. */
async function carryOut(given: Answer, pull: PullRequestState, world: AttendWorld): Promise<Answer> {
  for (const deed of given.deeds) {
    const failed = await act(deed, pull, world);
    if (failed !== undefined) return { deeds: [], text: failed, reaction: "confused" };
  }
  return given;
}

/** Gives why it could not be done, if so. */
async function act(deed: Deed, pull: PullRequestState, world: AttendWorld): Promise<string | undefined> {
  const { pulls, talk } = world;
  switch (deed.kind) {
    case "mark":
      await pulls.mark(pull, deed.marker);
      break;
    case "close":
      await talk.close(pull);
      break;
    case "reopen":
      if (!(await talk.reopen(pull)))
        return "GitHub does not let me open it again: its branch was made anew meanwhile, or another pull request has it now.";
      break;
    case "no auto-merge":
      await pulls.autoMerge(pull, false, undefined);
      if (pull.marker.queued !== undefined) await pulls.leaveQueue(pull);
      break;
    case "search anew":
      if (commentOf(await pulls.commentsOn(pull.number), bisectKey) !== undefined)
        await pulls.say(pull.number, bisectKey, "A new search was asked for.");
      break;
    case "unignore":
      await unignore(deed.name, world);
      break;
    case "scan":
      break;
  }
  return undefined;
}

/** Takes what was said out of the markers of the pull requests on which it was said. */
export async function unignore(name: string, world: AttendWorld): Promise<void> {
  const [closed, open] = await Promise.all([world.closedPullRequests(), world.openPullRequests()]);
  const meant = conditionsOf(closed, open).filter((condition) => isTakenBack(condition, name));
  for (const [number, conditions] of Map.groupBy(meant, (condition) => condition.number)) {
    const pull = await world.pulls.read(number);
    if (pull === undefined) continue;
    const { ignore = [], ...marker } = pull.marker;
    const left = ignore.filter((one) => name !== "*" && one.name !== name);
    const isProposable = conditions.some(({ how }) => how === "closed");
    await world.pulls.mark(pull, {
      ...marker,
      ...(left.length === 0 ? {} : { ignore: left }),
      ...(isProposable ? { digest: "" } : {}),
    });
  }
}

async function sayFarewell(
  pull: PullRequestState,
  comments: readonly Comment[],
  { pulls }: AttendWorld,
): Promise<void> {
  const { number, state } = pull;
  if (state === "open") {
    if (commentOf(comments, closedKey) !== undefined) await pulls.say(number, closedKey, openAgain);
    return;
  }
  const text = farewell(pull);
  if (text !== undefined) await pulls.say(number, closedKey, text);
  await deleteBranch(pull, pulls);
}

/** Unless it is another pull request's by now or has somebody's work. */
async function deleteBranch(
  { isOurs, branch, headSha }: PullRequestState,
  pulls: AttendWorld["pulls"],
): Promise<void> {
  if (isOurs && (await pulls.branch(branch))?.sha === headSha) await pulls.deleteBranch(branch);
}

/** What was done, or `soon` where GitHub does not know yet whether it merges. */
async function merge(
  pull: PullRequestState,
  { pulls, policies }: AttendWorld,
): Promise<"merge" | "rebase" | "soon" | undefined> {
  if (pull.state !== "open" || pull.marker.merge === undefined) return undefined;
  const [checks, required] = await Promise.all([
    pulls.checksOf(pull.headSha),
    pulls.requiredChecks(pull.base),
  ]);
  const step = mergeStep(pull, checks, required);
  if (step?.kind === "rebase") {
    await pulls.mark(pull, { ...pull.marker, wanted: "rebase" });
    return "rebase";
  }
  if (step?.kind === "wait") return step.for.length === 0 ? "soon" : undefined;
  if (step === undefined) return undefined;
  const fresh = await freshnessOf(pull, { pulls, policies });
  if (fresh === "wait") return undefined;
  if (fresh === "rebase") {
    await pulls.mark(pull, { ...pull.marker, wanted: "rebase" });
    return "rebase";
  }
  const merging = await mergeOrQueue(pull, step.method, pulls);
  if (merging.kind === "queued" || merging.kind === "taken out") return undefined;
  if (merging.kind === "moved") return "soon";
  if (merging.kind === "merged") {
    await deleteBranch(pull, pulls);
    return "merge";
  }
  // A person has to do what is missing, such as to approve it.
  if (await pulls.autoMerge(pull, true, step.method)) return "merge";
  await tellRefusal(pull, merging.reason, pulls);
  return undefined;
}
