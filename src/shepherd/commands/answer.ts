import type { Ignored, Marker } from "../../domain/branch.ts";
import type { Reaction } from "../../domain/ports.ts";
import type { PullRequestState } from "../../domain/pull-request.ts";
import { codeSpan, safeText } from "../../text/markdown.ts";
import { type Condition, isTakenBack } from "../closing.ts";
import type { Command, Extent } from "./parse.ts";

/** What is done for a command. Each can be done again after a kill at any step. */
export type Deed =
  | { readonly kind: "mark"; readonly marker: Marker }
  | { readonly kind: "close" | "reopen" | "scan" | "no auto-merge" | "search anew" }
  | { readonly kind: "unignore"; readonly name: string };

export interface Answer {
  readonly deeds: readonly Deed[];
  /** Markdown. */
  readonly text?: string;
  readonly reaction: Exclude<Reaction, "eyes">;
}

/** What a command is answered by. */
export interface Heard {
  readonly pull: PullRequestState;
  readonly conditions: readonly Condition[];
  /** Why the package that is asked about is as it is, in Markdown; absent where nothing requires it. */
  readonly explanation?: string;
  readonly search: "none" | "running" | "over";
  /** Whether one of its checks has failed; only asked about where it counts. */
  readonly isRed: boolean;
  /** Whether somebody began with it and was killed: what there is nothing left to do about was done. */
  readonly isResumed: boolean;
}

/** What to do for a command, and what to say. Pure. */
export function answer(command: Command, heard: Heard): Answer {
  const { pull, conditions } = heard;
  const { marker } = pull;
  switch (command.kind) {
    case "help":
      return said(help);
    case "unknown": {
      const { text, meant } = command;
      const likely = meant === undefined ? "" : ` Did you mean ${codeSpan(`@steeplejack ${meant}`)}?`;
      return refused(
        `I do not know ${codeSpan(text.slice(0, 100))}.${likely} \`@steeplejack help\` lists what I know.`,
      );
    }
    case "rebase":
      if (pull.state !== "open") return refused(notOpen);
      if (!pull.isOurs)
        return refused(
          "Somebody else committed to this branch, so I leave it as it is. `@steeplejack recreate` throws those commits away and makes it anew.",
        );
      return done({ kind: "mark", marker: { ...marker, wanted: "rebase" } }, { kind: "scan" });
    case "recreate":
      if (pull.state !== "open") return refused(notOpen);
      return done({ kind: "mark", marker: { ...marker, wanted: "recreate" } }, { kind: "scan" });
    case "merge":
      if (pull.state !== "open") return refused(notOpen);
      return done({
        kind: "mark",
        marker: withMerge(marker, command.method === "squash" ? "squash" : "usual"),
      });
    case "cancel merge": {
      const { merge, ...rest } = marker;
      const isQueued = marker.queued === pull.headSha;
      if (merge === undefined && !isQueued && !pull.autoMerge && !heard.isResumed)
        return said("Nothing was to be merged.");
      return done({ kind: "mark", marker: rest }, { kind: "no auto-merge" });
    }
    case "close":
      return pull.state === "open" || heard.isResumed ? done({ kind: "close" }) : refused(notOpen);
    case "reopen":
      if (pull.state === "merged") return refused("It is merged.");
      return done({ kind: "reopen" });
    case "ignore":
      return ignore(command, pull);
    case "unignore":
      if (!heard.isResumed && !conditions.some((condition) => isTakenBack(condition, command.name)))
        return refused(`Nothing is ignored for ${codeSpan(command.name)} by a comment or by closing.`);
      return done({ kind: "unignore", name: command.name }, { kind: "scan" });
    case "show ignore conditions":
      return said(listOf(conditions, command.name));
    case "explain":
      return heard.explanation === undefined
        ? refused(`No manifest that is scanned requires ${codeSpan(command.name)}.`)
        : said(heard.explanation);
    case "split":
      return split(command.name, pull);
    case "bisect":
      break;
  }
  if (pull.state !== "open") return refused(notOpen);
  if (heard.search === "running") return said("The search is under way.");
  if ((marker.moves ?? []).length < 2) return refused("There is only one package in it.");
  if (!heard.isRed && !heard.isResumed)
    return refused("There is nothing to search for: no check has failed.");
  return done({ kind: "search anew" });
}

/** A person's word counts anew, whatever became of it in a queue. */
function withMerge(marker: Marker, merge: NonNullable<Marker["merge"]>): Marker {
  const { queued, ...rest } = marker;
  return queued === undefined ? { ...marker, merge } : { ...rest, merge };
}

const notOpen = "This pull request is not open. `@steeplejack reopen` opens it again, if it was closed.";

function done(...deeds: readonly Deed[]): Answer {
  return { deeds, reaction: "rocket" };
}

