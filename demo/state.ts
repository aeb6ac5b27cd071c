import { z } from "zod";
import type { RepositoryOutcome } from "../src/bin/github.ts";
import type { Repository } from "../src/domain/types.ts";

/** What the App is doing with each repository, for the terminal and the page. */
export interface State {
  /** By `owner/name`, in the order of their names. */
  readonly repositories: ReadonlyMap<string, RepositoryState>;
  /** Resolves when the App has looked for the first time for what it is installed on. */
  readonly looked: Promise<void>;
  /** Told after every change. */
  onChange: (() => void) | undefined;
  /** Takes a line of the App's log. */
  readonly heed: (line: string) => void;
  readonly told: (repository: Repository, outcome: RepositoryOutcome) => void;
}

export interface RepositoryState {
  readonly doing: "nothing yet" | "waiting" | "scanning" | "done" | "failed";
  /** Of the scan that runs. */
  readonly stage?: string;
  /** Of the last scan that ended. */
  readonly outcome?: RepositoryOutcome;
  /** How often it was scanned to the end. */
  readonly scans: number;
  /** What went wrong in the last scan, besides the problems in its outcome. */
  readonly trouble: readonly string[];
}

const logLine = z.looseObject({
  level: z.number(),
  msg: z.string().default(""),
  repository: z.string().optional(),
  stage: z.string().optional(),
  problem: z.unknown().optional(),
  faults: z.array(z.string()).optional(),
  path: z.string().optional(),
  err: z.looseObject({ message: z.string() }).optional(),
});

export function watchApp(names: readonly string[]): State {
  const repositories = new Map<string, RepositoryState>(
    names.toSorted().map((name) => [name, { doing: "nothing yet", scans: 0, trouble: [] }]),
  );
  const change = (name: string, more: Partial<RepositoryState>) => {
    const before = repositories.get(name) ?? { doing: "nothing yet", scans: 0, trouble: [] };
    repositories.set(name, { ...before, ...more });
    state.onChange?.();
  };
  const { promise: looked, resolve: look } = Promise.withResolvers<void>();
  const state: State = {
    repositories,
    looked,
    onChange: undefined,
    heed(line) {
      const { level, msg, repository, stage, problem, faults, path, err } = logLine.parse(JSON.parse(line));
      if (msg === "scheduled" || msg.startsWith("could not schedule")) look();
      if (repository === undefined) return;
      const known = repositories.get(repository);
      if (msg === "scan asked for" && known?.doing !== "scanning") change(repository, { doing: "waiting" });
      if (msg === "job started") change(repository, { doing: "scanning", stage: "read", trouble: [] });
      if (msg === "stage begins" && stage !== undefined) change(repository, { stage });
      // Problems are in the outcome; what has none is told only by the log.
      if (level >= 40 && problem === undefined) {
        const what = [path, ...(faults ?? []), err?.message].filter((part) => part !== undefined).join(": ");
        change(repository, { trouble: [...(known?.trouble ?? []), what === "" ? msg : what] });
      }
      if (msg === "job done") change(repository, { doing: "done", scans: (known?.scans ?? 0) + 1 });
      if (msg === "job failed for good") change(repository, { doing: "failed" });
    },
    told({ owner, name }, outcome) {
      change(`${owner}/${name}`, { outcome });
    },
  };
  return state;
}
