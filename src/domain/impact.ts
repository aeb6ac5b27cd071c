/** Where something stands in the repository. */
export interface Place {
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** Something of a package that sources use and that its next release lacks, or has otherwise. */
export interface Breakage {
  /** An export, such as `merge`, a path below the package, such as `lodash/fp`, or the package itself. */
  readonly name: string;
  /**
   * `gone`: it is not exported any more. `type`: it is a type only. `path`: nothing can be imported from that path.
   * `require`: it is an ES module only. `deprecated`: it is there, marked as not to be used.
   */
  readonly how: "gone" | "type" | "path" | "require" | "deprecated";
  readonly places: readonly Place[];
}

/** What a release does to the code that uses its package, as far as names tell: what they do is not looked at. */
export type Impact =
  | {
      readonly kind: "known";
      /** How many of its exports are used; none where no source imports it. */
      readonly used: number;
      readonly breaks: readonly Breakage[];
      /** What was not looked at, as sentences about the package: then more than `breaks` may break. */
      readonly unseen: readonly string[];
    }
  /** Nothing can be said, for this reason. */
  | { readonly kind: "unknown"; readonly why: string };

/** Whether code that runs now would not run with it: what is merely deprecated does. */
export function isBroken(impact: Impact | undefined): boolean {
  return impact?.kind === "known" && impact.breaks.some(({ how }) => how !== "deprecated");
}
