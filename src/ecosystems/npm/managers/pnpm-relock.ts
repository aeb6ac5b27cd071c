import semver from "semver";
import { parseDocument } from "yaml";
import { z } from "zod";
import { ProgramError } from "../../../domain/errors.ts";
import type { Io } from "../../ecosystem.ts";
import { pnpmWorkspaceFile } from "../lockfiles.ts";
import type { Relocked, RelockTask } from "./manager.ts";
import { newIn, tooYoung, withExclusions, whyLetIn, type Young, youngOf } from "./pnpm-age.ts";
import { standInsForPnpm } from "./pnpm-archives.ts";
import { pinsOf } from "./pins.ts";
import { withOwnDocument } from "./pnpm-own.ts";
import { lastBoundedPnpm, type Pnpm, pnpmOf } from "./pnpm-program.ts";
import { withPnpmRanges } from "./pnpm-ranges.ts";
import { cleaned } from "./pnpm-settings.ts";
import { failureOf } from "./program.ts";

const table = z.record(z.string(), z.string()).catch({});

/**
 * As with npm, with the exact versions that were chosen, so that pnpm does not take newer ones that the ranges allow; the
 * ranges are written over them. Where more was passing than those versions, pnpm is run with the ranges, and asked
 * whether it would install from the result with `--frozen-lockfile`.
 */
export async function relock(task: RelockTask, io: Io): Promise<Relocked> {
  const pnpm = await pnpmOf(task, io);
  try {
    return await relockBy(pnpm, task, io);
  } catch (error) {
    if (!pnpm.isApart || !(error instanceof ProgramError) || !outOfReach.test(error.output))
      throw explained(error, pnpm, task);
  }
  const other = await lastBoundedPnpm(task, io);
  return relockBy(other, task, io).catch((error: unknown) => {
    throw explained(error, other, task);
  });
}

/** pnpm 12 wanted something that is at no registry: an archive, a runtime. */
const outOfReach = /tunnel error/;

/** Where a fix is younger than pnpm lets in, with the exclusion that pnpm itself would write; throws where anything else is. */
async function relockBy(pnpm: Pnpm, asked: RelockTask, io: Io): Promise<Relocked> {
  const fixes = new Set(asked.fixes);
  const wanted = await youngOf(movesOf(asked), pnpm.version, asked, io);
  const others = wanted.filter(({ name }) => !fixes.has(name));
  if (others.length > 0) throw tooYoung(others, asked.moves);
  const task = lettingIn(wanted, asked);
  const made = await madeBy(pnpm, task, io);
  // What a fix brings in comes with it.
  const young = await youngOf(newIn(made, task.text), pnpm.version, task, io);
  if (young.length > 0 && fixes.size === 0) throw tooYoung(young, asked.moves);
  const all = [...wanted, ...young];
  if (all.length === 0) return { lockfile: made };
  const content = lettingIn(young, task).files[pnpmWorkspaceFile] ?? "";
  return { lockfile: made, settings: { path: pnpmWorkspaceFile, content, why: whyLetIn(all) } };
}

function movesOf({ moves, refresh }: RelockTask): { name: string; version: string }[] {
  return [...moves, ...refresh.map(({ name, to }) => ({ name, version: to }))];
}

function lettingIn(young: readonly Young[], task: RelockTask): RelockTask {
  if (young.length === 0) return task;
  const within = (files: RelockTask["files"]) => ({
    ...files,
    [pnpmWorkspaceFile]: withExclusions(
      files[pnpmWorkspaceFile] ?? task.files[pnpmWorkspaceFile] ?? "",
      young,
    ),
  });
  return { ...task, files: within(task.files), exact: within(task.exact) };
}

