import type { Release } from "../../domain/types.ts";
import type { VersionScheme } from "../../versions/scheme.ts";

/** Each costs a whole resolution. */
const mostAlternatives = 3;

/**
 * The releases to try when no lockfile can hold the chosen one, highest first: the next one down, the next minor line
 * down, and the newest of each lower major. `free` are those that may be taken, newest first, none above `chosen`.
 */
export function alternativesTo(
  chosen: string,
  free: readonly Release[],
  scheme: VersionScheme,
): readonly Release[] {
  const picked: Release[] = [];
  const tried = new Set<string>();
  let line = chosen;
  for (const release of free) {
    if (scheme.compare(release.version, chosen) >= 0) continue;
    const step = scheme.size(release.version, line);
    const isOwnLine = line === chosen && !tried.has(step);
    if (step !== "major" && !isOwnLine) continue;
    tried.add(step);
    if (step === "major") line = release.version;
    picked.push(release);
  }
  return picked.slice(0, mostAlternatives);
}
