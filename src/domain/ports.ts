import type { VersionScheme } from "../versions/scheme.ts";
import type { Marker } from "./branch.ts";
import type { Check, Comment, Merging, MergeMethod, PullRequestState, QueuePlace } from "./pull-request.ts";
import type {
  Advisory,
  FileChange,
  PackageReleases,
  Problem,
  PullRequestDraft,
  Repository,
  SourceRepository,
} from "./types.ts";

/** Reads the files of one repository at one commit. */
export interface FileReader {
  /** Every file in the tree, paths relative to the root, sorted. Folders and submodules are left out. */
  list(): Promise<readonly FileEntry[]>;
  /** The text of a file, or `undefined` when there is none at `path`. Throws `ManifestError` past the size limit. */
  read(path: string): Promise<string | undefined>;
  /**
   * Tells whether a file is as it was without a look into it: what has the same stamp has the same text, or is not there
   * either; `undefined` where that is not sure. That of a file that was read is from before. Absent where to read is as fast.
   */
  stamp?(path: string): string | undefined;
  /** Makes ready the texts of many files, so that to `read` them costs no question each. Absent where it costs none. */
  prefetch?(paths: readonly string[]): Promise<void>;
}

export interface FileEntry {
  readonly path: string;
  /** In bytes, where that is known without a look at the file. */
  readonly size?: number;
  /** A symbolic link is listed so that it can be spoken of; it is never followed. */
  readonly kind: "file" | "link";
}

/** Reads configuration files of other repositories. */
export interface ConfigurationSource {
  /** A file's text, on the default branch if `ref` is absent; `undefined` where there is none, or none that may be read. */
  read(repository: Repository, path: string, ref?: string): Promise<string | undefined>;
  /** The commits that changed a file, newest first: as many as are looked through. Absent where there is no history. */
  versions?(repository: Repository, path: string, ref?: string): Promise<readonly string[]>;
}

/** What the files of a repository said before. */
export interface FileHistory {
  /** The commits that changed a file, newest first: as many as are looked through. */
  versions(path: string): Promise<readonly string[]>;
  read(path: string, sha: string): Promise<string | undefined>;
}

/** Fetches documents. Caching, retries, concurrency, credentials and the guard on addresses live behind it. */
export interface HttpClient {
  /** What `read` makes of a successful answer, or `undefined` on 404 and 410. Throws `HttpError`. */
  get<T>(url: string, request: HttpRequest<T>): Promise<T | undefined>;
  /** As `get`, for a question that is asked with a body of JSON. Never cached. */
  post<T>(url: string, body: unknown, request: HttpRequest<T>): Promise<T | undefined>;
}

export interface HttpRequest<T> {
  /** Decodes the body, which it may use up, and keeps of it what is needed. What it throws is told as a broken answer. */
  readonly read: (body: Buffer) => T;
  readonly accept?: string;
  /** Names what `read` makes, such as `npm-releases-1`: then the result, which must be plain JSON, is cached under it. */
  readonly cacheAs?: string;
  /** In bytes; past it the answer is refused. */
  readonly maxBytes?: number;
  /** Use what is cached however old it is: for what never changes, such as a published tarball. */
  readonly immutable?: boolean;
  /**
   * Which state of the document is asked for, where another document told it, such as a time of modification: what
   * is cached of another revision is not used. With `immutable`, a revision is fetched once.
   */
  readonly revision?: string;
}

/** Keeps text under a key, for as long as it likes. */
export interface Cache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
}

/** Knows the published advisories. */
export interface AdvisorySource {
  /**
   * Every advisory, not withdrawn, on these packages: with a `version`, those that touch it; without, all of them.
   * Sorted by id and name. Throws when the source cannot be reached: never an empty answer that looks like safety.
   */
  advisoriesFor(
    ecosystem: AdvisoryEcosystem,
    packages: readonly PackageVersion[],
  ): Promise<readonly Advisory[]>;
  /** The records that could not be read so far, of the stage `audit`; the others were used. Sorted by subject. */
  problems(): readonly Problem[];
}

export interface AdvisoryEcosystem {
  /** As OSV spells it: `npm`, `PyPI`. */
  readonly osv: string;
  readonly versions: VersionScheme;
}

export interface PackageVersion {
  readonly name: string;
  readonly version?: string;
}

/** Finds what the maintainers wrote about the releases of a package between two versions. */
export interface ChangelogSource {
  notesFor(request: NotesRequest): Promise<ReleaseNotes>;
}

