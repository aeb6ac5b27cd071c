import { z } from "zod";
import { bisectModes, versioningStrategies } from "../../domain/policy.ts";
import { mergeMethods } from "../../domain/pull-request.ts";
import { readNamedSchedule } from "../phrases.ts";

/** How many `*` one part of a glob may have, how many `**` and `{}` the whole: more take too long on a hostile path. */
const mostStars = 3;
const mostGlobstars = 4;
const mostBraces = 3;

export const pattern = z.string().min(1).max(300).describe("A name in which `*` stands for any characters.");
export const glob = z
  .string()
  .min(1)
  .max(300)
  .refine(
    isHarmless,
    `a path with at most ${mostStars} \`*\` between two slashes, ${mostGlobstars} \`**\` and ${mostBraces} \`{}\``,
  )
  .describe("A path in which `*` stands for any characters but `/`, and `**` for any folders.");
export const severity = z.enum(["low", "moderate", "high", "critical"]);
export const ecosystemName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, "a name such as npm or github-actions");

const days = z.number().int().min(0).max(3_650);
const size = z.enum(["major", "minor", "patch"]);
const sizeOfRival = z.enum([
  "version-update:semver-major",
  "version-update:semver-minor",
  "version-update:semver-patch",
]);
const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([z.array(item), item]);
const limit = z.number().int().min(0).max(1_000);
const account = z
  .string()
  .regex(/^@?[\w.-]+(?:\/[\w.-]+)?$/, "a login such as octocat, or a team such as acme/web")
  .max(150);

const allowShape = z.strictObject({
  "dependency-name": pattern.optional(),
  "dependency-type": z
    .enum(["direct", "indirect", "all", "production", "development"])
    .optional()
    .describe(
      "`all` if absent: what manifests name. `indirect`: what only a lockfile names, within what asks for it.",
    ),
  "update-types": z.array(sizeOfRival).optional(),
});

const ignoreShape = z.strictObject({
  "dependency-name": pattern.optional(),
  versions: oneOrMore(z.union([z.string().min(1).max(300), z.number()]))
    .optional()
    .describe("Ranges, in the syntax of the package manager."),
  "update-types": oneOrMore(sizeOfRival).optional().describe("Of no effect on security updates."),
});

export const groupShape = z.strictObject({
  "applies-to": z
    .enum(["version-updates", "security-updates"])
    .optional()
    .describe("`version-updates` if absent."),
  patterns: oneOrMore(pattern).optional().describe("None: every name."),
  "exclude-patterns": oneOrMore(pattern).optional(),
  "dependency-type": z.enum(["production", "development"]).optional(),
  "update-types": oneOrMore(size)
    .optional()
    .describe("An update of another size leaves the group. None: every size."),
  "group-by": z
    .literal("dependency-name")
    .optional()
    .describe("One pull request for each dependency, in all folders of the entry."),
  "open-pull-requests-limit": limit
    .optional()
    .describe("For version updates of this group, besides the limit of its entry."),
});

const groupName = z.string().regex(/^[^\p{C}/]{1,100}$/u, "a name of at most 100 characters without `/`");

const cooldownShape = z.strictObject({
  "default-days": days.optional().describe("3 if absent; 0: nothing waits."),
  "semver-major-days": days.optional().describe("`default-days` if absent or 0."),
  "semver-minor-days": days.optional().describe("`default-days` if absent or 0."),
  "semver-patch-days": days.optional().describe("`default-days` if absent or 0."),
  "transitive-days": days
    .optional()
    .describe(
      "For what an update brings in beside it, where something older fits. `default-days` if absent.",
    ),
  include: z.array(pattern).max(150).optional().describe("Only these wait."),
  exclude: z.array(pattern).max(150).optional().describe("These never wait. Wins over `include`."),
});

const time = z.string().regex(/^([01]?\d|2[0-3]):[0-5]\d$/, "a time such as 05:30");
const timezone = z.string().refine(isTimezone, "an IANA time zone such as Europe/Berlin");
const phrase = z
  .string()
  .max(200)
  .refine(
    (text) => readNamedSchedule(text) !== undefined,
    'a cron expression such as "30 5 * * 1", or words such as "after 10pm every weekday" or "before 5am on monday"',
  );

