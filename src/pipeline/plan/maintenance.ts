import type { Policies } from "../../domain/policy.ts";
import type { Project, UpdateGroup } from "../../domain/types.ts";

/** The group that makes a project's lockfile anew, where the configuration asks for it. */
export function maintenanceOf(project: Project, policies: Policies, now: Date): readonly UpdateGroup[] {
  const { lockMaintenance, branch } = policies.forProject(project);
  if (lockMaintenance === undefined || project.lockfile === undefined) return [];
  const where = project.root === "" ? "" : ` in ${project.root}`;
  const target = branch === undefined ? "" : ` on ${branch}`;
  return [
    {
      key: `${project.ecosystem}/lock-maintenance${where}${target}`,
      name: "lock-maintenance",
      kind: "maintenance",
      single: false,
      updates: [],
      maintains: project,
      period: mondayOf(now),
    },
  ];
}

/** The date of the week's Monday, in UTC. */
function mondayOf(now: Date): string {
  const days = (now.getUTCDay() + 6) % 7;
  return new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);
}
