import { posix } from "node:path";
import {
  type GroupRule,
  longestOf,
  type Policies,
  type Policy,
  type PolicyMove,
  type PolicySubject,
  type ProjectPlace,
} from "../domain/policy.ts";
import { byText } from "../text/order.ts";
import { layerAt, originOf, type ReadFile } from "./file.ts";
import { type Effective, type Layer, mergeLayers } from "./layers.ts";
import { type Asked, excludedIn, foldersOf, toCondition, toFolderTest } from "./match.ts";
import { at, toPolicy } from "./read-options.ts";
import { basesOf } from "./registries.ts";
import type { Entry } from "./schema/file.ts";
import type { optionShapes } from "./schema/options.ts";

/** The files that bear on one repository. */
export interface Files {
  /** What the organisation's file builds on. */
  readonly beneath?: readonly ReadFile[];
  /** Of the organisation. */
  readonly organisation?: ReadFile;
  /** What the repository's own file builds on, in their order. */
  readonly extended: readonly ReadFile[];
  readonly own: ReadFile;
}

export interface EffectivePolicies extends Policies {
  /** Of a project, with where each value comes from. */
  effectiveFor(project: ProjectPlace): Effective & { readonly policy: Policy };
}

/**
 * Lays the files over one another: see `docs/configuration.md`. Pure; the same question gets the same object. Without the
 * default branch's name, entries for branches are left aside.
 */
export function policiesOf(files: Files, defaultBranch?: string): EffectivePolicies {
  const named = defaultBranch === undefined ? [] : branchesOf(files.own);
  const others = named.filter((branch) => branch !== defaultBranch);
  const branches = new Map(others.map((branch) => [branch, policiesFor(files, forOther(branch))]));
  // A folder is taken for a checkout of the branch that the file as a whole is for.
  const here = defaultBranch ?? files.own.file["target-branch"];
  return { ...policiesFor(files, forDefault(here)), branches };
}

/** Those that the entries are for; of a file without entries, the one that it is for as a whole. */
function branchesOf({ file }: ReadFile): readonly string[] {
  const named = file.updates?.map((entry) => branchOf(entry, file)) ?? [file["target-branch"]];
  return [...new Set(named)].filter((branch) => branch !== undefined).toSorted(byText);
}

function branchOf(entry: Entry, file: ReadFile["file"]): string | undefined {
  return entry["target-branch"] ?? file["target-branch"];
}

/** Whether what is written for a branch has a say here, and what the branch adds to every policy. */
interface Target {
  readonly isFor: (branch: string | undefined) => boolean;
  readonly adapt: (policy: Policy) => Policy;
}

function forDefault(defaultBranch: string | undefined): Target {
  return {
    isFor: (branch) => branch === undefined || branch === defaultBranch,
    adapt: (policy) => policy,
  };
}

/** Security updates are for the default branch only. */
function forOther(branch: string): Target {
  return {
    isFor: (named) => named === branch,
    adapt: (policy) => ({ ...policy, branch, security: { ...policy.security, response: "report" } }),
  };
}

