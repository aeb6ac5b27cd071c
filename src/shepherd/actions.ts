import type { Check, MergeMethod } from "../domain/pull-request.ts";

/** What is to be done about one pull request. Each can be carried out again after a kill at any step. */
export type Action =
  /** Makes the App's comment with this key say so. `text` ends in its note. */
  | { readonly kind: "say"; readonly key: string; readonly text: string }
  /** Has what failed on the pull request run once more. */
  | { readonly kind: "rerun"; readonly checks: readonly Check[] }
  /** The same, of the trial that runs. */
  | { readonly kind: "rerun trial"; readonly branch: string; readonly checks: readonly Check[] }
  /** Puts the group's updates of these packages on a branch, on top of the commit that the pull request was made on. */
  | { readonly kind: "try"; readonly branch: string; readonly names: readonly string[] }
  | { readonly kind: "open draft"; readonly branch: string }
  | { readonly kind: "delete branches"; readonly branches: readonly string[] }
  /** Takes these packages, at the versions that were proposed, out of the group. */
  | { readonly kind: "set apart"; readonly names: readonly string[] }
  | { readonly kind: "merge"; readonly method: MergeMethod | undefined }
  | { readonly kind: "auto-merge"; readonly wanted: boolean; readonly method: MergeMethod | undefined }
  /** Tells that another pull request is merged before this one is made anew. */
  | { readonly kind: "wait"; readonly behind: number }
  /** Has the pull request made anew on top of its base, by the next scan. */
  | { readonly kind: "rebase" }
  /** Has the repository scanned, and what it proposes written anew. */
  | { readonly kind: "scan" };

/** What one look at a pull request comes to. */
export interface Verdict {
  readonly actions: readonly Action[];
  /** Milliseconds until it is worth looking again without being told. */
  readonly again?: number;
}

export const nothing: Verdict = { actions: [] };
