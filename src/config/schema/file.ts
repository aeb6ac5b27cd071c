import semver from "semver";
import { z } from "zod";
import {
  ecosystemName,
  glob,
  groupShape,
  optionKeys,
  optionShapes,
  pattern,
  ruleOptions,
  severity,
} from "./options.ts";

const size = z.enum(["major", "minor", "patch"]);

/** `production`, `development`, `optional` and `peer` are what code requires; the others what else a file can pin. */
const dependencyKinds = [
  "production",
  "development",
  "optional",
  "peer",
  "override",
  "package-manager",
  "engine",
  "transitive",
] as const;
const word = z.string().min(1).max(1_000);

/** What a registry that asks for nothing has. */
const maybeEmpty = z.string().max(1_000);

const registryShape = z.strictObject({
  type: z.enum([
    "cargo-registry",
    "composer-repository",
    "docker-registry",
    "git",
    "goproxy-server",
    "helm-registry",
    "hex-organization",
    "hex-repository",
    "maven-repository",
    "npm-registry",
    "nuget-feed",
    "pub-registry",
    "pub-repository",
    "python-index",
    "rubygems-server",
    "terraform-registry",
  ]),
  url: word.optional(),
  username: maybeEmpty.optional(),
  password: maybeEmpty.optional(),
  token: word.optional(),
  key: word.optional(),
  "auth-key": word.optional(),
  "public-key-fingerprint": word.optional(),
  repo: word.optional(),
  organization: word.optional(),
  registry: word.optional(),
  "replaces-base": z.boolean().optional(),
  "tenant-id": word.optional(),
  "client-id": word.optional(),
  "aws-region": word.optional(),
  "account-id": word.optional(),
  "role-name": word.optional(),
  domain: word.optional(),
  "domain-owner": word.optional(),
  "jfrog-oidc-provider-name": word.optional(),
  audience: word.optional(),
  "identity-mapping-name": word.optional(),
});

const entryShape = z.strictObject({
  "package-ecosystem": ecosystemName.describe("Such as npm, which stands for pnpm and Yarn too."),
  directory: glob.optional().describe("From the top of the repository: `/` or `/apps/web`."),
  directories: z.array(glob).min(1).max(500).optional().describe("As `directory`, with `*` and `**`."),
  registries: z.union([z.literal("*"), z.array(word)]).optional(),
  "multi-ecosystem-group": word
    .optional()
    .describe("One of `multi-ecosystem-groups`; `patterns` must be there."),
  patterns: z.array(pattern).optional(),
  "update-types": z
    .array(size)
    .optional()
    .describe("Of `multi-ecosystem-group`: an update of another size leaves it. None: every size."),
  "enable-beta-ecosystems": z.boolean().optional(),
  ...optionShapes,
});

export const matchShape = z.strictObject({
  ecosystems: z.array(ecosystemName).optional(),
  names: z.array(pattern).optional(),
  "exclude-names": z.array(pattern).optional(),
  paths: z.array(glob).optional().describe("Of manifests."),
  "dependency-type": z.enum(["production", "development"]).optional(),
  kinds: z
    .array(z.enum(dependencyKinds))
    .optional()
    .describe("What requires it: more exact than `dependency-type`."),
  "current-version": z
    .string()
    .max(200)
    .refine((text) => semver.validRange(text) !== null, "a range such as >=1.0.0, as npm writes it")
    .optional()
    .describe("A range, as npm writes it, for the version in use."),
  "update-types": z.array(size).optional(),
  severity: severity.optional().describe("Updates that mend an advisory at least as grave."),
  "min-age-days": z.number().int().min(0).max(3_650).optional().describe("Of the release."),
  "max-age-days": z.number().int().min(0).max(3_650).optional().describe("Of the release."),
});

const ruleShape = z.strictObject({
  description: z.string().max(1_000).optional(),
  match: matchShape.describe("All that is said must fit; nothing said fits everything."),
  ...optionShapes,
  ...ruleOptions,
});

const multiEcosystemShape = z.strictObject({ ...optionShapes });

const optionName = z.strictObject(optionShapes).keyof();

/** `.github/steeplejack.yml`, and `.github/dependabot.yml`, which says a part of it. */
export const fileShape = z.strictObject({
  version: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .describe("2 in a file that was a dependabot.yml."),
  extends: z
    .union([word, z.array(word).max(20)])
    .optional()
    .describe("Files to build on: `organisation/repository//path@ref`."),
  mode: z.enum(["propose", "report"]).optional().describe("`report`: no pull request is opened."),
  dashboard: z
    .boolean()
    .optional()
    .describe("Whether an issue is kept that lists what is open, waits, failed and is held."),
  limits: z
    .strictObject({ "open-pull-requests": z.number().int().min(0).max(1_000).optional() })
    .optional()
    .describe("For the whole repository, besides the limit of each entry."),
  final: z
    .array(optionName)
    .optional()
    .describe("In an organisation's file: the options that no repository may change."),
  updates: z
    .array(entryShape)
    .max(1_000)
    .optional()
    .describe("With it, only what it lists gets version updates."),
  rules: z.array(ruleShape).max(1_000).optional().describe("Later ones win."),
  registries: z.record(z.string().min(1).max(200), registryShape).optional(),
  "multi-ecosystem-groups": z.record(z.string().min(1).max(100), multiEcosystemShape).optional(),
  "enable-beta-ecosystems": z.boolean().optional(),
  ...optionShapes,
});

export type ConfigurationFile = z.infer<typeof fileShape>;
export type Entry = z.infer<typeof entryShape>;
export type Match = z.infer<typeof matchShape>;
export type Registry = z.infer<typeof registryShape>;

/** What dependabot.yml may say at its top. */
export const keysOfRival: readonly string[] = [
  "version",
  "updates",
  "registries",
  "multi-ecosystem-groups",
  "enable-beta-ecosystems",
];

/** Every key that may stand somewhere, for guessing which one was meant. */
export const knownKeys: readonly string[] = [
  ...new Set([
    ...optionKeys,
    ...[fileShape, entryShape, ruleShape, matchShape, registryShape, groupShape].flatMap((shape) =>
      Object.keys(shape.shape),
    ),
  ]),
];
