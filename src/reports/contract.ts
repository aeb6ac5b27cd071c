import { z } from "zod";

/**
 * The JSON that `scan` and `update` print: a public contract. Fields are added, and never renamed or taken away,
 * without a new `schema` number. Lists are in the order of the files, or sorted by name where files give none.
 */
const manifest = z.object({
  ecosystem: z.string(),
  path: z.string(),
  lockfiles: z.array(z.string()),
});

const dependency = z.object({
  ecosystem: z.string(),
  name: z.string(),
  manifest: z
    .string()
    .describe("The file that asks for it; of a transitive package, the lockfile that holds it."),
  requirement: z.string().optional().describe("As written. Absent for transitive packages."),
  version: z
    .string()
    .optional()
    .describe("In use, by the lockfile; else the lowest that the requirement allows."),
  scope: z.enum(["runtime", "development", "optional", "peer"]),
  direct: z.boolean(),
});

const update = z.object({
  ecosystem: z.string(),
  name: z.string(),
  manifest: z.string(),
  from: z.string(),
  to: z.string(),
  requirement: z.object({ from: z.string(), to: z.string() }),
  size: z.enum(["major", "minor", "patch"]),
  group: z.string().describe("The key of one of `groups`."),
  publishedAt: z
    .string()
    .optional()
    .describe("ISO 8601; absent where the registry was not asked or does not say."),
  advisories: z.array(z.string()).describe("The ids of what it mends."),
});

const group = z.object({ key: z.string(), title: z.string(), branch: z.string() });

const advisory = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  ecosystem: z.string(),
  name: z.string(),
  version: z.string().describe("The vulnerable version in use."),
  severity: z.enum(["unknown", "low", "moderate", "high", "critical"]),
  score: z.number().optional().describe("CVSS base score, 0 to 10."),
  fixed: z.array(z.string()).describe("Versions that mend it, lowest first."),
  paths: z.array(z.array(z.string())).describe("From a direct dependency to the vulnerable package."),
});

const decision = z.object({
  ecosystem: z.string(),
  name: z.string(),
  manifest: z.string(),
  outcome: z.enum(["update", "current", "held", "failed"]),
  reason: z.object({ code: z.string(), detail: z.string() }),
});

const problem = z.object({ stage: z.string(), subject: z.string(), message: z.string() });

const file = z.object({ path: z.string(), content: z.string() });

export const scanReport = z
  .object({
    schema: z.literal(1),
    repository: z.union([
      z.object({ directory: z.string() }),
      z.object({ owner: z.string(), name: z.string(), sha: z.string() }),
    ]),
    manifests: z.array(manifest),
    dependencies: z.array(dependency),
    updates: z.array(update),
    groups: z.array(group),
    advisories: z.array(advisory),
    decisions: z.array(decision),
    problems: z.array(problem),
    files: z.array(file).optional().describe("Only of `update`: the whole new text of every changed file."),
  })
  .describe("What `steeplejack scan --json` and `steeplejack update --json` print.");

export type ScanReport = z.infer<typeof scanReport>;
