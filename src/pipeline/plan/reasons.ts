import { isAllowed, type Policy } from "../../domain/policy.ts";
import type { Advisory, Candidate, Dependency, Reason } from "../../domain/types.ts";
import type { Resolution } from "../resolve.ts";
import { fixesFor } from "./choose.ts";
import { isIgnored, located, type Question } from "./weigh.ts";

/** Why the configuration lets a dependency have no update at all. */
export function whyForbidden(policy: Policy, dependency: Dependency): Reason | undefined {
  if (policy.disabledBy !== undefined)
    return {
      code: "disabled",
      detail: `a rule turns its updates off (${policy.disabledBy})`,
      origin: policy.disabledBy,
    };
  const ignored = isIgnored(policy.ignore, dependency.name);
  if (ignored !== undefined) return ignored;
  if (isAllowed(policy.allow, dependency)) return undefined;
  const detail = "nothing in `allow` of the configuration lets it in";
  return { code: "not-allowed", ...located(detail, policy.origins?.get("allow")) };
}

export function notCalledFor(open: readonly Advisory[]): Reason {
  const ids = open.map(({ id }) => id).join(", ");
  return { code: "not-urgent", detail: `\`security\` of the configuration calls for no update for ${ids}` };
}

/** What asks for a vulnerable package stands for its own range: a major of it has to come with a release of that. */
export function outOfReach(
  question: Question,
  candidates: readonly Candidate[],
  open: readonly Advisory[],
): ["held", Reason, readonly Candidate[]] {
  const [fix] = fixesFor(question);
  const ids = open.map(({ id }) => id).join(", ");
  const detail =
    fix === undefined
      ? `no release mends ${ids}`
      : `${fix.version} mends ${ids}, but it is a major release: what asks for ${question.dependency.name} has to move first`;
  return ["held", { code: "no-fix", detail }, candidates];
}

/** Why a dependency stays where it is although its releases were weighed. */
export function whyNothing(
  { version, dependency, releases, scheme }: Question,
  candidates: readonly Candidate[],
  open: readonly Advisory[],
): ["current" | "held", Reason, readonly Candidate[]] {
  const [newest] = candidates;
  if (open.length > 0) {
    const ids = open.map(({ id }) => id).join(", ");
    return [
      "held",
      {
        code: "no-fix",
        detail: `no release mends ${ids}${newest?.rejected ? `; ${newest.version}: ${newest.rejected.detail}` : ""}`,
      },
      candidates,
    ];
  }
  if (newest === undefined) {
    const known = releases.releases.some((release) => scheme.compare(release.version, version) === 0);
    const detail = known ? `${version} is the newest release` : `no release is newer than ${version}`;
    return ["current", { code: "newest", detail }, candidates];
  }
  if (newest.rejected === undefined && dependency.kind === "transitive") {
    const detail = `${newest.version} is a major release: what asks for ${dependency.name} has to move first`;
    return ["held", { code: "out-of-range", detail }, candidates];
  }
  if (newest.rejected === undefined) {
    return [
      "current",
      { code: "in-range", detail: `\`${dependency.requirement}\` already allows ${newest.version}` },
      candidates,
    ];
  }
  // A prerelease or a release above `latest` is no reason to call a dependency held back.
  const telling = candidates.find(
    ({ rejected }) => rejected !== undefined && !unremarkable.has(rejected.code),
  );
  if (telling?.rejected === undefined) {
    return [
      "current",
      { code: "newest", detail: `${version} is the newest release that is recommended` },
      candidates,
    ];
  }
  return [
    "held",
    { ...telling.rejected, detail: `${telling.version}: ${telling.rejected.detail}` },
    candidates,
  ];
}

const unremarkable = new Set(["prerelease", "above-recommended"]);

export function failure(name: string, resolution: Resolution | undefined): Reason {
  if (resolution?.kind === "failed") return { code: "registry-error", detail: resolution.message };
  return { code: "not-found", detail: `the registry does not know ${name}` };
}
