import { codeSpan, linkTarget } from "../text/markdown.ts";
import { noteOf } from "./note.ts";
import type { BisectPolicy } from "../domain/policy.ts";
import {
  bisectKey,
  type BisectState,
  conclusionOf,
  type Failure,
  namesOf,
  packed,
  type TrialState,
} from "./state.ts";

/**
 * What the comment on a red pull request says, with the state of the search at its end. What does not fit is left out:
 * first what the checks said, then the table.
 */
export function bisectText(state: BisectState, base: string, policy: Pick<BisectPolicy, "runs">): string {
  const lead = leadOf(state, base, policy);
  const table = trialTable(state);
  const told = table === "" ? lead : `${lead}\n\n${table}`;
  const brief = noteOf(bisectKey, packed(withoutWords(state)));
  const versions = [
    [told, noteOf(bisectKey, packed(state))],
    [told, brief],
  ].map((parts) => parts.join("\n\n"));
  return versions.find(({ length }) => length <= longestComment) ?? `${lead}\n\n${brief}`;
}

/** In characters; GitHub takes 65,536. */
const longestComment = 64_000;

/** Without what the checks said, which can be read where they ran. */
function withoutWords(state: BisectState): BisectState {
  return {
    ...state,
    failed: state.failed.map(silent),
    trials: state.trials.map(({ failed, ...trial }) => ({
      ...trial,
      ...(failed === undefined ? {} : { failed: failed.map(silent) }),
    })),
  };
}

function silent(failure: Failure): Failure {
  const { said: _, ...rest } = failure;
  return rest;
}

function leadOf(state: BisectState, base: string, { runs }: Pick<BisectPolicy, "runs">): string {
  const failed = listOf(state.failed.map(({ name, url }) => linked(codeSpan(name), url)));
  const branch = codeSpan(base);
  const leads: Readonly<Record<BisectState["phase"], string>> = {
    again: `${failed} failed here. It is run once more, since a check can fail by chance; should it fail again, Steeplejack looks for the update that breaks it.`,
    flaky: `${failed} failed here and passed when it was run again. It fails by chance, as it seems, and nothing is changed.`,
    "red base": `${failed} fails on ${branch}, too, at the commit that these updates were made on. What breaks it is not among them, and nothing is changed. Steeplejack looks again when ${branch} is mended.`,
    search: `${failed} fails here and not on ${branch}. Steeplejack tries parts of this group on branches of their own to find out which update breaks it: ${state.trials.length} of at most ${runs} trials.`,
    done: `${failed} fails here and not on ${branch}.`,
  };
  return state.phase === "done" ? `${leads.done} ${foundIn(state)}` : leads[state.phase];
}

function foundIn(state: BisectState): string {
  const { culprits, green, open } = conclusionOf(state);
  const trials = `${state.trials.length} ${state.trials.length === 1 ? "trial" : "trials"}`;
  if (culprits.length === 0)
    return `After ${trials} it is not known which update breaks it${open.length === 0 ? "" : `: one of ${namedIn(state, open)}`}. The group stays as it is.`;
  const each = culprits.map(({ atom, with: others }) => {
    const name = namedIn(state, [atom]);
    if (others === undefined) return `${name} breaks it beside the others`;
    return others.length === 0
      ? `${name} breaks it`
      : `${name} breaks it together with ${namedIn(state, others)}`;
  });
  const rest =
    open.length > 0
      ? ` ${namedIn(state, open)} could not be cleared.`
      : green.length === 0
        ? ""
        : " All the others pass together and stay here.";
  return `${sentence(each)}, as ${trials} told: it gets a pull request of its own.${rest}`;
}

/** What was tried, one row for each trial. */
export function trialTable(state: BisectState): string {
  if (state.trials.length === 0) return "";
  const rows = state.trials.map((trial, index) => {
    const { atoms, url } = trial;
    return `| ${index + 1} | ${cellOf(state, atoms)} | ${linked(outcomeOf(trial), url)} |`;
  });
  return ["| Trial | With | Checks |", "| --- | --- | --- |", ...rows].join("\n");
}

function outcomeOf({ outcome, failedOnce }: TrialState): string {
  if (outcome === "passed" && failedOnce !== undefined) return "passed, the second time";
  return outcome === undefined ? "running" : words[outcome];
}

const words = { passed: "passed", failed: "failed", unknown: "told nothing" } as const;

const mostNames = 6;

/** All but a few are told by what is missing. */
function cellOf(state: BisectState, atoms: readonly number[]): string {
  const missing = state.atoms.map((_, atom) => atom).filter((atom) => !atoms.includes(atom));
  return missing.length < atoms.length ? `all but ${namedIn(state, missing)}` : namedIn(state, atoms);
}

function namedIn(state: BisectState, atoms: readonly number[]): string {
  const names = namesOf(state, atoms);
  const shown = names.slice(0, mostNames).map((name) => codeSpan(name.slice(0, 100)).replaceAll("|", "\\|"));
  return names.length > mostNames
    ? `${shown.join(", ")} and ${names.length - mostNames} more`
    : listOf(shown);
}

function linked(label: string, url: string | undefined): string {
  const target = url === undefined ? undefined : linkTarget(url);
  return target === undefined ? label : `[${label}](${target})`;
}

function sentence(parts: readonly string[]): string {
  return parts.join("; ");
}

function listOf(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** Said of a group that is too large for a comment to remember a search in it. */
export const tooLarge = `A check fails here, and this group is too large to search for the update that breaks it. Smaller groups in the configuration, or \`@steeplejack split NAME\`, help.\n\n${noteOf("size")}`;
