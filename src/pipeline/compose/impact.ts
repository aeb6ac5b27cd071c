import { type Breakage, type Impact, isBroken } from "../../domain/impact.ts";
import type { Update, UpdateGroup } from "../../domain/types.ts";
import { byText } from "../../text/order.ts";
import { safeText } from "../../text/markdown.ts";
import { impactKey, type Impacts } from "../impact/impact.ts";
import type { ComposeInput } from "./compose.ts";
import type { Section } from "./fit.ts";
import { cell, few } from "./parts.ts";
import { packagesOf } from "./title.ts";

const linesListed = 15;

/** The packages of a group of which something that is used is gone, by name. */
export function brokenIn({ updates }: UpdateGroup, impacts: Impacts = new Map()): readonly string[] {
  const broken = updates.filter((update) => isBroken(impacts.get(impactKey(update))));
  return [...new Set(broken.map(({ dependency }) => dependency.name))].toSorted(byText);
}

/** What the table says of an update; nothing of one that was not looked at. */
export function impactCell(impact: Impact | undefined): string {
  if (impact === undefined) return "";
  if (impact.kind === "unknown") return "unknown";
  const { used, breaks, unseen } = impact;
  const lost = breaks.filter(({ how }) => how !== "deprecated").length;
  if (lost > 0) return `**breaks ${Math.min(lost, used)} of ${used} used**`;
  if (unseen.length > 0) return used === 0 ? "unknown" : "none found, not all seen";
  return used === 0 ? "not imported" : `none of ${used} used is gone`;
}

/** For a single major with nothing to fear by its names: a sentence that says so, and how far that goes. */
export function impactSentence(group: UpdateGroup, impacts: Impacts = new Map()): string {
  const majors = packagesOf(group).flatMap(([update]) => impacts.get(impactKey(update)) ?? []);
  const [only] = majors;
  if (majors.length !== 1 || packagesOf(group).length !== 1 || only?.kind !== "known") return "";
  if (only.breaks.length > 0 || only.unseen.length > 0) return "";
  if (only.used === 0) return " No source file imports it.";
  const exports =
    only.used === 1
      ? "The one export of it that is used here is"
      : `All ${only.used} exports of it that are used here are`;
  return ` ${exports} still there; whether ${only.used === 1 ? "it does" : "they do"} the same, the notes and the checks tell.`;
}

/** What breaks, by name and place, and what could not be told. */
export function impactSections({ group, impacts = new Map() }: ComposeInput): readonly Section[] {
  const distinct = new Map(group.updates.map((update) => [impactKey(update), update]));
  const lines = [...distinct].flatMap(([key, update]) => linesOf(update, impacts.get(key)));
  if (lines.length === 0) return [];
  const left = lines.length - linesListed;
  const shown = [...lines.slice(0, linesListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  const title = brokenIn(group, impacts).length > 0 ? "### Breaks code here" : "### Impact on code here";
  return [{ texts: [`${title}\n\n${shown.join("\n")}`], priority: 2 }];
}

function linesOf({ dependency, release }: Update, impact: Impact | undefined): readonly string[] {
  if (impact === undefined) return [];
  const name = cell(dependency.name);
  if (impact.kind === "unknown")
    return [`- ${name}: what of it is used here could not be told: ${safeText(impact.why, 200)}`];
  const { breaks, unseen } = impact;
  const losses = breaks.map(
    (one) => `- ${name} ${cell(release.version)} ${lossOf(one, dependency.name)} (${placesOf(one)})`,
  );
  if (unseen.length === 0) return losses;
  const more = unseen.length > 4 ? `; and ${unseen.length - 4} more` : "";
  const told = unseen.slice(0, 4).map((sentence) => safeText(sentence, 200));
  return [...losses, `- ${name}: not all of its use could be judged: ${told.join("; ")}${more}`];
}

function lossOf({ name, how }: Breakage, dependency: string): string {
  const what = cell(name);
  const loading = name === dependency ? "`require`" : `\`require\` of ${what}`;
  return {
    gone: `no longer has ${what}`,
    type: `has ${what} as a type only`,
    path: `can no longer be imported as ${what}`,
    require: `is an ES module only: ${loading} takes Node 20.19, 22.12 or later`,
    deprecated: `marks ${what} as deprecated`,
  }[how];
}

function placesOf({ places }: Breakage): string {
  return few(
    places.map(({ path, line }) => cell(`${path}:${line}`)),
    3,
  );
}
