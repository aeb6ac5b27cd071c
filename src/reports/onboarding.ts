import type { Policies } from "../domain/policy.ts";
import { policyOfGroup } from "../pipeline/plan/policy.ts";
import { titleOf } from "../pipeline/compose/title.ts";
import type { Scan } from "../pipeline/scan.ts";
import { codeSpan, safeText } from "../text/markdown.ts";

export interface OnboardingFacts {
  readonly scan: Scan;
  readonly policies: Policies;
  readonly now: Date;
  /** The file that is offered. */
  readonly path: string;
  /** The file of another tool that it was made from, and what of that has no equal. */
  readonly migrated?: {
    readonly from: string;
    readonly unmatched: readonly { readonly place: string; readonly why: string }[];
  };
}

const mostGroups = 50;
const mostUnmatched = 50;

/** What the pull request that offers a configuration says: what would come with it. */
export function onboardingBody({ scan, policies, now, path, migrated }: OnboardingFacts): string {
  const { groups, decisions, findings, projects } = scan;
  const manifests = projects.reduce((sum, project) => sum + project.manifests.length, 0);
  const counted = [
    several(decisions.length, "dependency", "dependencies"),
    `in ${several(manifests, "manifest", "manifests")}`,
  ].join(" ");
  const titles = groups
    .slice(0, mostGroups)
    .map((group) => `- ${safeText(titleOf(group, policyOfGroup(group, policies, now)), 300)}`);
  return [
    `Steeplejack found ${counted}, and ${several(findings.length, "vulnerability", "vulnerabilities")} among them.`,
    `**Merge this** to let it begin with ${codeSpan(path)}, which you may change here first. Until then it opens nothing else.`,
    "**Close this** to be left alone, until a configuration appears in the repository.",
    ...(migrated === undefined ? [] : fromOther(migrated)),
    groups.length === 0
      ? "Everything is up to date: nothing would be opened now."
      : `With this file it would open ${several(groups.length, "pull request", "pull requests")}, within its limit and its schedule:`,
    ...(titles.length === 0 ? [] : [titles.join("\n")]),
    ...(groups.length > mostGroups ? [`… and ${groups.length - mostGroups} more`] : []),
    "Does another tool update this repository? Add `mode: report`: then nothing is opened, and what would be is in the log, until you have switched the other one off.",
  ].join("\n\n");
}

function fromOther({ from, unmatched }: NonNullable<OnboardingFacts["migrated"]>): readonly string[] {
  const lost = unmatched
    .slice(0, mostUnmatched)
    .map(({ place, why }) => `- ${codeSpan(place)}: ${safeText(why, 300)}`);
  return [
    `The file says what ${codeSpan(from)} says. Switch Renovate off before you merge, so that nothing comes twice.`,
    ...(lost.length === 0 ? [] : [`Not taken over:\n\n${lost.join("\n")}`]),
  ];
}

function several(count: number, one: string, many: string): string {
  return `${count === 0 ? "no" : count} ${count === 1 ? one : many}`;
}
