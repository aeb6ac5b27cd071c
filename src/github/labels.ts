import type { Octokit } from "@octokit/rest";
import type { Repository } from "../domain/types.ts";
import { unless } from "./repository.ts";

/** The colours and descriptions that Dependabot's users know; any other label is made grey and without words. */
const known: Readonly<Record<string, { readonly color: string; readonly description: string }>> = {
  dependencies: { color: "0366d6", description: "Pull requests that update a dependency file" },
  security: { color: "ee0701", description: "Pull requests that address a security vulnerability" },
  javascript: { color: "168700", description: "Pull requests that update javascript code" },
  python: { color: "2b67c6", description: "Pull requests that update python code" },
  go: { color: "16e2e2", description: "Pull requests that update go code" },
  java: { color: "ffa221", description: "Pull requests that update java code" },
  ruby: { color: "ce2d2d", description: "Pull requests that update ruby code" },
  rust: { color: "000000", description: "Pull requests that update rust code" },
  php: { color: "45229e", description: "Pull requests that update php code" },
  ".NET": { color: "7121c6", description: "Pull requests that update .NET code" },
  docker: { color: "21ceff", description: "Pull requests that update docker code" },
  github_actions: { color: "000000", description: "Pull requests that update GitHub Actions code" },
  terraform: { color: "5C4EE5", description: "Pull requests that update terraform code" },
  elixir: { color: "9380dd", description: "Pull requests that update elixir code" },
};

/** Sees to it that labels exist, asking for the list once. */
export interface Labels {
  /** The names as the repository has them: `Dependencies` serves where `dependencies` is wanted. */
  ensure(wanted: readonly string[]): Promise<readonly string[]>;
}

export function labelsOf(octokit: Octokit, { owner, name }: Repository): Labels {
  const of = { owner, repo: name };
  let listed: Promise<Set<string>> | undefined;
  const existing = () => {
    listed ??= octokit
      .paginate(octokit.issues.listLabelsForRepo, { ...of, per_page: 100 })
      .then((all) => new Set(all.map((label) => label.name)));
    listed.catch(() => (listed = undefined));
    return listed;
  };
  return {
    ensure: async (wanted) => {
      const names: string[] = [];
      for (const label of wanted) {
        const all = await existing();
        const there = [...all].find((one) => serves(one, label));
        // 422: somebody else made it meanwhile.
        if (there === undefined)
          await unless(
            [422],
            octokit.issues.createLabel({ ...of, name: label, ...(known[label] ?? { color: "ededed" }) }),
          );
        all.add(there ?? label);
        names.push(there ?? label);
      }
      return names;
    },
  };
}

function serves(label: string, wanted: string): boolean {
  if (label.toLowerCase() === wanted.toLowerCase()) return true;
  return wanted === "dependencies" && /^[^/]*dependenc[^/]+$/i.test(label);
}
