import { githubConversation } from "../github/conversation.ts";
import { type Dashboard, githubDashboard } from "../github/dashboard.ts";
import { githubPulls } from "../github/pulls.ts";
import type { Proposed } from "../pipeline/propose.ts";
import type { Job } from "../queue/jobs.ts";
import { conditionsOf } from "../shepherd/closing.ts";
import { unignore } from "../shepherd/commands/attend.ts";
import { dashboardOf, dashboardTitle } from "../shepherd/dashboard/body.ts";
import { type Act, ticked, untick } from "../shepherd/dashboard/boxes.ts";
import { dashboardMark, tickersIn } from "../shepherd/dashboard/mark.ts";
import type { Octokit, OpenRepository, RepositoryOptions } from "./repository.ts";
import { attendWorldOf } from "./shepherd.ts";

/** The dashboard of one repository. */
export interface Board {
  /** Does what the ticked boxes ask for, and gives the keys of the groups that are wanted now. */
  obey(): Promise<ReadonlySet<string>>;
  /** Whether a scan is to obey the boxes that somebody has just ticked. Those of somebody who may not write are unticked. */
  isAsked(job: Job): Promise<boolean>;
  /** Tells what is known. Gives whether that was anything new. */
  tell(proposed: Proposed): Promise<boolean>;
}

/** `octokit` may write issues. */
export function boardOf(octokit: Octokit, opened: OpenRepository, options: RepositoryOptions): Board {
  const { repository, login } = options;
  const issue: Dashboard = githubDashboard(octokit, { ...repository, login }, dashboardMark);
  const pulls = githubPulls(options.octokit, { ...repository, login });
  const world = () => attendWorldOf(pulls, opened, { ...options, isAfterScan: false });
  return {
    obey: async () => {
      const acts = ticked((await issue.read()) ?? "");
      for (const act of acts) await carryOut(act);
      return new Set(acts.flatMap((act) => (act.kind === "open" || act.kind === "retry" ? [act.key] : [])));
    },
    isAsked: async ({ subjects }) => {
      const talk = githubConversation(options.octokit, { ...repository, login });
      const tickers = tickersIn(subjects);
      const may = await Promise.all(tickers.map((ticker) => talk.mayWrite(ticker)));
      if (tickers.length === 0 || may.includes(true)) return tickers.length > 0;
      const body = await issue.read();
      if (body !== undefined) await issue.keep(dashboardTitle, untick(body));
      return false;
    },
    tell: async (proposed) => {
      const { outcomes, scan } = proposed;
      if (scan.projects.length === 0) return false;
      // Not that of the scan: what it has closed and opened is in its lists.
      const { forge } = await opened.worldFor(opened.defaultBranch, opened.sha);
      const conditions = conditionsOf(await forge.closedPullRequests(), await forge.openPullRequests());
      return issue.keep(dashboardTitle, dashboardOf({ outcomes, scan, conditions }));
    },
  };

  async function carryOut(act: Act): Promise<void> {
    if (act.kind === "unignore") await unignore(act.name, world());
    if (act.kind !== "rebase") return;
    const pull = await pulls.read(act.number);
    if (pull?.state === "open") await pulls.mark(pull, { ...pull.marker, wanted: "rebase" });
  }
}
