import { RateLimitError } from "../domain/errors.ts";
import type { HttpClient } from "../domain/ports.ts";
import type { ReleaseDetails, Signal, Update, UpdateGroup } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";

/** The group with what changed between the releases of each update besides their code, as far as the registry says. */
export async function withSignals(
  group: UpdateGroup,
  ecosystems: ReadonlyMap<string, Ecosystem>,
  http: HttpClient,
): Promise<UpdateGroup> {
  const updates = await Promise.all(
    group.updates.map(async (update): Promise<Update> => {
      const ecosystem = ecosystems.get(update.project.ecosystem);
      const look = async (version: string) =>
        ecosystem?.details?.(update.dependency, version, http).catch((error: unknown) => {
          // It is a courtesy: without it the update is as good.
          if (error instanceof RateLimitError) throw error;
          return undefined;
        });
      const [before, after] = await Promise.all([look(update.from), look(update.release.version)]);
      if (before === undefined || after === undefined) return update;
      return { ...update, signals: signalsOf(before, after, update.from) };
    }),
  );
  return { ...group, updates };
}

/** What a reviewer would want to know of a release, compared with the one in use. Pure. */
export function signalsOf(before: ReleaseDetails, after: ReleaseDetails, from: string): readonly Signal[] {
  return [
    ...installScripts(before, after, from),
    ...publisher(before, after, from),
    ...(before.hasProvenance && !after.hasProvenance
      ? [signal("provenance", `has no provenance, which ${from} had: nothing attests what it was built from`)]
      : []),
    ...license(before, after),
    ...engines(before, after),
  ];
}

function installScripts(before: ReleaseDetails, after: ReleaseDetails, from: string): Signal[] {
  const fresh = after.installScripts.filter((script) => !before.installScripts.includes(script));
  if (fresh.length === 0) return [];
  return [
    signal("install-script", `runs ${fresh.join(" and ")} when it is installed, which ${from} did not`),
  ];
}

function publisher(before: ReleaseDetails, after: ReleaseDetails, from: string): Signal[] {
  // Whoever a trusted build acts for, it is set up by the package's owners.
  if (after.publisher === undefined || before.publisher === undefined || after.isTrusted) return [];
  if (before.isTrusted)
    return [
      signal(
        "publisher",
        `was published by the account ${after.publisher}; ${from} came from a trusted build`,
      ),
    ];
  if (after.publisher === before.publisher) return [];
  return [signal("publisher", `was published by ${after.publisher}; ${from} by ${before.publisher}`)];
}

function license(before: ReleaseDetails, after: ReleaseDetails): Signal[] {
  if (after.license === before.license || before.license === undefined) return [];
  const now = after.license === undefined ? "names no licence" : `is licensed under ${after.license}`;
  return [signal("license", `${now}; it was ${before.license}`)];
}

/** Where the one before named none, most that is asked for now is what everybody has had for years. */
function engines(before: ReleaseDetails, after: ReleaseDetails): Signal[] {
  return Object.entries(after.engines).flatMap(([runtime, range]) => {
    const was = before.engines[runtime];
    const isTold = runtime !== "npm" && was !== undefined && was !== range;
    return isTold ? [signal("engines", `asks for ${runtime} ${range}; it was ${was}`)] : [];
  });
}

function signal(kind: Signal["kind"], detail: string): Signal {
  return { kind, detail };
}