const scheduleShape = z.strictObject({
  interval: z
    .enum(["daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "cron"])
    .optional()
    .describe("`daily` is Monday to Friday; from `monthly` on it is the first day of the month."),
  day: z
    .enum(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"])
    .optional()
    .describe("For `weekly`; `monday` if absent."),
  time: time.optional().describe("From then on, until midnight. A minute of the repository's own if absent."),
  timezone: timezone.optional().describe("`Etc/UTC` if absent."),
  cronjob: phrase.optional().describe("With `interval: cron`: an expression, or words."),
  at: phrase.optional().describe("Instead of `interval`: words such as `after 10pm every weekday`."),
});

const commitMessageShape = z.strictObject({
  prefix: z.string().max(50).optional().describe("A colon is added after a letter, a digit or a bracket."),
  "prefix-development": z.string().max(50).optional(),
  include: z.literal("scope").optional().describe("Adds `(deps)` or `(deps-dev)`."),
});

const bisectShape = z.strictObject({
  mode: z.enum(bisectModes).optional(),
  runs: z.number().int().min(1).max(30).optional().describe("How many parts are tried; 12 if absent."),
});

const automergeShape = z.strictObject({
  "update-types": z.array(size).optional().describe("`[minor, patch]` if absent."),
  "dependency-type": z.enum(["production", "development"]).optional(),
  "min-age-days": days.optional().describe("Since the release was published."),
  "min-confidence": z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("How likely it passes, by what other repositories of the installation have seen: 0.8."),
  method: z.enum(mergeMethods).optional().describe("As the repository does it, if absent."),
});

const securityShape = z.strictObject({
  severity: severity.optional().describe("Advisories below it call for no update of their own."),
  response: z
    .enum(["propose", "report"])
    .optional()
    .describe("`report`: advisories are told, and open no pull request of their own."),
});

/** What can be said for everything, for an entry of `updates`, and in a rule. */
export const optionShapes = {
  allow: z.array(allowShape).max(1_000).optional().describe("Only these are updated. `ignore` wins over it."),
  ignore: z.array(ignoreShape).max(1_000).optional().describe("What is never proposed."),
  groups: z.record(groupName, groupShape).optional().describe("Which updates travel together."),
  "group-related": z
    .boolean()
    .optional()
    .describe("Whether packages that are released in lockstep share a pull request."),
  "default-groups": z
    .boolean()
    .optional()
    .describe(
      "Whether what no group holds is grouped nevertheless. `false` if absent where `updates` lists it.",
    ),
  cooldown: cooldownShape.optional().describe("How old a release must be before it is proposed."),
  schedule: z.union([scheduleShape, phrase]).optional().describe("When new pull requests may be opened."),
  approval: z
    .boolean()
    .optional()
    .describe("Whether version updates wait until a person ticks their box in the dashboard."),
  "open-pull-requests-limit": limit
    .optional()
    .describe("For version updates; 0 means none. 10 if absent, 5 for an entry of `updates`."),
  "versioning-strategy": z
    .enum(versioningStrategies)
    .optional()
    .describe("How requirements follow a release."),
  lockfile: z
    .enum(["strict", "report"])
    .optional()
    .describe(
      "Where an entry of the lockfile would change that the update does not explain: `strict` proposes nothing, `report` (if absent) tells it.",
    ),
  "lock-maintenance": z
    .union([z.boolean(), z.strictObject({ schedule: z.union([scheduleShape, phrase]).optional() })])
    .optional()
    .describe("Whether lockfiles are made anew now and then, within what is asked for; weekly if `true`."),
  labels: z
    .array(z.string().min(1).max(50))
    .max(100)
    .optional()
    .describe("Replaces the labels that are there by default; `[]` for none."),
  assignees: z.array(account).max(100).optional(),
  reviewers: z.array(account).max(100).optional(),
  milestone: z
    .union([z.number().int().min(1), z.string().regex(/^\d{1,9}$/, "a milestone's number")])
    .optional()
    .describe("Its number, as in the address of its page."),
  "commit-message": commitMessageShape.optional(),
  "pull-request-branch-name": z
    .strictObject({
      separator: z.enum(["-", "_", "/"]).optional(),
      prefix: z.string().max(50).optional(),
      "max-length": z.number().int().min(20).max(244).optional(),
      "word-separator": z.enum(["-", "_"]).optional(),
      "branch-name-case": z.enum(["lowercase", "preserve"]).optional(),
    })
    .optional()
    .describe("What stands between the parts of a branch's name."),
  "rebase-strategy": z.enum(["auto", "disabled"]).optional(),
  "exclude-paths": z
    .array(glob)
    .max(200)
    .optional()
    .describe("Manifests to leave out; in an entry of `updates`, relative to its folder."),
  "target-branch": z.string().min(1).max(250).optional(),
  vendor: z.boolean().optional(),
  "insecure-external-code-execution": z.enum(["allow", "deny"]).optional(),
  bisect: z
    .union([z.enum(bisectModes), bisectShape])
    .optional()
    .describe("How the update is looked for that breaks the checks of a group."),
  automerge: z
    .union([z.boolean(), automergeShape])
    .optional()
    .describe("What is merged without a person, once its checks have passed."),
  security: securityShape.optional().describe("Which advisories call for an update, and what is done."),
} as const;

/** The options as such, all absent where nothing is said. */
export const optionsShape = z.strictObject({
  ...optionShapes,
  enabled: z.boolean().optional(),
  group: z
    .union([groupName, z.strictObject({ name: groupName, "open-pull-requests-limit": limit.optional() })])
    .optional()
    .describe("The group it goes into: a name, or a name and how many of its pull requests may be open."),
});
export type Options = z.infer<typeof optionsShape>;

/** Options that were laid over one another; what an entry leaves out is written from the top by now. */
export const mergedShape = optionsShape.extend({ "exclude-paths": z.array(z.string()).optional() });

export const ruleOptions = { enabled: optionsShape.shape.enabled, group: optionsShape.shape.group } as const;

/** Every key that may stand somewhere within an option. */
export const optionKeys: readonly string[] = [
  optionsShape,
  allowShape,
  ignoreShape,
  groupShape,
  cooldownShape,
  scheduleShape,
  commitMessageShape,
  bisectShape,
  automergeShape,
  securityShape,
].flatMap((shape) => Object.keys(shape.shape));

/** Whether a glob can be matched quickly, whatever the path. */
export function isHarmless(text: string): boolean {
  const globstars = text.split("**").length - 1;
  const parts = text.replaceAll("**", "").split("/");
  return (
    globstars <= mostGlobstars &&
    text.split("{").length - 1 <= mostBraces &&
    parts.every((part) => part.split("*").length - 1 <= mostStars) &&
    !/[+@!?*]\(/.test(text)
  );
}

function isTimezone(name: string): boolean {
  return Intl.supportedValuesOf("timeZone").includes(name) || canFormat(name);
}

/** Old names such as `US/Pacific` are not listed, and work. */
function canFormat(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,60}$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false; // the only way that Intl has to say so
  }
}
