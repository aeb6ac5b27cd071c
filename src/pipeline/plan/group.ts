import { dependencyTypeOf, type GroupRule, matchesPattern, type Policy } from "../../domain/policy.ts";
import type { Project, Update, UpdateGroup } from "../../domain/types.ts";
import { isWithinLock } from "../exposed.ts";
import { hubsOf } from "./families.ts";
import { byText } from "../../text/order.ts";

/** Sorts updates into groups: by the configuration's rules, else small ones together and each major by itself. */
export function group(
  updates: readonly Update[],
  policyOf: (update: Update) => Policy,
): readonly UpdateGroup[] {
  const hubs = hubsOf(updates);
  const atRuntime = usedAtRuntime(updates);
  const placed = updates.map((update) => ({
    update,
    place: placeOf(update, atRuntime, policyOf(update), hubs),
  }));
  const groups = [...Map.groupBy(placed, ({ place }) => place.key)].map(([key, members]): UpdateGroup => {
    const { name, kind, single, limit } = members[0]?.place ?? { name: key, kind: "version", single: false };
    const steps = furthest(members.map(({ update }) => update));
    // A major and its kin are called by their hub, and one without kin by itself.
    const isAlone = new Set(steps.map(({ dependency }) => dependency.name)).size === 1;
    const own = { key, name, kind, single: single && isAlone, updates: steps.toSorted(byName) };
    return limit === undefined || kind === "security" ? own : { ...own, limit };
  });
  return groups.toSorted((a, b) => rank(a) - rank(b) || byText(a.key, b.key));
}

type Place = Pick<UpdateGroup, "key" | "name" | "kind" | "single" | "limit">;

function placeOf(
  update: Update,
  atRuntime: ReadonlyMap<Project, ReadonlySet<string>>,
  policy: Policy,
  hubs: ReadonlyMap<Update, string>,
): Place {
  const { project, dependency, size } = update;
  const kind = update.fixes.length > 0 ? "security" : "version";
  const branch = policy.branch === undefined ? "" : ` on ${policy.branch}`;
  const where = `${project.root === "" ? "" : ` in ${project.root}`}${branch}`;
  const hub = (policy.groupRelated ? hubs.get(update) : undefined) ?? dependency.name;
  const at = (name: string, single: boolean): Place => ({
    key: `${project.ecosystem}/${name}${where}`,
    name: single ? hub : name,
    kind,
    single,
  });
  if (isWithinLock(update)) return placeWithinLock(update, policy, at);
  if (policy.group !== undefined)
    return {
      ...at(kind === "security" ? `security:${policy.group}` : policy.group, false),
      name: policy.group,
      ...limited(policy.groupLimit ?? policy.groups.find(({ name }) => name === policy.group)?.limit),
    };
  const rule = ruleFor(update, policy.groups, kind);
  if (rule !== undefined)
    return {
      ...placeByRule(rule, at(rule.name, false), hub, {
        where: policy.groupsAcross === undefined ? where : ` in ${policy.groupsAcross}${branch}`,
        branch,
      }),
      ...limited(rule.limit),
    };
  if (!policy.defaultGroups) return at(`${kind === "security" ? "security" : "single"}:${hub}`, true);
  if (size === "major") return at(`${kind === "security" ? "security" : "major"}:${hub}`, true);
  if (kind === "security") return at("security", false);
  return at(atRuntime.get(project)?.has(dependency.name) === true ? "runtime" : "development", false);
}

/** They move together, and apart from what manifests say: what asks for them decides where to. */
function placeWithinLock(
  update: Update,
  policy: Policy,
  at: (name: string, single: boolean) => Place,
): Place {
  const rule = ruleFor(update, policy.groups, "version");
  const name = policy.group ?? rule?.name;
  return {
    ...at(name === undefined ? "transitive" : `${name}-transitive`, false),
    ...limited(policy.group === undefined ? rule?.limit : policy.groupLimit),
  };
}

function limited(limit: UpdateGroup["limit"]): Pick<Place, "limit"> {
  return limit === undefined ? {} : { limit };
}

/** A rule's group is its project's own, unless its entry shares it among folders, or the whole repository does. */
function placeByRule(
  rule: GroupRule,
  own: Place,
  hub: string,
  { where, branch }: { readonly where: string; readonly branch: string },
): Place {
  if (rule.isShared === true) return { ...own, key: `multi-ecosystem/${rule.name}${branch}` };
  const [ecosystem = ""] = own.key.split("/");
  if (rule.byName !== true) return { ...own, key: `${ecosystem}/${rule.name}${where}` };
  return { ...own, key: `${ecosystem}/${rule.name}:${hub}${where}`, name: hub, single: true };
}

/** A package that one manifest of a project uses at run time travels with the runtime group in all of them. */
function usedAtRuntime(updates: readonly Update[]): ReadonlyMap<Project, ReadonlySet<string>> {
  const used = updates.filter(({ dependency }) => dependencyTypeOf(dependency.scope) !== "development");
  return new Map(
    [...Map.groupBy(used, ({ project }) => project)].map(([project, own]) => [
      project,
      new Set(own.map(({ dependency }) => dependency.name)),
    ]),
  );
}

/** The rule whose pattern fits most closely; of equals, the first. */
function ruleFor(
  update: Update,
  rules: readonly GroupRule[],
  kind: UpdateGroup["kind"],
): GroupRule | undefined {
  const { name, scope } = update.dependency;
  const fitting = rules
    .filter((rule) => rule.appliesTo === kind)
    .filter(
      ({ dependencyType }) => dependencyType === undefined || dependencyType === dependencyTypeOf(scope),
    )
    .filter(({ excludePatterns }) => !excludePatterns.some((pattern) => matchesPattern(pattern, name)))
    .map((rule) => ({ rule, fit: fitOf(rule.patterns, name) }))
    .filter(({ fit }) => fit > 0);
  const best = fitting.toSorted((a, b) => b.fit - a.fit)[0]?.rule;
  // Judged after the choice, as the rival does: an update of another size leaves its group and joins no other.
  return best !== undefined && (best.updateTypes.length === 0 || best.updateTypes.includes(update.size))
    ? best
    : undefined;
}

/** How closely a name is meant: its own name before no patterns at all, before wildcards by their length, before `*`. */
function fitOf(patterns: readonly string[], name: string): number {
  if (patterns.length === 0) return 500;
  const fits = patterns
    .filter((pattern) => matchesPattern(pattern, name))
    .map((pattern) => {
      if (!pattern.includes("*")) return 1_000;
      if (pattern === "*") return 1;
      return Math.max(2, 100 - 10 * (pattern.split("*").length - 1) + pattern.length);
    });
  return Math.max(0, ...fits);
}

/** Where a rule lets both the small step and the big one of a dependency in, only the big one: a file holds one of them. */
function furthest(updates: readonly Update[]): readonly Update[] {
  return [...Map.groupBy(updates, ({ dependency }) => dependency).values()].flatMap((steps) =>
    steps.length === 1 ? steps : steps.filter(({ size }) => size === "major"),
  );
}

/** What is safe and small comes before what may break: under a limit of open pull requests, the first are opened. */
function rank({ kind, updates }: UpdateGroup): number {
  if (kind === "security") return 0;
  return updates.every(({ size }) => size === "major") ? 2 : 1;
}

function byName(a: Update, b: Update): number {
  return byText(a.dependency.name, b.dependency.name) || byText(a.manifest.path, b.manifest.path);
}
