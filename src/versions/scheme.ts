import type { Release, UpdateSize } from "../domain/types.ts";

/** How an ecosystem orders versions and reads requirements. All pure; none throws on text it does not know. */
export interface VersionScheme {
  readonly isValid: (version: string) => boolean;
  /** Negative when `a` comes before `b`, as `Array.prototype.sort` has it. Invalid versions come first. */
  readonly compare: (a: string, b: string) => number;
  readonly isPrerelease: (version: string) => boolean;
  readonly satisfies: (version: string, requirement: string) => boolean;
  /** How far it is from one version to a later one. */
  readonly size: (from: string, to: string) => UpdateSize;
  /**
   * Moves a requirement up to a release and keeps its style: `^1.2.0` and 2.0.1 make `^2.0.1`. The same text when
   * there is nothing to write; `undefined` when the requirement's style has no way to say it. What it gives, the release
   * satisfies.
   */
  readonly raise: (requirement: string, release: Release, strategy: RaiseStrategy) => string | undefined;
}

/**
 * `increase` always names the new release. `widen` leaves a requirement that allows it; else it moves an upper end past
 * it, and replaces what has none, as Dependabot does. `extend` adds it, and keeps all that was allowed before.
 */
export type RaiseStrategy = "increase" | "widen" | "extend";