export interface NotesRequest {
  readonly ecosystem: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly versions: VersionScheme;
  readonly releases: PackageReleases;
  /** The address of the archive of `to`, for the changelog in it. */
  readonly tarball?: string;
  /** Whether commits are wanted, too. */
  readonly withCommits?: boolean;
}

export interface ReleaseNotes {
  /** Newest first: exactly the versions above `from`, up to and with `to`. */
  readonly entries: readonly ReleaseNote[];
  /** What this was taken from, such as `GitHub releases of owner/name`, and its page. */
  readonly source?: { readonly label: string; readonly url: string };
  /** A page that compares the two versions. */
  readonly compareUrl?: string;
  /** What was committed between the two; where the repository is the package's alone. */
  readonly commits?: CommitList;
  /** Where the package's source is kept: links in the notes are relative to it. */
  readonly repository?: SourceRepository;
}

export interface CommitList {
  /** How many there are. */
  readonly total: number;
  /** The newest of them, newest first. Subjects are as their authors wrote them: not safe to show as they are. */
  readonly commits: readonly { readonly sha: string; readonly subject: string; readonly url: string }[];
}

export interface ReleaseNote {
  readonly version: string;
  readonly title?: string;
  /** Markdown as its author wrote it: not safe to show as it is. */
  readonly body: string;
  readonly url?: string;
}

/** Opens, updates and closes the pull requests of the repository being scanned. */
export interface Forge {
  /** The pull requests of this App that are open. */
  openPullRequests(): Promise<readonly OpenPullRequest[]>;
  /** Those of this App that were closed or merged, the latest first: as many as are looked through. */
  closedPullRequests(): Promise<readonly ClosedPullRequest[]>;
  /** Whether the branch merges into its base as it is; while GitHub works that out it does. `edited`: it is not the App's alone. */
  fitOf(pullRequest: OpenPullRequest): Promise<"merges" | "conflicts" | "edited">;
  /** Makes branch and pull request match the draft. Proposing the same draft twice changes nothing. */
  propose(draft: PullRequestDraft): Promise<Proposal>;
  /** Closes with a comment that gives the reason, and deletes the branch. */
  close(pullRequest: OpenPullRequest, reason: string): Promise<void>;
}

/** With what the marker in its body says. */
export interface OpenPullRequest extends Marker {
  readonly number: number;
  readonly url: string;
  readonly branch: string;
  readonly title: string;
  readonly labels: readonly string[];
}

/** With what the marker in its body says: no digest means that the App closed it itself. */
export interface ClosedPullRequest extends Marker {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly isMerged: boolean;
}

export interface Proposal {
  /** `edited`: somebody else committed to the branch, so it was left alone. */
  readonly outcome: "opened" | "updated" | "unchanged" | "edited";
  readonly number?: number;
  readonly url?: string;
  /** What the configuration asks for and GitHub refused: a reviewer who may not see the repository. */
  readonly refused?: readonly string[];
}

/** Looks at single pull requests of the App, and acts on them. Each act looks first: done twice, it is done once. */
export interface PullRequests {
  /** Those that are open, with their branches and those that they are for. Oldest first. */
  open(): Promise<readonly ListedPullRequest[]>;
  /** `undefined` where there is none of that number, or it is not one of the App's. */
  read(number: number): Promise<PullRequestState | undefined>;
  /** Those of a commit, by name. */
  checksOf(sha: string): Promise<readonly Check[]>;
  /** What a failed check wrote into its log, the end of it, where that may be read. */
  logOf(check: Check): Promise<string | undefined>;
  /** The names of the checks that a branch asks for, as far as the token may know. */
  requiredChecks(branch: string): Promise<readonly string[]>;
  /** The files that differ between two commits. */
  changedFiles(from: string, to: string): Promise<readonly string[]>;
  commentsOn(number: number): Promise<readonly Comment[]>;
  /** Makes the App's comment with this key say so; see `noteOf`. */
  say(number: number, key: string, text: string): Promise<void>;
  /** Writes the marker anew; title, text and branch stay. */
  mark(pull: PullRequestState, marker: PullRequestState["marker"]): Promise<void>;
  /** Has failed checks run once more: by asking for it, or, where that is refused, by a new commit of the same content. */
  rerun(head: Pick<PullRequestState, "branch" | "headSha">, checks: readonly Check[]): Promise<void>;
  /** Where a branch is, and since when. */
  branch(name: string): Promise<{ readonly sha: string; readonly at: Date } | undefined>;
  /** The branches that begin so. */
  branches(prefix: string): Promise<readonly string[]>;
  /** Makes a branch of one commit on top of another, unless it is there. */
  push(branch: string, commit: TrialCommit): Promise<void>;
  /** Closes its pull request with it. */
  deleteBranch(name: string): Promise<void>;
  /** Opens a draft for a branch, unless there is one. */
  openDraft(draft: { branch: string; base: string; title: string; body: string }): Promise<void>;
  /** Puts it into the merge queue instead, where its base has one. */
  merge(pull: PullRequestState, method: MergeMethod | undefined): Promise<Merging>;
  queuePlace(pull: PullRequestState): Promise<QueuePlace>;
  leaveQueue(pull: PullRequestState): Promise<void>;
  /** Has GitHub merge it once it may, or no longer. Gives whether GitHub does so. */
  autoMerge(pull: PullRequestState, wanted: boolean, method: MergeMethod | undefined): Promise<boolean>;
}

