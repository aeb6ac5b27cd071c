import type { Update, UpdateGroup, Verification } from "../../domain/types.ts";
import { safeText } from "../../text/markdown.ts";
import type { ComposeInput } from "./compose.ts";
import type { Section } from "./fit.ts";
import { cell, details } from "./parts.ts";
import { packagesOf } from "./title.ts";

const linesListed = 20;

/** What a reviewer would not see in the table: what changed besides the code, what is not the newest, what came in young. */
export function lookSections({ group, verifications }: ComposeInput): readonly Section[] {
  const lines = [
    ...packagesOf(group).flatMap(([update]) => [...changed(update), ...lowered(update)]),
    ...verifications.flatMap(young),
  ];
  if (lines.length === 0) return [];
  const left = lines.length - linesListed;
  const shown = [...lines.slice(0, linesListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  return [{ texts: [`### Worth a look\n\n${shown.join("\n")}`], priority: 1 }];
}

function changed({ dependency, release, signals = [] }: Update): string[] {
  return signals.map(
    ({ detail }) => `- ${cell(dependency.name)} ${cell(release.version)} ${safeText(detail, 300)}`,
  );
}

function lowered({ dependency, release, insteadOf }: Update): string[] {
  if (insteadOf === undefined) return [];
  const { version, reason } = insteadOf;
  return [
    `- ${cell(dependency.name)} goes to ${cell(release.version)} and not to ${cell(version)}: ${safeText(reason, 400)}`,
  ];
}

function young({ young: packages }: Verification): string[] {
  return packages.map(
    ({ name, version, publishedAt }) =>
      `- ${cell(name)} ${cell(version)}, which comes with it, was published only on ${cell(publishedAt.slice(0, 10))}, and no older release fits`,
  );
}

/** A package that takes a small step here may take a big one in another pull request, or stand alone there. */
export function elsewhereSections({ group, elsewhere = [] }: ComposeInput): readonly Section[] {
  const names = new Set(group.updates.map(({ dependency }) => dependency.name));
  const lines = elsewhere.flatMap(({ number, moves = [] }) =>
    moves
      .filter(({ name }) => names.has(name))
      .map(({ name, to }) => `- ${cell(name)} also moves in #${number}, to ${cell(to)}`),
  );
  const left = lines.length - linesListed;
  const shown = [...lines.slice(0, linesListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  return [{ texts: [shown.join("\n"), ""], priority: 1 }];
}

/** Why packages share a pull request that nobody told to. */
export function togetherSections({ group }: ComposeInput): readonly Section[] {
  const reasons = reasonsOf(group);
  if (reasons.length === 0) return [];
  const left = reasons.length - linesListed;
  const lines = [...reasons.slice(0, linesListed), ...(left > 0 ? [`- … and ${left} more`] : [])];
  return [{ texts: [details("Why these move together", lines.join("\n")), ""], priority: 1 }];
}

function reasonsOf({ updates }: UpdateGroup): readonly string[] {
  const names = new Set(updates.map(({ dependency }) => dependency.name));
  const bonds = updates.flatMap((update) => update.bonds ?? []).filter(({ name }) => names.has(name));
  return [...new Set(bonds.map(({ reason }) => `- ${safeText(reason, 300)}`))];
}
