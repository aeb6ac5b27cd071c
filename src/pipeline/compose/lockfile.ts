import type { LockChange } from "../../domain/types.ts";
import { quoted, safeText } from "../../text/markdown.ts";
import type { ComposeInput } from "./compose.ts";
import type { Section } from "./fit.ts";
import { cell, details } from "./parts.ts";

const changesListed = 200;
const warningsListed = 30;

export function lockSections({ group, verifications }: ComposeInput): readonly Section[] {
  if (verifications.length === 0) {
    const isLocked = group.updates.some(({ project }) => project.lockfile !== undefined);
    return isLocked ? [] : [{ texts: ["There is no lockfile: only the manifest changes."], priority: 0 }];
  }
  return verifications.flatMap((verification): readonly Section[] => {
    const { lockfile, updated, added, removed, unintended } = verification;
    const changes = [...updated.filter((change) => !isInTable(change, updated, group)), ...added, ...removed];
    const counts = [
      `${updated.length} ${updated.length === 1 ? "package" : "packages"} updated`,
      ...(added.length > 0 ? [`${added.length} added`] : []),
      ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    ];
    const summary = `**Lockfile** ${cell(lockfile)}: ${counts.join(", ")}${unintended.length === 0 ? "; no other entry changed" : ""}.`;
    const list = details("What came along", listOf(changes, changesListed));
    const warning = quoted(
      [
        "[!WARNING]",
        `**${unintended.length === 1 ? "One entry" : `${unintended.length} entries`} changed that this update does not explain:**`,
        listOf(unintended, warningsListed),
      ].join("\n"),
    );
    return [
      { texts: changes.length === 0 ? [summary] : [`${summary}\n\n${list}`, summary], priority: 2 },
      ...(unintended.length === 0 ? [] : [{ texts: [warning], priority: 0 }]),
    ];
  });
}

/** What is changed beside manifests and lockfiles, and why. */
export function settingsSections({ changes }: ComposeInput): readonly Section[] {
  return changes.flatMap(({ path, why }) =>
    why === undefined
      ? []
      : [{ texts: [`**Settings** ${cell(path)}: ${safeText(why, 1_000)}.`], priority: 0 }],
  );
}

/** Whether the table of the pull request says it all: one entry that goes to the release that is proposed. */
function isInTable(
  { name, to }: LockChange,
  updated: readonly LockChange[],
  { updates }: ComposeInput["group"],
): boolean {
  const isAlone = updated.filter((other) => other.name === name).length === 1;
  return (
    isAlone && updates.some((update) => update.dependency.name === name && update.release.version === to)
  );
}

function listOf(changes: readonly LockChange[], most: number): string {
  const often = Map.groupBy(changes, ({ name }) => name);
  const lines = changes.slice(0, most).map(({ name, id, from, to, why }) => {
    const place = (often.get(name)?.length ?? 0) > 1 && id !== name ? ` at ${cell(id)}` : "";
    return `- ${cell(name)} ${movement(from, to)}${place}${why === undefined ? "" : `, ${safeText(why, 200)}`}`;
  });
  const left = changes.length - lines.length;
  return [...lines, ...(left > 0 ? [`- … and ${left} more`] : [])].join("\n");
}

function movement(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `${cell(to ?? "")} added`;
  if (to === undefined) return `${cell(from)} removed`;
  return from === to ? `${cell(to)}, same version with other content` : `${cell(from)} → ${cell(to)}`;
}