async function madeBy(pnpm: Pnpm, task: RelockTask, io: Io): Promise<string> {
  const { lockfile, files, exact, text } = task;
  const { archives, restored } = standInsForPnpm(files, text);
  const run = (inputs: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    pnpm.install(cleaned(inputs), archives, ...args);
  const asked = async (ranged: string) => {
    const result = await run({ ...files, [lockfile]: ranged }, "--no-frozen-lockfile");
    await run({ ...files, [lockfile]: result }, "--frozen-lockfile");
    return result;
  };
  const wished = withRules({ ...files, ...exact }, task, semver.major(pnpm.version));
  const start = task.anew ? {} : { [lockfile]: text };
  // Where nothing is to move, it would believe the lockfile and ask nobody.
  const isSame = !task.anew && task.moves.length === 0 && task.refresh.length === 0;
  const doubting = isSame ? ["--no-prefer-frozen-lockfile"] : [];
  const chosen = await run({ ...wished, ...start }, "--no-frozen-lockfile", ...doubting);
  const ranged = withPnpmRanges(chosen, pinsOf(task));
  const isWhole = Object.keys(archives).length === 0;
  const made = restored(ranged.isSettled && isWhole ? ranged.text : await asked(ranged.text));
  const own = await withOwnDocument(made, task, io);
  return text.includes("\r\n") ? own.replaceAll("\n", "\r\n") : own;
}

function explained(error: unknown, { failures }: Pnpm, task: RelockTask): unknown {
  if (!(error instanceof ProgramError)) return error;
  const [unanswered] = failures;
  if (unanswered !== undefined) return unanswered;
  return failureOf("pnpm", error, wordsOf(error.output), task, {
    isUnreachable: /META_FETCH_FAIL|ERR_PNPM_FETCH_5/.test(error.output),
    isHopeless: !/ERR_PNPM_|Failed to resolve/.test(error.output),
  });
}

/**
 * pnpm does not bring a transitive package of a workspace up to date when it is asked to. So it is overridden where its
 * old version would do, and keeps the new one afterwards where what asks for it accepts that.
 */
function withRules(
  files: Readonly<Record<string, string>>,
  { refresh }: RelockTask,
  major: number,
): Readonly<Record<string, string>> {
  if (refresh.length === 0) return files;
  const rules = refresh.map(({ name, version, to }) => [`${name}@${version}`, to] as const);
  const workspace = files[pnpmWorkspaceFile] ?? "";
  if (major >= 11 || /^overrides:/m.test(workspace)) {
    const document = parseDocument(workspace);
    for (const [rule, to] of rules) document.setIn(["overrides", rule], to);
    return { ...files, [pnpmWorkspaceFile]: document.toString() };
  }
  const manifest = z
    .looseObject({ pnpm: z.looseObject({ overrides: table.optional() }).optional() })
    .parse(JSON.parse((files["package.json"] ?? "{}").replace(/^\uFEFF/, "")));
  const overrides = { ...manifest.pnpm?.overrides, ...Object.fromEntries(rules) };
  return {
    ...files,
    "package.json": JSON.stringify({ ...manifest, pnpm: { ...manifest.pnpm, overrides } }),
  };
}

/** What pnpm says is wrong, in one line. */
function wordsOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => /ERR_PNPM_|^ERROR|^\w*Error: |^\[?ERR/.test(line));
  const telling = at === -1 ? lines.filter(Boolean).slice(-3) : lines.slice(at, at + 4).filter(Boolean);
  const said = telling.filter((line) => !line.startsWith("at ")).join(" ");
  return (lastCauseIn(output) ?? said).replace(/\s+/g, " ").slice(0, 400);
}

/** From 12 on it draws a tree of causes, each in lines of 80 characters, and its registries are none. */
function lastCauseIn(output: string): string | undefined {
  const flat = output.replace(/\n\s*│?\s{3,}(?=\S)/g, " ");
  const cause = /╰─▶ (.+)/.exec(flat)?.[1];
  const asker = /while installing the dependencies of (\S.{0,250}?@\d\S*)/
    .exec(flat)?.[1]
    ?.replaceAll(" ", "");
  const known = cause
    ?.replace(/(?:\/ )?\S*steeplejack-run-\S+?\/project\b/g, "the project")
    .replace(/ (?:while fetching it )?from http:\/\/ ?registry\.invalid\S*/g, "")
    .replace(
      /GET http:\/\/ ?registry\.invalid\/\d+\/(.+?): Not Found - 404/,
      (_, name: string) => `the registry has no ${decodeURIComponent(name.replaceAll(" ", ""))}`,
    );
  return known === undefined || asker === undefined ? known : `${known}, which ${asker} wants`;
}
