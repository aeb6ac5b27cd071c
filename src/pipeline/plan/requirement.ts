import type { VersioningStrategy } from "../../domain/policy.ts";
import type { Dependency, Project, Reason, Release } from "../../domain/types.ts";
import type { RaiseStrategy, VersionScheme } from "../../versions/scheme.ts";

/** A dependency, and what decides how its requirement follows a release. */
export interface Writing {
  readonly project: Project;
  readonly dependency: Dependency;
  readonly scheme: VersionScheme;
  readonly policy: { readonly versioningStrategy: VersioningStrategy };
  /** Whether the project is a library: what `auto` depends on. */
  readonly isLibrary: boolean;
}

/** What is written where a dependency moves to a release; `undefined` where it cannot be said, see `whyUnwritable`. */
export function requirementFor(writing: Writing, release: Release): string | undefined {
  const { dependency, scheme, policy } = writing;
  const { requirement, kind } = dependency;
  // No manifest says it, and so there is nothing to write.
  if (kind === "transitive") return release.version;
  const fits = () => scheme.satisfies(release.version, requirement);
  if (policy.versioningStrategy === "lockfile-only")
    return fits() && writing.project.lockfile !== undefined ? requirement : undefined;
  const onlyIfNecessary = policy.versioningStrategy === "increase-if-necessary" || kind === "engine";
  if (onlyIfNecessary && fits()) return requirement;
  return scheme.raise(requirement, release, raiseStrategy(writing));
}

/** Why `requirementFor` has nothing to write. */
export function whyUnwritable({ project, dependency, policy }: Writing): Reason {
  const { requirement } = dependency;
  if (policy.versioningStrategy !== "lockfile-only") {
    const detail = `\`${requirement}\` cannot be raised without guessing what it means`;
    return { code: "requirement", detail };
  }
  const setting = "`versioning-strategy: lockfile-only`";
  const detail =
    project.lockfile === undefined
      ? `${setting} leaves requirements alone, and the project has no lockfile`
      : `\`${requirement}\` does not allow it, and ${setting} leaves requirements alone`;
  return { code: "lockfile-only", detail };
}

/** Whether an update that leaves the requirement as it is changes something all the same: the lockfile. */
export function isLocked({ project, dependency }: Pick<Writing, "project" | "dependency">): boolean {
  const { scope, kind } = dependency;
  return (
    project.lockfile !== undefined && scope !== "peer" && kind !== "package-manager" && kind !== "engine"
  );
}

/** What is promised to others is added to, whatever the strategy; what a library needs is widened, and the rest raised. */
function raiseStrategy({ dependency, policy, isLibrary }: Writing): RaiseStrategy {
  if (dependency.scope === "peer") return "extend";
  const { versioningStrategy } = policy;
  return versioningStrategy === "widen" || (versioningStrategy === "auto" && isLibrary)
    ? "widen"
    : "increase";
}