export interface ListedPullRequest extends Pick<PullRequestState, "number" | "branch" | "base"> {
  /** As in its marker. */
  readonly behind?: number;
}

/** What people say to the App, and how it answers. Each act looks first: done twice, it is done once. */
export interface Conversation {
  /** The App's own reactions to a comment. */
  reactionsTo(comment: number): Promise<readonly Reaction[]>;
  react(comment: number, reaction: Reaction): Promise<void>;
  /** Whether somebody may write to the repository. */
  mayWrite(login: string): Promise<boolean>;
  close(pull: PullRequestState): Promise<void>;
  /** With its branch where that is gone. Gives whether GitHub lets it be open again. */
  reopen(pull: PullRequestState): Promise<boolean>;
}

/** `eyes`: taken. `rocket`: done. `confused`: not understood, or not possible. `-1`: not allowed. */
export type Reaction = "eyes" | "rocket" | "confused" | "-1";

export interface TrialCommit {
  readonly parent: string;
  readonly message: string;
  readonly changes: readonly FileChange[];
}

/** Runs heavy or risky work in a process of its own: scrubbed environment, limited time and memory. */
export interface Tools {
  /**
   * Calls the function `main` that `module` exports. Input and result are structured clones.
   * What `main` throws is thrown here; a process that dies or runs out of time throws too.
   */
  call<Output>(module: URL, input: unknown, limits: ToolLimits): Promise<Output>;
  /**
   * Runs a program as a process of its own, with the same bounds, and gives the wanted files that are there afterwards.
   * Throws `ProgramError` with what it said when it does not end well.
   */
  run(program: Program, order: ProgramRun, limits: ToolLimits): Promise<Readonly<Record<string, string>>>;
  /**
   * As `run`, for a program of machine code, which the bounds of JavaScript do not hold: all that it is told of the
   * network is a proxy, where `order.answer` alone answers, and it finds no other program.
   */
  runNative(
    program: Program,
    order: NativeRun,
    limits: ToolLimits,
  ): Promise<Readonly<Record<string, string>>>;
}

/** A program in an archive of npm's kind, such as a package manager. */
export interface Program {
  readonly name: string;
  readonly version: string;
  /** The archive's address, and its digest as npm writes it: `sha512-...`. */
  readonly archive: string;
  readonly integrity: string;
  /** The file to run, in the archive's `package` folder: `bin/pnpm.cjs`. */
  readonly entry: string;
}

export interface ProgramRun {
  readonly args: readonly string[];
  /** All that there is in the folder it runs in, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Those that are no text. */
  readonly archives?: Readonly<Record<string, Uint8Array>>;
  /** The files whose texts are wanted afterwards. */
  readonly wanted: readonly string[];
  /** Settings of the program's own; nothing secret but what is for a registry. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the program says when it failed, though it ends as if it had not. */
  readonly failsAt?: RegExp;
}

export interface NativeRun extends ProgramRun {
  /** What stands at a plain `http:` address that the program asks for, by the `Accept` that it sent; `undefined` where nothing does. */
  readonly answer: (url: URL, accept: string) => Promise<Buffer | undefined>;
}

export interface ToolLimits {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Told about what happens while it happens, for a terminal's progress line and for the log. */
export interface Reporter {
  stage(name: string): void;
}