function policiesFor(files: Files, target: Target): EffectivePolicies {
  const { beneath = [], organisation, extended, own } = files;
  const all = [...beneath, ...(organisation === undefined ? [] : [organisation]), ...extended, own];
  const general = all.map((each) => layerAt(each, [], each.file));
  const final = [
    ...(organisation === undefined ? [] : [finalLayer(organisation)]),
    ...all.filter(({ isPart }) => isPart === true).map(({ path }) => withoutMerging(path)),
  ];
  const entries = entriesOf(own, target);
  const rules = all.flatMap(rulesOf);
  const listed = own.file.updates !== undefined;
  const known = new Map<string, Effective & { readonly policy: Policy }>();

  const effective = (project: ProjectPlace, folder: string, asked: Asked) => {
    const entry =
      entries.find((it) => it.fits(project.ecosystem, folder)) ??
      entries.find((it) => it.fits(project.ecosystem, project.root));
    const fitting = rules.filter(({ fits }) => fits(asked));
    const unlisted = listed && entry === undefined ? `${project.ecosystem}\0${project.root}` : "";
    const key = [entry?.name ?? unlisted, ...fitting.map(({ layer }) => layer.source)].join("\n");
    const before = known.get(key);
    if (before !== undefined) return before;
    const merged = mergeLayers([
      ...(entry === undefined ? [] : [rivalDefaults]),
      ...general,
      ...(entry?.layers ?? []),
      ...fitting.map(({ layer }) => layer),
      ...final,
    ]);
    const policy = toPolicy(merged);
    const made = {
      ...merged,
      policy: target.adapt(
        entry === undefined ? whereUnlisted(policy, project, own, target) : entry.adapt(policy),
      ),
    };
    known.set(key, made);
    return made;
  };

  const forProject = (project: ProjectPlace) =>
    effective(project, project.root, { ecosystem: project.ecosystem });
  const forSubject = (subject: PolicySubject, move?: PolicyMove): Policy => {
    const { project, manifest } = subject;
    const folder = posix.dirname(manifest.path);
    const asked = { ecosystem: project.ecosystem, subject, ...(move === undefined ? {} : { move }) };
    return effective(project, folder === "." ? "" : folder, asked).policy;
  };
  const bases = basesOf(own.file);
  const registryFor = ({ ecosystem, root }: ProjectPlace) => {
    const entry = entries.find((it) => it.fits(ecosystem, root));
    const names = listed ? (entry?.registries ?? []) : "*";
    return ecosystem === "npm"
      ? [...bases].find(([name]) => names === "*" || names.includes(name))?.[1]
      : undefined;
  };
  const special = [...entries.flatMap((it) => it.layers), ...rules.map(({ layer }) => layer), ...final];
  const limit = all.findLast(({ file }) => file.limits !== undefined)?.file.limits?.["open-pull-requests"];
  const dashboard = all.findLast(({ file }) => file.dashboard !== undefined)?.file.dashboard;
  return {
    branches: new Map(),
    ...(dashboard === undefined ? {} : { dashboard }),
    mode: all.findLast(({ file }) => file.mode !== undefined)?.file.mode ?? "propose",
    ...(limit === undefined ? {} : { openPullRequestsLimit: limit }),
    ...(bases.size === 0 ? {} : { registryFor }),
    settledAfter: Math.max(longestCooldown(general, special), ...rules.map(({ oldest }) => oldest)),
    forProject: (project) => forProject(project).policy,
    forDependency: (subject) => forSubject(subject),
    ...(rules.some(({ asksAboutReleases }) => asksAboutReleases) ? { forUpdate: forSubject } : {}),
    effectiveFor: forProject,
  };
}

/** What an entry of `updates` means where it says nothing: as its authors know it. */
const rivalDefaults: Layer = {
  source: "",
  originOf: () => "the default of an entry",
  options: { "open-pull-requests-limit": 5, "default-groups": false, "exclude-paths": [] },
};

function finalLayer(organisation: ReadFile): Layer {
  const { options, ...layer } = layerAt(organisation, [], organisation.file);
  const final: readonly string[] = organisation.file.final ?? [];
  return {
    ...layer,
    isFinal: true,
    options: Object.fromEntries(Object.entries(options).filter(([key]) => final.includes(key))),
  };
}

/** While it is not known what a file would have kept from being merged. */
function withoutMerging(path: string): Layer {
  return {
    source: path,
    originOf: () => `${path}, which is faulty`,
    isFinal: true,
    options: { automerge: false },
  };
}

interface FittingEntry {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly registries: Entry["registries"];
  readonly fits: (ecosystem: string, folder: string) => boolean;
  readonly adapt: (policy: Policy) => Policy;
}

