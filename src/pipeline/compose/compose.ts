import { branchOf, type Marker } from "../../domain/branch.ts";
import type { Evidence } from "../../domain/confidence.ts";
import type { OpenPullRequest, ReleaseNotes } from "../../domain/ports.ts";
import type {
  FileChange,
  Finding,
  ProposalPolicy,
  PullRequestDraft,
  UpdateGroup,
  Verification,
} from "../../domain/types.ts";
import type { Impacts } from "../impact/impact.ts";
import { bodyOf } from "./body.ts";
import { commitMessageOf } from "./commit.ts";
import { titleOf } from "./title.ts";

export interface ComposeInput {
  readonly group: UpdateGroup;
  readonly changes: readonly FileChange[];
  /** By the package's name. */
  readonly notes: ReadonlyMap<string, ReleaseNotes>;
  /** One for each lockfile that was compared. */
  readonly verifications: readonly Verification[];
  readonly policy: ProposalPolicy;
  /** Release ages are counted up to it. */
  readonly now: Date;
  /** Of the group as it was planned; see `digestOf`. */
  readonly digest: string;
  /** See `Marker`. */
  readonly basis: string;
  /** What its marker is to remember besides. */
  readonly kept?: Pick<Marker, "apart" | "from" | "ignore" | "merge" | "automerge" | "queued">;
  /** What other repositories have seen of its steps, by the package's name. */
  readonly evidence?: ReadonlyMap<string, Evidence>;
  /** What its majors break in the repository's own code, where that was looked up. */
  readonly impacts?: Impacts;
  /** Why it was taken out of another group: Markdown that is safe. */
  readonly story?: string;
  /** The open pull requests that move one of its packages too. */
  readonly elsewhere?: readonly OpenPullRequest[];
  /** What the audit found before, for the ways that led to what is mended. */
  readonly findings: readonly Finding[];
  /** The label of the ecosystem, such as `javascript`. */
  readonly language: string;
}

/** Writes the pull request for a group. Pure: the same input gives the same text. */
export function compose(input: ComposeInput): PullRequestDraft {
  const { group, changes, notes, policy, digest, basis } = input;
  return {
    key: group.key,
    branch: branchOf(group.key, policy.branchSeparator),
    title: titleOf(group, policy),
    body: bodyOf(input),
    commitMessage: commitMessageOf(group, policy, notes),
    labels: labelsOf(input),
    ...peopleOf(policy),
    changes,
    digest,
    basis,
    ...(policy.rebaseStrategy === "disabled" ? { rebase: false } : {}),
  };
}

function peopleOf({ assignees, reviewers, milestone }: ProposalPolicy): Pick<PullRequestDraft, "people"> {
  const people = {
    ...(assignees === undefined ? {} : { assignees }),
    ...(reviewers === undefined ? {} : { reviewers }),
    ...(milestone === undefined ? {} : { milestone }),
  };
  return Object.keys(people).length === 0 ? {} : { people };
}

function labelsOf({ group, policy, language }: ComposeInput): readonly string[] {
  if (policy.labels !== undefined) return policy.labels;
  return ["dependencies", language, ...(group.kind === "security" ? ["security"] : [])];
}
