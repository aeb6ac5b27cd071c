import type { Problem, UpdateGroup, Verification } from "../domain/types.ts";
import type { Ecosystem } from "../ecosystems/ecosystem.ts";
import { isWithinLock } from "./exposed.ts";
import { patch, type Patched } from "./patch/patch.ts";
import { policyOfGroup } from "./plan/policy.ts";
import type { Scan, World } from "./scan.ts";
import { verify } from "./verify/verify.ts";

/** A group as it was written, and what its lockfiles say of it. */
export interface WrittenGroup {
  readonly patched: Patched;
  readonly verifications: readonly Verification[];
  readonly problems: readonly Problem[];
}

/**
 * Writes a group and verifies what was written. Where that brings in transitive packages that have not cooled, it is
 * written once more without what was published lately, and the better result is kept.
 */
export async function writeGroup(group: UpdateGroup, found: Scan, world: World): Promise<WrittenGroup> {
  const { asOf, now, policies } = world;
  const days = daysToCool(group, policies, now);
  const cooledBefore = new Date(now.getTime() - days * 86_400_000);
  // What is brought in for no other reason than to be newer must have cooled from the start.
  const isWithin = days > 0 && group.updates.length > 0 && group.updates.every(isWithinLock);
  const written = await attempt(group, found, world, isWithin ? cooledBefore : asOf, cooledBefore);
  const count = youngIn(written);
  if (count === 0) return asAllowed(written, policies, now);
  const again = await attempt(group, found, world, cooledBefore, cooledBefore);
  const isAsGood = again.patched.dropped.length <= written.patched.dropped.length;
  const isAsHigh = again.patched.replaced.size <= written.patched.replaced.size;
  const isBetter = isAsGood && isAsHigh && youngIn(again) < count;
  return asAllowed(isBetter ? again : written, policies, now);
}

/** Where the configuration is strict, nothing at all of what changes more than it explains. */
function asAllowed(written: WrittenGroup, policies: World["policies"], now: Date): WrittenGroup {
  const { patched, verifications } = written;
  const { group } = patched;
  const unintended = verifications.flatMap((it) =>
    it.unintended.map(({ name }) => `${name} in ${it.lockfile}`),
  );
  if (unintended.length === 0 || !policyOfGroup(group, policies, now).strictLockfile) return written;
  const few = [...new Set(unintended)].slice(0, 5).join(", ");
  const message = `it would change ${unintended.length} more entries of the lockfile than it explains (${few}), and the configuration says \`lockfile: strict\``;
  const dropped = group.updates.map((update) => ({ update, message }));
  return {
    ...written,
    patched: { ...patched, group: { ...group, updates: [] }, changes: [], after: [], dropped },
    verifications: [],
  };
}

async function attempt(
  group: UpdateGroup,
  { findings }: Scan,
  { ecosystems, files, http, tools, advisories }: World,
  asOf: Date | undefined,
  cooledBefore: Date,
): Promise<WrittenGroup> {
  const byId = new Map<string, Ecosystem>(ecosystems.map((ecosystem) => [ecosystem.id, ecosystem]));
  const io = { files, http, tools, ...(asOf === undefined ? {} : { asOf }) };
  const patched = await patch(group, byId, io);
  const world = { advisories, http, findings, cooledBefore };
  return { patched, ...(await verify(patched.group, patched.after, byId, world)) };
}

function youngIn({ verifications }: WrittenGroup): number {
  return verifications.reduce((sum, { young }) => sum + young.length, 0);
}

function daysToCool(group: UpdateGroup, policies: World["policies"], now: Date): number {
  const { days, transitive = days } = policyOfGroup(group, policies, now).cooldown;
  return transitive;
}
