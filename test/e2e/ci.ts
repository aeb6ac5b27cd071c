import type { GithubEmulator } from "../../demo/github/index.ts";
import type { Stage } from "./stage.ts";

/** What a check finds at one commit: the versions in its manifest, by package. */
export type Judge = (at: {
  readonly versions: Readonly<Record<string, string>>;
  readonly branch: string;
  /** Whether a pull request was opened for the branch. */
  readonly hasPull: boolean;
  /** From 1: how often it has run on this commit. */
  readonly attempt: number;
}) => "success" | "failure" | undefined;

/** A service that checks every branch of `acme/web` that it is told of, when a test lets it. */
export interface Ci {
  /** Lets checks and App answer each other until neither has anything to do. */
  settle(): Promise<void>;
  /** The branches that were checked, in order, each with what was found. */
  readonly log: readonly string[];
}

const repository = "acme/web";

/** One check, called `test`. Without an answer from `judge`, it does not begin. */
export function startCi({ github, resting }: Pick<Stage, "github" | "resting">, judge: Judge): Ci {
  const attempts = new Map<string, number>();
  const log: string[] = [];

  const run = async (branch: string, sha: string): Promise<boolean> => {
    const attempt = (attempts.get(sha) ?? 0) + 1;
    const hasPull = github.deliveries.some(
      ({ action, payload }) => action === "opened" && JSON.stringify(payload).includes(`"ref":"${branch}"`),
    );
    const found = judge({ versions: versionsOn(github, branch), branch, hasPull, attempt });
    if (found === undefined) return false;
    attempts.set(sha, attempt);
    log.push(`${branch} ${found}`);
    await github.check(repository, sha, "test", found, {
      title: `test: ${found}`,
      summary: found === "failure" ? "1 of 3 tests failed: @octocat expected 1 to be 2" : "3 tests passed",
    });
    return true;
  };
  const round = async (): Promise<boolean> => {
    const branches = Object.entries(github.branches(repository));
    let ran = false;
    for (const [branch, sha] of branches) if (!attempts.has(sha)) ran = (await run(branch, sha)) || ran;
    for (const { sha } of github.queuedChecks(repository)) {
      const branch = branches.find(([, head]) => head === sha)?.[0];
      if (branch !== undefined) ran = (await run(branch, sha)) || ran;
    }
    return ran;
  };
  return {
    log,
    settle: async () => {
      do await resting();
      while (await round());
    },
  };
}

function versionsOn(github: GithubEmulator, branch: string): Record<string, string> {
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
    github.files(repository, branch)["package.json"] ?? "{}",
  );
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, requirement]) => [name, requirement.replace(/^\^/, "")]),
  );
}