function entriesOf(file: ReadFile, { isFor }: Target): readonly FittingEntry[] {
  return (file.file.updates ?? []).flatMap((entry, index): FittingEntry[] => {
    if (!isFor(branchOf(entry, file.file))) return [];
    const isFolder = toFolderTest(entry);
    const name = originOf(file, ["updates", index]);
    const multi = entry["multi-ecosystem-group"];
    const shared = multi === undefined ? undefined : file.file["multi-ecosystem-groups"]?.[multi];
    const own = layerAt(file, ["updates", index], entry);
    return [
      {
        name: `${name} ${index}`,
        registries: entry.registries,
        layers: [
          ...(multi === undefined ? [] : [layerAt(file, ["multi-ecosystem-groups", multi], shared)]),
          { ...own, options: withShared(withFolders(own.options, entry), shared) },
        ],
        fits: (ecosystem, folder) => ecosystem === entry["package-ecosystem"] && isFolder(folder),
        adapt: (policy) => ({
          ...policy,
          entry: multi === undefined ? name : `the group ${multi}`,
          groups: multi === undefined ? policy.groups : [toSharedGroup(multi, entry), ...policy.groups],
          ...(entry.directories === undefined ? {} : { groupsAcross: acrossOf(entry) }),
        }),
      },
    ];
  });
}

/** Paths that an entry excludes are written relative to its folders. */
function withFolders(options: Layer["options"], entry: Entry): Layer["options"] {
  if (entry["exclude-paths"] === undefined) return options;
  return { ...options, ["exclude-paths" satisfies keyof typeof optionShapes]: excludedIn(entry) };
}

/** Labels and people of a shared group and of its entries add up, as the rival has it. */
function withShared(
  options: Layer["options"],
  shared: Pick<Entry, "labels" | "assignees"> = {},
): Layer["options"] {
  const keys = (["labels", "assignees"] as const).filter((key) => key in shared && key in options);
  const together = keys.map((key) => [key, [...new Set([shared[key], options[key]].flat())]]);
  return { ...options, ...Object.fromEntries(together) };
}

function toSharedGroup(name: string, entry: Entry): GroupRule {
  const { patterns = [], "update-types": updateTypes = [] } = entry;
  return { name, patterns, excludePatterns: [], updateTypes, appliesTo: "version", isShared: true };
}

function acrossOf(entry: Entry): string {
  return foldersOf(entry)
    .map((folder) => (folder === "" ? "/" : folder))
    .join(", ");
}

function whereUnlisted(
  policy: Policy,
  { ecosystem, root }: ProjectPlace,
  own: ReadFile,
  { isFor }: Target,
): Policy {
  const { updates, "target-branch": branch } = own.file;
  if (updates === undefined && isFor(branch)) return policy;
  const noVersionUpdates =
    updates === undefined
      ? `version updates are for the branch ${branch}${at(originOf(own, ["target-branch"]))}`
      : `no entry of \`updates\` lists ${ecosystem} in /${root}${at(originOf(own, ["updates"]))}`;
  return { ...policy, noVersionUpdates };
}

const releaseConditions = ["update-types", "severity", "min-age-days", "max-age-days"] as const;

function rulesOf(file: ReadFile) {
  return (file.file.rules ?? []).map((rule, index) => ({
    fits: toCondition(rule.match),
    oldest: Math.max(rule.match["min-age-days"] ?? 0, rule.match["max-age-days"] ?? 0),
    asksAboutReleases: releaseConditions.some((key) => rule.match[key] !== undefined),
    layer: { ...layerAt(file, ["rules", index], rule), source: `${file.path} rule ${index}` },
  }));
}

/** In days: the longest age that is asked about anywhere, or that of the default cooldown where the top says nothing. */
function longestCooldown(general: readonly Layer[], special: readonly Layer[]): number {
  const written = special.filter(({ options }) => "cooldown" in options || "automerge" in options);
  const all = [mergeLayers(general), ...written.map((layer) => mergeLayers([layer]))];
  return Math.max(
    ...all.map((merged) => {
      const { cooldown, automerge } = toPolicy(merged);
      return Math.max(longestOf(cooldown), automerge?.minAgeDays ?? 0);
    }),
  );
}
