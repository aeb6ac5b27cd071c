import { load } from "js-yaml";
import { z } from "zod";
import { archivesIn, type KeptArchive, standInOf, type StandIns, unknown } from "./archives.ts";

const entry = z.looseObject({ version: z.string() });

/** What Yarn sees in place of the archives of a repository, whose digest it notes. Throws `ResolutionError`. */
export function standInsForYarn(files: Readonly<Record<string, string>>, lockfile: string): StandIns {
  const blocks = blocksOf(lockfile);
  const found = archivesIn(files).map((archive) => {
    const block = blocks.find((text) => isAbout(text, archive));
    const [said] = Object.values(
      z
        .record(z.string(), entry)
        .catch({})
        .parse(load(block ?? "")),
    );
    if (block === undefined || said === undefined || archive.path.startsWith("../")) throw unknown(archive);
    const { resolution: _resolution, checksum: _checksum, ...manifest } = said;
    return { archive, block, bytes: standInOf({ ...manifest, name: archive.name }).bytes };
  });
  return {
    archives: Object.fromEntries(found.map(({ archive, bytes }) => [archive.path, bytes])),
    restored: (text) =>
      found.length === 0
        ? text
        : `${blocksOf(text)
            .map((own) => found.find(({ block }) => keyOf(block) === keyOf(own))?.block ?? own)
            .join("\n\n")}\n`,
  };
}

function blocksOf(lockfile: string): string[] {
  return lockfile.replaceAll("\r\n", "\n").trimEnd().split("\n\n");
}

function keyOf(block: string): string {
  return block.split("\n", 1)[0] ?? "";
}

/** `"vend@file:vendor/vend.tgz::locator=x%40workspace%3A."`, where x is the package that asks for it. */
function isAbout(block: string, { name, requirement }: KeptArchive): boolean {
  const file = requirement.startsWith("file:") ? requirement : `file:${requirement}`;
  return keyOf(block).includes(`${name}@${file}::locator=`);
}
