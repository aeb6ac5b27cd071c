import { affects, byIdAndName } from "../domain/advisory.ts";
import type { AdvisoryEcosystem, PackageVersion } from "../domain/ports.ts";
import type { Advisory } from "../domain/types.ts";
import { packageKey } from "./osv.ts";

/** Of all that is known, what touches the packages asked about, under the names that they were asked by. */
export function touching(
  known: readonly Advisory[],
  ecosystem: AdvisoryEcosystem,
  packages: readonly PackageVersion[],
): readonly Advisory[] {
  const wanted = Map.groupBy(packages, ({ name }) => packageKey(ecosystem.osv, name));
  return known
    .flatMap((advisory): readonly Advisory[] => {
      const askers = wanted.get(packageKey(ecosystem.osv, advisory.name)) ?? [];
      const touched = askers.filter(
        ({ version }) => version === undefined || affects(advisory, version, ecosystem.versions),
      );
      return [...new Set(touched.map(({ name }) => name))].map((name) => ({ ...advisory, name }));
    })
    .toSorted(byIdAndName);
}
