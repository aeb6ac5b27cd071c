import type { Policies } from "../domain/policy.ts";
import { policyOfGroup } from "../pipeline/plan/policy.ts";
import { titleOf } from "../pipeline/compose/title.ts";
import type { Scan } from "../pipeline/scan.ts";
import { codeSpan, safeText } from "../text/markdown.ts";
import { compare, comparisonText, type RivalPull } from "./handover.ts";

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
export function onboardingBody({ migrated, ...facts }: OnboardingFacts): string {
  const { path } = facts;
  const titles = titlesOf(facts).map(({ title }) => title);
  const listed = titles.slice(0, mostGroups).map((title) => `- ${safeText(title, 300)}`);
  return [
    foundIn(facts),
    `**Merge this** to let it begin with ${codeSpan(path)}, which you may change here first. Until then it opens nothing else.`,
    "**Close this** to be left alone, until a configuration appears in the repository.",
    ...(migrated === undefined ? [] : fromOther(migrated)),
    titles.length === 0
      ? nothingNow
      : `With this file it would open ${several(titles.length, "pull request", "pull requests")}, within its limit and its schedule:`,
    ...(listed.length === 0 ? [] : [listed.join("\n")]),
    ...(titles.length > mostGroups ? [`… and ${titles.length - mostGroups} more`] : []),
    "Does another tool update this repository? Add `mode: report`: then nothing is opened, and what would be is in the log, until you have switched the other one off.",
  ].join("\n\n");
}

export interface HandoverFacts extends OnboardingFacts {
  readonly migrated: NonNullable<OnboardingFacts["migrated"]>;
  /** What Dependabot has open. */
  readonly pulls: readonly RivalPull[];
}

/** The same where Dependabot is at work: how to hand over without anything coming twice, and what both would open. */
export function handoverBody({ migrated, pulls, ...facts }: HandoverFacts): string {
  const { path, policies, scan } = facts;
  const from = codeSpan(migrated.from);
  const titles = titlesOf(facts);
  const comparison = comparisonText(compare(titles, scan.decisions, pulls));
  return [
    foundIn(facts),
    `Dependabot is told by ${from} to update this repository. ${codeSpan(path)} says the same${
      policies.mode === "report"
        ? " and `mode: report`: nothing is opened with it, so that nothing comes twice"
        : ""
    }. To hand over:`,
    stepsOf(facts, from),
    `**Close this** to stay with Dependabot: the repository is left alone until there is a ${codeSpan(path)}.`,
    ...lostOf(migrated),
    titles.length === 0
      ? nothingNow
      : `${policies.mode === "report" ? "Without that line" : "With this file"} it would open ${several(titles.length, "pull request", "pull requests")}, within its limit and its schedule.`,
    ...comparison,
  ].join("\n\n");
}

function stepsOf({ path, policies }: OnboardingFacts, from: string): string {
  const others =
    "Close what Dependabot still has open, and switch its security updates off in the settings of the repository.";
  const steps =
    policies.mode === "report"
      ? [
          "**Merge this**, with the changes to the file that you like. Nothing is opened; the dashboard issue, or else the log, lists what would be.",
          "Compare that with what Dependabot opens, for as long as you like.",
          `When you are content, delete ${from} and the line \`mode: report\` of ${codeSpan(path)} in one commit: Steeplejack begins.`,
          others,
        ]
      : [
          `Delete ${from} here, too, and **merge this**: Steeplejack begins at once, and Dependabot ends.`,
          others,
        ];
  return steps.map((step, index) => `${index + 1}. ${step}`).join("\n");
}

const nothingNow = "Everything is up to date: nothing would be opened now.";

function foundIn({ scan: { decisions, findings, projects } }: OnboardingFacts): string {
  const manifests = projects.reduce((sum, project) => sum + project.manifests.length, 0);
  const counted = `${several(decisions.length, "dependency", "dependencies")} in ${several(manifests, "manifest", "manifests")}`;
  return `Steeplejack found ${counted}, and ${several(findings.length, "vulnerability", "vulnerabilities")} among them.`;
}

function titlesOf({ scan, policies, now }: OnboardingFacts) {
  return scan.groups.map((group) => ({
    group,
    title: titleOf(group, policyOfGroup(group, policies, now)),
  }));
}

function fromOther(migrated: NonNullable<OnboardingFacts["migrated"]>): readonly string[] {
  return [
    `The file says what ${codeSpan(migrated.from)} says. Switch Renovate off before you merge, so that nothing comes twice.`,
    ...lostOf(migrated),
  ];
}

function lostOf({ unmatched }: NonNullable<OnboardingFacts["migrated"]>): readonly string[] {
  const lost = unmatched
    .slice(0, mostUnmatched)
    .map(({ place, why }) => `- ${codeSpan(place)}: ${safeText(why, 300)}`);
  return lost.length === 0 ? [] : [`Not taken over:\n\n${lost.join("\n")}`];
}

function several(count: number, one: string, many: string): string {
  return `${count === 0 ? "no" : count} ${count === 1 ? one : many}`;
}
