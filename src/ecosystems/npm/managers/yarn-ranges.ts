import type { RelockTask } from "./manager.ts";
import type { Pin, Pins, Ranged } from "./pins.ts";

/** An entry of a lockfile: all that is asked for by it, what is installed for that, and the lines below its key. */
interface Entry {
  readonly descriptors: readonly string[];
  /** `zod@npm:3.23.8`; of the workspace's own, `a@workspace:packages/a`. */
  readonly resolution: string;
  readonly body: string;
}

/**
 * A lockfile that Yarn made for exact versions, with what the manifests ask for: in the entries of the workspace's own,
 * and as descriptors of the releases that were chosen. Of a range that the lockfile does not know Yarn takes the newest,
 * and of one that others ask for too what they have.
 */
export function withYarnRanges(lockfile: string, { pins, isAll }: Pins, task: RelockTask): Ranged {
  const blocks = lockfile.replaceAll("\r\n", "\n").trimEnd().split("\n\n");
  const read = blocks.map((block) => entryOf(block) ?? block);
  const heads = read.filter((it) => typeof it === "string");
  const entries = read.filter((it) => typeof it !== "string");
  const written = new Set<Pin>();
  const asking = entries.map((entry) => ({ ...entry, body: withRequirements(entry, pins, written) }));
  const asked = new Set(asking.flatMap(({ body }) => askedIn(body)));
  const places = placesOf(task, pins, new Set(entries.map(({ resolution }) => resolution)));
  const spent = new Set(
    pins.map(({ name, pinned }) => descriptorOf(name, pinned)).filter((descriptor) => !asked.has(descriptor)),
  );
  let isMoved = false;
  const settled = asking.flatMap((entry): Entry[] => {
    const { descriptors, resolution } = entry;
    const taken = descriptors.filter((it) => ![undefined, resolution].includes(places.get(it)));
    if (taken.length > 0) isMoved = true;
    const own = descriptors.filter((it) => !taken.includes(it) && !spent.has(it));
    const more = [...places].flatMap(([it, at]) => (at === resolution && !own.includes(it) ? [it] : []));
    if (own.length === descriptors.length && more.length === 0) return [entry];
    return own.length + more.length === 0 ? [] : [{ ...entry, descriptors: [...own, ...more].toSorted() }];
  });
  const isSorted = entries.every((entry, index) => index === 0 || before(entries[index - 1]!, entry) < 0);
  const sorted = isSorted ? settled.toSorted(before) : settled;
  return {
    text: `${[...heads, ...sorted.map(textOf)].join("\n\n")}\n`,
    isSettled: isAll && isSorted && !isMoved && pins.every((pin) => isSettled(pin)),
  };

  /** Whether its release was asked for by the exact version, is by what stands in its place, and is not patched. */
  function isSettled(pin: Pin): boolean {
    const { of, name, pinned, requirement } = pin;
    if ("folder" in of && !written.has(pin)) return false;
    if (isPeer(pin)) return true;
    const at = places.get(descriptorOf(name, requirement));
    const entry = entries.find(({ resolution }) => resolution === at);
    return (
      entry?.descriptors.includes(descriptorOf(name, pinned)) === true && !lockfile.includes(`${name}@patch:`)
    );
  }
}

/** By each descriptor that the manifests will have, the release that was chosen for it. */
function placesOf(
  { moves, keeps }: RelockTask,
  pins: readonly Pin[],
  there: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const isMerePeer = (name: string, requirement: string) => {
    const own = pins.filter((pin) => pin.name === name && pin.requirement === requirement);
    return own.length > 0 && own.every(isPeer);
  };
  const chosen = [...moves.map((move) => ({ ...move, package: move.name })), ...keeps];
  return new Map(
    chosen
      .filter(({ name, requirement }) => !isMerePeer(name, requirement))
      .map((it) => [descriptorOf(it.name, it.requirement), `${it.package}@npm:${it.version}`] as const)
      .filter(([, at]) => there.has(at)),
  );
}

function isPeer({ of }: Pin): boolean {
  return "folder" in of && of.section === "peerDependencies";
}

function descriptorOf(name: string, range: string): string {
  return `${name}@${/^[a-z]+:/.test(range) ? range : `npm:${range}`}`;
}

/** Entries are blocks between empty lines; YAML has no longer keys in one line than 1,024 characters. */
function entryOf(block: string): Entry | undefined {
  const [, key, body] = /^(?:\? )?"?([^"\n]+?)"?\n?:\n([^]*)$/.exec(block) ?? [];
  const resolution = resolutionOf(block);
  if (key === undefined || body === undefined || resolution === undefined) return undefined;
  return { descriptors: key.split(", "), resolution, body };
}

export function resolutionOf(block: string): string | undefined {
  return /^ {2}resolution: "?([^"\n]+)"?$/m.exec(block)?.[1];
}

function textOf({ descriptors, body }: Entry): string {
  const key = scalar(descriptors.join(", "));
  return `${key.length > 1_024 ? `? ${key}\n:` : `${key}:`}\n${body}`;
}

function before(a: Entry, b: Entry): number {
  const [one, other] = [a.descriptors.join(", "), b.descriptors.join(", ")];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

interface Line {
  readonly text: string;
  readonly table: string;
  readonly name?: string;
  readonly range?: string;
}

function* linesOf(body: string): Generator<Line> {
  let table = "";
  for (const text of body.split("\n")) {
    table = /^ {2}(\S+):/.exec(text)?.[1] ?? table;
    const [, quoted, bare, value = ""] = /^ {4}(?:"([^"]+)"|([^\s"][^:]*)): (.*)$/.exec(text) ?? [];
    const name = quoted ?? bare;
    const range = /^"(.*)"$/.exec(value)?.[1] ?? value;
    yield name === undefined ? { text, table } : { text, table, name, range };
  }
}

const asking = ["dependencies", "optionalDependencies"];

function askedIn(body: string): string[] {
  return [...linesOf(body)].flatMap(({ table, name, range = "" }) =>
    name === undefined || !asking.includes(table) ? [] : [descriptorOf(name, range)],
  );
}

/** The lines of one of the workspace's own with what its manifest requires; notes in `written` what was there. */
function withRequirements({ resolution, body }: Entry, pins: readonly Pin[], written: Set<Pin>): string {
  const place = /@workspace:(.*)$/.exec(resolution)?.[1];
  const folder = place === "." ? "" : place;
  const own = pins.filter(({ of }) => "folder" in of && of.folder === folder);
  if (own.length === 0) return body;
  return [...linesOf(body)]
    .map(({ text, table, name, range }) => {
      const pin = own.find(
        (it) =>
          it.name === name &&
          (range === it.pinned || range === `npm:${it.pinned}`) &&
          (isPeer(it) ? table === "peerDependencies" : asking.includes(table)),
      );
      if (pin === undefined) return text;
      written.add(pin);
      const isMarked = range !== pin.pinned && !/^[a-z]+:/.test(pin.requirement);
      return text.replace(
        /: .*$/,
        () => `: ${scalar(isMarked ? `npm:${pin.requirement}` : pin.requirement)}`,
      );
    })
    .join("\n");
}

/** As Yarn writes it: in quotes unless it cannot be taken for anything but a text. */
function scalar(text: string): string {
  const isPlain = /^(?![-?:,\][{}#&*!|>'"%@` \t\r\n]).(?:[ \t]*(?![,\][{}:# \t\r\n]).)*$/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
