import { posix } from "node:path";
import type { CommitMessagePolicy, ProposalPolicy, Update, UpdateGroup } from "../../domain/types.ts";

/** GitHub cuts titles there. */
const longestTitle = 256;

/** The title of a group's pull request, worded as the rival's users know it: `Bump axios from 0.27.2 to 1.4.0 in /web`. */
export function titleOf(group: UpdateGroup, policy: ProposalPolicy): string {
  const prefix = prefixOf(group, policy.commitMessage ?? {});
  const sentence = sentenceOf(group);
  const title = /^\s*[a-z]/.test(prefix) ? sentence : sentence.charAt(0).toUpperCase() + sentence.slice(1);
  return `${prefix}${title}`.slice(0, longestTitle).toWellFormed();
}

/** The title as the first line of a commit: within 72 characters where leaving out versions or the place achieves it. */
export function subjectOf(group: UpdateGroup, policy: ProposalPolicy): string {
  const title = titleOf(group, policy);
  if (title.length <= 72) return title;
  const shorter = title.replace(/ from \S+ to \S+/, "");
  return shorter.length <= 72 ? shorter : (shorter.split(/ in (?=\/|the )/)[0] ?? shorter);
}

/** The packages of a group, each once, by name. */
export function packagesOf({ updates }: UpdateGroup): readonly (readonly [Update, ...Update[]])[] {
  const groups = [...Map.groupBy(updates, ({ dependency }) => dependency.name).values()];
  return groups.flatMap(([first, ...rest]) => (first === undefined ? [] : [[first, ...rest] as const]));
}

/** ` in /packages/web`, or nothing for the top of the repository. */
export function placeOf(updates: readonly Update[]): string {
  const folders = distinct(updates.map(({ manifest }) => folderOf(manifest.path)));
  const roots = distinct(updates.map(({ project }) => project.root));
  if (roots.length > 1 && folders.length > 1) return ` across ${roots.length} directories`;
  const [only = ""] = folders.length === 1 ? folders : roots;
  return only === "" ? "" : ` in /${plain(only)}`;
}

/** `from 1.2.0 to 1.3.0`; without the first where manifests differ in it. */
export function fromTo(updates: readonly Update[]): string {
  const from = distinct(updates.map((update) => update.from));
  const to = distinct(updates.map(({ release }) => release.version)).map(shownVersion);
  const start = from.length === 1 && from[0] !== undefined ? `from ${shownVersion(from[0])} ` : "";
  return `${start}to ${to.join(" and ")}`;
}

/**
 * Whether an update changes what is allowed and no version that is known: without a lockfile, a range says nothing of the
 * version in use.
 */
export function isAboutRequirement({ project, dependency, from }: Update): boolean {
  return (
    project.lockfile === undefined &&
    dependency.requirement.replace(/^[=v\s]+/, "") !== from.replace(/^v/, "")
  );
}

/** One line without control characters, for places that are not Markdown. */
export function plain(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, 214);
}

function sentenceOf(group: UpdateGroup): string {
  if (group.maintains !== undefined)
    return `refresh ${plain(group.maintains.lockfile?.path ?? "the lockfile")}`;
  const packages = packagesOf(group);
  const place = placeOf(group.updates);
  const [first] = packages;
  if (packages.length === 1 && first !== undefined) {
    const within = group.single ? "" : ` in the ${plain(group.name)} group`;
    return `${solo(first)}${place}${within}`;
  }
  return `bump the ${plain(group.name)} group${place} with ${packages.length} updates`;
}

function solo(updates: readonly [Update, ...Update[]]): string {
  const [first] = updates;
  const name = plain(first.dependency.name);
  if (!updates.every(isAboutRequirement)) return `bump ${name} ${fromTo(updates)}`;
  const from = distinct(updates.map(({ dependency }) => dependency.requirement));
  const to = distinct(updates.map(({ requirement }) => requirement));
  const start = from.length === 1 && from[0] !== undefined ? `from ${plain(from[0])} ` : "";
  return `update ${name} requirement ${start}to ${plain(to.join(" and "))}`;
}

function prefixOf({ updates }: UpdateGroup, message: CommitMessagePolicy): string {
  const isDevelopment =
    updates.length > 0 && updates.every(({ dependency }) => dependency.scope === "development");
  const wanted = isDevelopment ? (message.prefixDevelopment ?? message.prefix) : message.prefix;
  if (wanted === undefined || wanted.trim() === "") return "";
  const scope = message.includeScope === true ? (isDevelopment ? "(deps-dev)" : "(deps)") : "";
  const prefix = `${plain(wanted)}${scope}`;
  return /[A-Za-z0-9)\]]$/.test(prefix) ? `${prefix}: ` : `${prefix} `;
}

function shownVersion(version: string): string {
  const text = plain(version);
  return /^[0-9a-f]{40,64}$/.test(text) ? `\`${text.slice(0, 7)}\`` : text;
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === "." ? "" : folder;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