function said(text: string): Answer {
  return { deeds: [], text, reaction: "rocket" };
}

function refused(text: string): Answer {
  return { deeds: [], text, reaction: "confused" };
}

function ignore(command: Extract<Command, { kind: "ignore" }>, pull: PullRequestState): Answer {
  const { marker, state } = pull;
  const moves = marker.moves ?? [];
  const isSingle = moves.length === 1;
  const name = command.name ?? (isSingle ? moves[0]?.name : undefined);
  if (name === undefined)
    return refused("There are several packages in it: say which, as in `@steeplejack ignore NAME`.");
  const what = whatOf(command.extent, moves.find((move) => move.name === name)?.to);
  if (what === undefined)
    return refused(
      `${codeSpan(name)} is not in this pull request, so its versions must be named, as in ${codeSpan(`@steeplejack ignore ${name} >=2 <3`)}.`,
    );
  const kept = (marker.ignore ?? []).filter((one) => one.name !== name || one.what !== what);
  const ignored: readonly Ignored[] = [...kept, { name, what }];
  const isAlone = isSingle && moves[0]?.name === name;
  return {
    deeds: [
      { kind: "mark", marker: { ...marker, ignore: ignored } },
      ...(isAlone && state === "open" ? [{ kind: "close" } as const] : []),
      { kind: "scan" },
    ],
    text: `OK, ${codeSpan(name)} will not be proposed${scopeOf(command.extent)}. ${codeSpan(`@steeplejack unignore ${name}`)} takes that back.`,
    reaction: "rocket",
  };
}

/** See `Ignored`. */
function whatOf(extent: Extent, version: string | undefined): string | undefined {
  if (extent === "dependency") return "*";
  if (typeof extent === "object") return extent.range;
  return version === undefined ? undefined : `${extent} ${version}`;
}

function scopeOf(extent: Extent): string {
  if (extent === "dependency") return " again";
  return typeof extent === "object" ? ` in ${codeSpan(extent.range)}` : ` at this ${extent} version`;
}

function split(name: string, { state, marker }: PullRequestState): Answer {
  if (state !== "open") return refused(notOpen);
  const moves = marker.moves ?? [];
  const move = moves.find((one) => one.name === name);
  if (move === undefined) return refused(`${codeSpan(name)} is not in this pull request.`);
  if (moves.length === 1) return said(`${codeSpan(name)} is alone in it already.`);
  const apart = [...(marker.apart ?? []).filter((one) => one.name !== name), { name, version: move.to }];
  return done({ kind: "mark", marker: { ...marker, apart } }, { kind: "scan" });
}

const mostListed = 100;

function listOf(conditions: readonly Condition[], name: string | undefined): string {
  const rows = conditions.filter(({ names }) => name === undefined || names.includes(name));
  if (rows.length === 0)
    return `Nothing is ignored${name === undefined ? "" : ` for ${codeSpan(name)}`} by a comment or by closing.`;
  const left = rows.length - mostListed;
  return [
    "| Package | Ignored | Since |",
    "| --- | --- | --- |",
    ...rows.slice(0, mostListed).map(({ names, what, how, number }) => {
      const packages = names.slice(0, 3).map((one) => codeSpan(one.slice(0, 100)));
      const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
      const since = how === "closed" ? `#${number} was closed` : `a comment on #${number}`;
      return `| ${packages.join(", ").replaceAll("|", "\\|")}${more} | ${safeText(what, 200)} | ${since} |`;
    }),
    ...(left > 0 ? ["", `… and ${left} more`] : []),
    "",
    "`@steeplejack unignore NAME` takes it back, `@steeplejack unignore *` all of it. What the configuration ignores stands in its file.",
  ].join("\n");
}

const help = [
  "| Command | What it does |",
  "| --- | --- |",
  ...[
    ["rebase", "puts this on top of its base"],
    ["recreate", "makes this anew, and throws other people's commits away"],
    ["merge", "merges this once its checks have passed; `squash and merge` as one commit"],
    ["cancel merge", "takes that back"],
    ["close", "closes this, and keeps these versions back; `reopen` takes that back"],
    [
      "ignore this dependency",
      "keeps the package back; also `this major version`, `this minor version`, `this patch version`",
    ],
    ["ignore NAME", "the same for one package of several; also `NAME major version`, `NAME >=2 <3`"],
    ["unignore NAME", "takes that back; `*` for all"],
    ["show ignore conditions", "lists what is kept back"],
    ["explain NAME", "tells why a package is proposed, or is not"],
    ["split NAME", "gives a package a pull request of its own"],
    ["bisect", "searches again for the package that makes the checks fail"],
  ].map(([command = "", meaning = ""]) => `| \`@steeplejack ${command}\` | ${meaning} |`),
].join("\n");
