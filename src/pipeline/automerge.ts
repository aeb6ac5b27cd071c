import type { Automerge } from "../domain/branch.ts";
import type { Policies } from "../domain/policy.ts";
import { dependencyTypeOf } from "../domain/policy.ts";
import type { UpdateGroup } from "../domain/types.ts";
import { policyOf } from "./plan/policy.ts";

const day = 86_400_000;

/**
 * When a group is merged without a person; `undefined` unless what the configuration says lets each of its updates be. A
 * group waits for the youngest of its releases, and for the confidence that the strictest of its policies asks for.
 */
export function automergeOf(
  { updates }: Pick<UpdateGroup, "updates">,
  policies: Policies,
  now: Date,
): Automerge | undefined {
  const each = updates.map((update) => ({ update, policy: policyOf(update, policies, now).automerge }));
  const asked = each.flatMap(({ update, policy }) => {
    if (policy === undefined || !policy.updateTypes.includes(update.size)) return [];
    const { dependencyType: type } = policy;
    if (type !== undefined && type !== dependencyTypeOf(update.dependency.scope)) return [];
    const published = Date.parse(update.release.publishedAt ?? "");
    return [{ policy, after: Number.isNaN(published) ? 0 : published + policy.minAgeDays * day }];
  });
  const [first] = asked;
  if (first === undefined || asked.length < updates.length) return undefined;
  const after = Math.max(...asked.map((one) => one.after));
  const confidence = Math.max(...asked.map(({ policy }) => policy.minConfidence));
  const isAged = asked.some(({ policy }) => policy.minAgeDays > 0);
  return {
    ...(first.policy.method === undefined ? {} : { method: first.policy.method }),
    ...(isAged ? { after: new Date(after).toISOString() } : {}),
    ...(confidence > 0 ? { confidence } : {}),
  };
}
