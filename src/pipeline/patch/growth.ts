import { ResolutionError } from "../../domain/errors.ts";
import type { Update } from "../../domain/types.ts";

/** What moves together or not at all. */
export type Atom = readonly Update[];

/** An update that no lockfile can hold beside the others of its group. */
export interface Dropped {
  readonly update: Update;
  readonly message: string;
}

/** Each attempt is a whole resolution: a group in which much excludes each other must come to an end. */
const mostAttempts = 40;
const mostAlternativesTried = 8;

/** What has been accepted so far, and what has become of the rest. */
export class Growth<Written> {
  readonly lowered = new Map<Update, Update>();
  readonly dropped: Dropped[] = [];
  readonly #accepted: Atom[] = [];
  readonly #attempt: (updates: readonly Update[]) => Promise<Written>;
  #attempts = 0;
  #tried = 0;

  constructor(attempt: (updates: readonly Update[]) => Promise<Written>) {
    this.#attempt = attempt;
  }

  /**
   * Adds as many atoms to the accepted ones as fit, and gives what was written last. The suspects that the resolver
   * names are set aside first and tried again one by one; where it names none, the atoms are halved.
   */
  async grow(candidates: readonly Atom[]): Promise<Written | undefined> {
    if (candidates.length === 0) return undefined;
    if (this.#attempts >= mostAttempts) {
      candidates.forEach((atom) => this.#drop(atom, exhausted));
      return undefined;
    }
    const outcome = await this.#write(candidates);
    if (!(outcome instanceof ResolutionError)) return outcome;
    if (outcome.isHopeless) return this.#dropProject(candidates, outcome);
    const [only] = candidates;
    if (candidates.length === 1 && only !== undefined) return this.#lower(only, outcome);
    let last: Written | undefined;
    for (const part of split(candidates, outcome.suspects)) last = (await this.grow(part)) ?? last;
    return last;
  }

  /** What is wrong with one project is no reason to leave the others of the group as they are. */
  async #dropProject(candidates: readonly Atom[], refusal: ResolutionError): Promise<Written | undefined> {
    const projects = [...Map.groupBy(candidates, ([update]) => update?.project).values()];
    if (projects.length === 1) candidates.forEach((atom) => this.#drop(atom, refusal));
    let last: Written | undefined;
    for (const own of projects.length === 1 ? [] : projects) last = (await this.grow(own)) ?? last;
    return last;
  }

  async #write(candidates: readonly Atom[]): Promise<Written | ResolutionError> {
    this.#attempts += 1;
    try {
      const written = await this.#attempt([...this.#accepted, ...candidates].flat());
      this.#accepted.push(...candidates);
      return written;
    } catch (error) {
      if (error instanceof ResolutionError) return error;
      throw error;
    }
  }

  /** Tries the alternatives of an atom that does not fit. */
  async #lower(atom: Atom, refusal: ResolutionError): Promise<Written | undefined> {
    const depth = Math.max(...atom.map(({ alternatives = [] }) => alternatives.length));
    for (let nth = 0; nth < depth && this.#hasRoom(); nth++) {
      this.#tried += 1;
      const lower = atom.map((update) => alternative(update, nth, refusal));
      const outcome = await this.#write([lower]);
      if (outcome instanceof ResolutionError) continue;
      atom.forEach((update, index) => {
        const instead = lower[index];
        if (instead !== undefined && instead !== update) this.lowered.set(update, instead);
      });
      return outcome;
    }
    this.#drop(atom, refusal);
    return undefined;
  }

  #hasRoom(): boolean {
    return this.#tried < mostAlternativesTried && this.#attempts < mostAttempts;
  }

  #drop(atom: Atom, refusal: ResolutionError): void {
    this.dropped.push(...atom.map((update) => ({ update, message: whyDropped(update, refusal) })));
  }
}

const exhausted = new ResolutionError(
  `it was not tried, for ${mostAttempts} attempts at others of its group had to come first: they exclude each other`,
);

/** The update with its nth alternative, or its last; kin have as many, or nearly. */
function alternative(update: Update, nth: number, { message }: ResolutionError): Update {
  const { alternatives = [], release } = update;
  const step = alternatives[Math.min(nth, alternatives.length - 1)];
  return step === undefined
    ? update
    : { ...update, ...step, insteadOf: { version: release.version, reason: message } };
}

/** Where no update is to blame, the same words for all of them: they are told once. */
function whyDropped({ dependency, release }: Update, { message, isHopeless }: ResolutionError): string {
  return isHopeless ? message : `${dependency.name}@${release.version} cannot be taken: ${message}`;
}

function split(candidates: readonly Atom[], suspects: readonly string[]): readonly (readonly Atom[])[] {
  const isSuspect = (atom: Atom) => atom.some(({ dependency }) => suspects.includes(dependency.name));
  const suspected = candidates.filter(isSuspect);
  if (suspected.length > 0 && suspected.length < candidates.length) {
    return [candidates.filter((atom) => !isSuspect(atom)), ...suspected.map((atom) => [atom])];
  }
  const middle = Math.ceil(candidates.length / 2);
  return [candidates.slice(0, middle), candidates.slice(middle)];
}
