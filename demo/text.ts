import type { HttpStatistics } from "../src/http/client.ts";
import type { Proposed } from "../src/pipeline/propose.ts";
import type { Scan } from "../src/pipeline/scan.ts";
import { painter } from "../src/reports/table.ts";
import type { Demo } from "./main.ts";
import type { PullRequest } from "./page/hub.ts";
import type { RepositoryState, State } from "./state.ts";

/** What was started, and where. */
export function headText(demo: Demo, page: string | undefined, colours: boolean): string {
  const paint = painter(colours);
  const { github, app, advisories, registry, state } = demo;
  const count = state.repositories.size;
  const rows: readonly (readonly [string, string])[] = [
    ["GitHub", `${paint("cyan", github.url)}  emulated, with ${count} repositories of our own writing`],
    ["App", `${paint("cyan", app.url)}  takes its webhooks; queue in memory, two scans at a time`],
    ["Registry", `${paint("cyan", registry)}  asked as always`],
    ["Advisories", advisories],
    ...(page === undefined ? [] : [["Page", `${paint("cyan", page)}  shows the pull requests`] as const]),
  ];
  return `${[
    paint("bold", "Steeplejack, the whole App on this machine"),
    "",
    ...rows.map(([name, what]) => `  ${name.padEnd(11)}${what}`),
  ].join("\n")}\n\n`;
}

export function progressText({ repositories }: State, { requests }: HttpStatistics): string {
  const running = [...repositories]
    .filter(([, { doing }]) => doing === "scanning")
    .map(([name, { stage = "" }]) => `${name}: ${stage}`);
  const done = [...repositories.values()].filter(({ scans }) => scans > 0).length;
  return `${done} of ${repositories.size} done … ${[...running, `${requests} requests`].join(" · ")}`;
}

/** What became of one repository: its pull requests, what waits, what is held back and why, and what is wrong. */
export function repositoryText(
  name: string,
  { outcome, trouble }: RepositoryState,
  pullRequests: readonly PullRequest[],
  page: string | undefined,
  colours: boolean,
): string {
  const paint = painter(colours);
  const lines = [paint("bold", name)];
  for (const { number, title, labels, state } of pullRequests) {
    const isSecurity = labels.includes("security");
    const mark = state === "open" ? paint("green", "opened") : paint("dim", state);
    const link = page === undefined ? "" : `  ${paint("dim", `${page}/${name}/pull/${number}`)}`;
    lines.push(
      `  ${mark}  ${`#${number}`.padStart(3)}  ${isSecurity ? paint("red", title) : title}${link}`,
      ...updatesOf(title, outcome).map((row) => `               ${paint("dim", row)}`),
    );
  }
  if (outcome?.kind === "skipped") lines.push(`  nothing done: ${outcome.reason}`);
  if (outcome?.kind === "scanned") lines.push(...restOf(outcome.proposed, paint));
  lines.push(...trouble.map((what) => `  ${paint("red", "failed")}        ${what}`));
  return `${lines.join("\n")}\n\n`;
}

/** `lodash 4.17.15 → 4.17.21, 3 advisories`, each package once. */
export function updatesOf(title: string, outcome: RepositoryState["outcome"]): readonly string[] {
  if (outcome?.kind !== "scanned") return [];
  const { outcomes, scan } = outcome.proposed;
  const key = outcomes.find((one) => one.title === title)?.key;
  const updates = scan.groups.find((group) => group.key === key)?.updates ?? [];
  const rows = updates.map(({ dependency, from, release, fixes }) => {
    const fixed = fixes.length === 0 ? "" : `, fixes ${count(fixes.length, "advisory", "advisories")}`;
    return `${dependency.name} ${from} → ${release.version}${fixed}`;
  });
  const distinct = [...new Set(rows)];
  return distinct.length === 1 && updates[0]?.fixes.length === 0 ? [] : distinct; // then the title says it all
}

function restOf({ outcomes, scan }: Proposed, paint: ReturnType<typeof painter>): readonly string[] {
  const waiting = outcomes
    .filter(({ outcome }) => outcome === "waits")
    .map(
      ({ title, reason }) => `  ${paint("yellow", "waits")}         ${title}  ${paint("dim", reason ?? "")}`,
    );
  const held = scan.decisions
    .filter(
      ({ outcome, reason, dependency: { kind } }) =>
        outcome === "held" && reason.code !== "local" && kind !== "engine",
    )
    .map(
      ({ dependency, reason }) =>
        `  ${paint("yellow", "held")}          ${dependency.name} ${dependency.version ?? ""}  ${paint("dim", reason.detail)}`,
    );
  const vulnerable = leftVulnerable(scan).map(
    ({ name, version, way, ids }) =>
      `  ${paint("red", "vulnerable")}    ${name} ${version}${way}  ${paint("dim", ids.join(", "))}`,
  );
  const problems = scan.problems.map(
    ({ stage, message }) => `  ${paint("red", "problem")}       ${stage}: ${message}`,
  );
  return [...new Set([...waiting, ...held, ...vulnerable, ...problems])];
}

/** The vulnerable packages that no proposed update names: those that others brought along. */
export function leftVulnerable({ findings, groups }: Scan): readonly {
  readonly name: string;
  readonly version: string;
  /** ` by way of mkdirp`, or nothing. */
  readonly way: string;
  readonly ids: readonly string[];
}[] {
  const mended = new Set(
    groups
      .flatMap(({ updates }) => updates)
      .filter(({ fixes }) => fixes.length > 0)
      .map(({ dependency, from }) => `${dependency.name}@${from}`),
  );
  const left = findings.filter(({ name, version }) => !mended.has(`${name}@${version}`));
  return [...Map.groupBy(left, ({ name, version }) => `${name}@${version}`).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const through = (first.paths[0] ?? []).slice(0, -1).join(" › ");
    const ids = same.map(({ advisory }) => advisory.id);
    const way = through === "" ? "" : ` by way of ${through}`;
    return [{ name: first.name, version: first.version, way, ids }];
  });
}

export function footText(
  { state, statistics }: Demo,
  milliseconds: number,
  page: string | undefined,
  colours: boolean,
): string {
  const paint = painter(colours);
  const proposed = [...state.repositories.values()].flatMap(({ outcome }) =>
    outcome?.kind === "scanned" ? [outcome.proposed] : [],
  );
  const opened = proposed.flatMap(({ outcomes }) => outcomes.filter(({ outcome }) => outcome === "opened"));
  const told =
    `${count(opened.length, "pull request")} in ${count(proposed.length, "repository", "repositories")}, ` +
    `${(milliseconds / 1_000).toFixed(1)} seconds, ${count(statistics.requests, "request")} to registry and advisories`;
  if (page === undefined) return `${told}\n`;
  return `${told}\n\n${paint("bold", "Look at them")}  ${paint("cyan", page)}\nMerge or close one there, and the App hears of it. Ctrl-C ends.\n`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
