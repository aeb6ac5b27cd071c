import cvss from "ae-cvss-calculator";
import { z } from "zod";
import { byIdAndName } from "../domain/advisory.ts";
import type { AdvisoryEcosystem } from "../domain/ports.ts";
import type { Advisory, AffectedRange, Severity } from "../domain/types.ts";
import type { VersionScheme } from "../versions/scheme.ts";

/** What is kept of an OSV record (https://ossf.github.io/osv-schema/): plain JSON, a tenth of its size. */
export interface OsvRecord {
  readonly id: string;
  readonly withdrawn: boolean;
  readonly aliases: readonly string[];
  readonly summary: string;
  /** CVSS vectors that hold for every package of the record. */
  readonly vectors: readonly string[];
  /** The publisher's own word, such as `MODERATE`. */
  readonly label?: string;
  /** Entries without a package, or about commits alone, are left out. */
  readonly affected: readonly OsvAffected[];
}

interface OsvAffected {
  readonly ecosystem: string;
  readonly name: string;
  readonly vectors: readonly string[];
  /** The events of each range, in the order of the record. */
  readonly ranges: readonly (readonly OsvEvent[])[];
  readonly versions: readonly string[];
}

type OsvEvent = z.infer<typeof event>;

/** Reads one record, as parsed from JSON. Throws `Error` with one line when it is not one. */
export function readOsv(data: unknown): OsvRecord {
  const parsed = record.safeParse(data);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`not an OSV record: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { id, withdrawn, aliases, summary, details, severity, affected } = parsed.data;
  const label = z.object({ severity: z.string() }).safeParse(parsed.data.database_specific).data?.severity;
  return {
    id,
    withdrawn: withdrawn !== undefined,
    aliases,
    summary: firstLine(summary ?? details ?? ""),
    vectors: vectorsOf(severity),
    ...(label !== undefined && { label }),
    affected: affected.flatMap(keepAffected),
  };
}

/** What a record says of the packages of one ecosystem: one advisory for each, nothing if it was withdrawn. */
export function advisoriesIn(of: OsvRecord, ecosystem: AdvisoryEcosystem): readonly Advisory[] {
  if (of.withdrawn) return [];
  const entries = of.affected.filter((entry) => entry.ecosystem === ecosystem.osv);
  const packages = Map.groupBy(entries, (entry) => packageKey(entry.ecosystem, entry.name));
  return [...packages.values()]
    .map((same): Advisory => {
      const vectors = [...of.vectors, ...same.flatMap((entry) => entry.vectors)];
      return {
        id: of.id,
        aliases: of.aliases.filter((alias) => alias !== of.id),
        ecosystem: ecosystem.osv,
        name: same[0]?.name ?? "",
        summary: of.summary,
        ...gradeOf(of, vectors),
        url: pageOf(of.id),
        ranges: same.flatMap((entry) =>
          entry.ranges.flatMap((events) => intervals(events, ecosystem.versions)),
        ),
        versions: [...new Set(same.flatMap((entry) => entry.versions))],
      };
    })
    .toSorted(byIdAndName);
}

/** One spelling for every way to write a package's name: registries differ in what they tell apart. */
export function packageKey(ecosystem: string, name: string): string {
  if (ecosystem === "PyPI") return name.toLowerCase().replace(/[-_.]+/g, "-");
  return ["NuGet", "Packagist", "GitHub Actions"].includes(ecosystem) ? name.toLowerCase() : name;
}

const event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
  limit: z.string().optional(),
});

/** Many publishers write `null` where the schema wants an empty list or nothing at all. */
const list = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((items) => items ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);
const severities = list(z.object({ type: z.string(), score: z.union([z.string(), z.number()]) }));

const affectedEntry = z.object({
  package: z.object({ ecosystem: text, name: text, purl: text }).nullish(),
  severity: severities,
  ranges: list(z.object({ type: z.string(), events: list(event) })),
  versions: list(z.string()),
});

const record = z.object({
  // From a stranger, and shown in titles, paths and Markdown.
  id: z.string().regex(/^[\w.:+-]{1,100}$/, "is no identifier"),
  withdrawn: text,
  aliases: list(z.string()),
  summary: text,
  details: text,
  severity: severities,
  affected: list(affectedEntry),
  database_specific: z.unknown().optional(),
});

function keepAffected(entry: z.infer<typeof affectedEntry>): readonly OsvAffected[] {
  const of = packageOf(entry.package ?? undefined);
  if (of === undefined) return [];
  const ranges = entry.ranges.filter(({ type }) => type === "SEMVER" || type === "ECOSYSTEM");
  if (ranges.length === 0 && entry.versions.length === 0) return [];
  return [
    {
      ...of,
      vectors: vectorsOf(entry.severity),
      ranges: ranges.map(({ events }) => events),
      versions: entry.versions,
    },
  ];
}

function packageOf(
  of: { ecosystem?: string | undefined; name?: string | undefined; purl?: string | undefined } | undefined,
): { ecosystem: string; name: string } | undefined {
  if (of?.ecosystem && of.name) return { ecosystem: of.ecosystem, name: of.name };
  const purl = /^pkg:(?<type>[a-z.+-]+)\/(?<path>[^?#]+)/i.exec(of?.purl ?? "")?.groups;
  const ecosystem = ecosystems[purl?.["type"]?.toLowerCase() ?? ""];
  // A version is split off at the last `@`; that of an npm scope is written `%40`, or comes first.
  const path = purl?.["path"]?.replace(/(?<=.)@[^@/]*$/, "");
  if (ecosystem === undefined || path === undefined) return undefined;
  const name = path
    .split("/")
    .map((part) => unescaped(part))
    .join(ecosystem === "Maven" ? ":" : "/");
  return { ecosystem, name };
}

function unescaped(part: string): string {
  return part.replace(/%([2-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** OSV's names for the types of package URLs. */
const ecosystems: Readonly<Record<string, string>> = {
  cargo: "crates.io",
  composer: "Packagist",
  gem: "RubyGems",
  githubactions: "GitHub Actions",
  golang: "Go",
  hex: "Hex",
  maven: "Maven",
  npm: "npm",
  nuget: "NuGet",
  pub: "Pub",
  pypi: "PyPI",
  swift: "SwiftURL",
};

/**
 * The events of one range, in whatever order they came, as intervals. What the scheme cannot read never makes a
 * version look safe: such an introduction counts from the first version, such an end is not there.
 */
function intervals(events: readonly OsvEvent[], versions: VersionScheme): readonly AffectedRange[] {
  const known = events.flatMap((each): readonly Edge[] => {
    const edges: Edge[] = [];
    if (each.introduced !== undefined) {
      const at = each.introduced === "0" ? undefined : readable(each.introduced, versions);
      edges.push({ kind: "introduced", ...(at !== undefined && { at }) });
    }
    const fixed = readable(each.fixed, versions);
    if (fixed !== undefined) edges.push({ kind: "fixed", at: fixed });
    const last = readable(each.last_affected, versions);
    if (last !== undefined) edges.push({ kind: "lastAffected", at: last });
    return edges;
  });
  const sorted = known.toSorted((a, b) => {
    if (a.at === undefined || b.at === undefined)
      return Number(a.at !== undefined) - Number(b.at !== undefined);
    return (
      versions.compare(a.at, b.at) || Number(a.kind === "lastAffected") - Number(b.kind === "lastAffected")
    );
  });

  const limit = limitOf(events, versions);
  const found: AffectedRange[] = [];
  let open: { introduced?: string } | undefined;
  for (const { kind, at } of sorted) {
    if (kind === "introduced") open ??= at === undefined ? {} : { introduced: at };
    else if (open !== undefined) {
      found.push({ ...open, ...(at !== undefined && { [kind]: at }), ...limit });
      open = undefined;
    }
  }
  if (open !== undefined) found.push({ ...open, ...limit });
  return found;
}

interface Edge {
  readonly kind: "introduced" | "fixed" | "lastAffected";
  /** Absent: before every version. */
  readonly at?: string;
}

/** A version is spoken of when it is below any limit, so the highest counts. */
function limitOf(events: readonly OsvEvent[], versions: VersionScheme): { limit?: string } {
  const limits = events.flatMap(({ limit }) => (limit === undefined ? [] : [readable(limit, versions)]));
  const highest = limits.includes(undefined)
    ? undefined
    : limits
        .filter((limit) => limit !== undefined)
        .toSorted(versions.compare)
        .at(-1);
  return highest === undefined ? {} : { limit: highest };
}

/** Publishers shorten `2.0.0` to `2.0` although the schema wants all three numbers. */
function readable(version: string | undefined, versions: VersionScheme): string | undefined {
  if (version === undefined) return undefined;
  const spellings = [version, `${version}.0`, `${version}.0.0`];
  return spellings.slice(0, /^v?\d+(\.\d+)?$/.test(version) ? 3 : 1).find(versions.isValid);
}

function vectorsOf(severity: z.infer<typeof severities>): readonly string[] {
  return severity.filter(({ type }) => type.startsWith("CVSS_V")).map(({ score }) => String(score));
}

/** Where vectors of several versions of CVSS disagree, the graver one counts. */
function gradeOf(of: OsvRecord, vectors: readonly string[]): { severity: Severity; score?: number } {
  const scores = vectors.flatMap((vector) => scoreOf(vector) ?? []);
  if (scores.length > 0) {
    const score = Math.max(...scores);
    return { severity: of.id.startsWith("MAL-") ? "critical" : severityOf(score), score };
  }
  if (of.id.startsWith("MAL-")) return { severity: "critical" };
  return { severity: words[of.label?.toLowerCase() ?? ""] ?? "unknown" };
}

function scoreOf(vector: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(vector)) return Math.min(Number(vector), 10);
  if (!/^(CVSS:(2\.0|3\.0|3\.1|4\.0)\/|AV:|\(AV:)/.test(vector)) return undefined;
  const scores: unknown = cvss.fromVector(vector.replace(/^\(|\)$/g, ""))?.calculateScores();
  return z.object({ base: z.number() }).safeParse(scores).data?.base;
}

/** The bands of CVSS 3 and 4, in GitHub's words. */
function severityOf(score: number): Severity {
  if (score >= 9) return "critical";
  if (score >= 7) return "high";
  if (score >= 4) return "moderate";
  return score > 0 ? "low" : "unknown";
}

const words: Readonly<Record<string, Severity>> = {
  low: "low",
  moderate: "moderate",
  medium: "moderate",
  important: "high",
  high: "high",
  critical: "critical",
};

function pageOf(id: string): string {
  return id.startsWith("GHSA-")
    ? `https://github.com/advisories/${id}`
    : `https://osv.dev/vulnerability/${id}`;
}

function firstLine(of: string): string {
  const line = of.split("\n").find((each) => each.trim() !== "") ?? "";
  const plain = line.replace(/^#+\s*/, "").trim();
  return plain.length <= 200 ? plain : `${plain.slice(0, 199).trimEnd()}…`;
}
