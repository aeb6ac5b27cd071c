import type { Marker } from "../../src/domain/branch.ts";
import type { PullRequestState } from "../../src/domain/pull-request.ts";

type Some<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** An open pull request of a group, green and ours: only what the test is about. */
export function pullRequest(
  more: Some<Omit<PullRequestState, "marker">> & { readonly marker?: Some<Marker> } = {},
): PullRequestState {
  const { marker, ...rest } = more;
  const found = {
    number: 7,
    url: "https://github.test/acme/web/pull/7",
    title: "Bump the runtime group with 3 updates",
    body: "",
    state: "open",
    branch: "steeplejack/npm/runtime",
    base: "main",
    headSha: "b".repeat(40),
    parentSha: "a".repeat(40),
    isDraft: false,
    isOurs: true,
    mergeable: true,
    isBehind: false,
    autoMerge: false,
    labels: [],
    ...rest,
    marker: { key: "npm/runtime", digest: "d1", basis: "b1", ...marker },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a test leaves out on purpose is undefined
  return found as PullRequestState;
}
