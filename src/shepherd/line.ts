import type { Check, PullRequestState } from "../domain/pull-request.ts";
import { lowestConfidence } from "./evidence.ts";
import { freshnessOf } from "./freshness.ts";
import { ecosystemOf, policyOfPull } from "./look.ts";
import { isOnItsWay } from "./merging.ts";
import { isRefused } from "./refusal.ts";
import type { ShepherdWorld } from "./shepherd.ts";

/** A pull request of the App as those see it that are merged into the same base. */
export interface InLine {
  readonly pull: Pick<PullRequestState, "number" | "isBehind" | "marker">;
  /** `ready`: it is merged as it is, or is about to be made anew. `conflicts`: it is made anew when its turn comes. */
  readonly place: "ready" | "conflicts" | "elsewhere";
  /** Whether it is merged without anybody's doing, as far as can be seen. */
  readonly isOnItsWay: boolean;
}

/**
 * The one that is merged right before this one is made anew. Those that are ready go first; of those that
 * conflict, security, and then the oldest, and none that waits for a person or is red. Security waits for security only. Pure.
 */
export function aheadOf(one: InLine, all: readonly InLine[]): InLine | undefined {
  const isBefore = (other: InLine) =>
    other.place === "ready" ||
    (other.place === "conflicts" && one.place === "conflicts" && (!one.isOnItsWay || byTurn(other, one) < 0));
  return all
    .filter((other) => other.pull.number !== one.pull.number && other.isOnItsWay)
    .filter((other) => one.pull.isBehind || meet(one, other))
    .filter((other) => one.pull.marker.security === undefined || other.pull.marker.security === true)
    .filter(isBefore)
    .toSorted(byTurn)
    .at(-1);
}

function byTurn(a: InLine, b: InLine): number {
  const rank = ({ place, pull }: InLine) => (place === "ready" ? 0 : pull.marker.security === true ? 1 : 2);
  return rank(a) - rank(b) || a.pull.number - b.pull.number;
}

/** Whether two may change the same files. */
function meet({ pull: a }: InLine, { pull: b }: InLine): boolean {
  if (ecosystemOf(a) !== ecosystemOf(b)) return false;
  const [those, these] = [a.marker.roots, b.marker.roots];
  return those === undefined || these === undefined || those.some((root) => these.includes(root));
}

/** Who is merged before whom, as it was when it was last asked since something was done. */
export interface Line {
  /** See `aheadOf`. */
  readonly ahead: (pull: PullRequestState) => Promise<InLine | undefined>;
  /** Something was done that may change it; `asked` is about to be made anew. */
  readonly moved: (asked?: number) => void;
}

export function lineOf(world: ShepherdWorld): Line {
  const asked = new Set<number>();
  const lines = new Map<string, Promise<readonly InLine[]>>();
  return {
    ahead: async ({ number, base }) => {
      const line = lines.get(base) ?? lineFor(base, asked, world);
      lines.set(base, line);
      const all = await line;
      const one = all.find(({ pull }) => pull.number === number);
      return one === undefined ? undefined : aheadOf(one, all);
    },
    moved: (number) => {
      if (number !== undefined) asked.add(number);
      lines.clear();
    },
  };
}

async function lineFor(
  base: string,
  asked: ReadonlySet<number>,
  world: ShepherdWorld,
): Promise<readonly InLine[]> {
  const line: InLine[] = [];
  for (const listed of await world.pulls.open()) {
    const pull = listed.base === base ? await world.pulls.read(listed.number) : undefined;
    if (pull?.marker.automerge === undefined || !pull.isOurs) continue;
    line.push(await placed(pull, asked.has(pull.number), world));
  }
  return line;
}

async function placed(pull: PullRequestState, isAsked: boolean, world: ShepherdWorld): Promise<InLine> {
  const { pulls, policies, evidence, isAfterScan, now } = world;
  const { marker, mergeable } = pull;
  const seen = { pull, confidence: await lowestConfidence(evidence, pull), now: now() };
  // A scan makes it anew, and its checks begin anew; where one just has not, it could not.
  if (isAsked || (marker.wanted !== undefined && mergeable !== false && !isAfterScan))
    return { pull, place: "ready", isOnItsWay: isOnItsWay({ ...seen, checks: [] }) };
  const checks = await pulls.checksOf(pull.headSha);
  const isWell = isOnItsWay({ ...seen, checks });
  if (mergeable === false) {
    const isLeft = marker.wanted !== undefined || policyOfPull(pull, policies).rebaseStrategy === "disabled";
    return { pull, place: "conflicts", isOnItsWay: isWell && !isLeft };
  }
  if (!isWell || (await freshnessOf(pull, world)) !== "merge")
    return { pull, place: "elsewhere", isOnItsWay: false };
  const isComing =
    (await isInTime(pull, checks, world)) && !isRefused(await pulls.commentsOn(pull.number), pull);
  return { pull, place: "ready", isOnItsWay: isComing };
}

/** Whether its checks may still begin, or end. */
async function isInTime(
  { branch }: PullRequestState,
  checks: readonly Check[],
  { pulls, patience, now }: ShepherdWorld,
): Promise<boolean> {
  const head = await pulls.branch(branch);
  const most = checks.length === 0 ? patience.start : patience.end;
  return head !== undefined && now().getTime() - head.at.getTime() <= most;
}
