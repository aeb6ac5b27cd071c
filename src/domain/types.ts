/** A half-open range of character offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A package, as its registry knows it. */
export interface Package {
  readonly name: string;
  /** The registry's base URL, ending in `/`. Absent for the ecosystem's public registry. */
  readonly registry?: string;
}

export type Scope = "runtime" | "development" | "optional" | "peer";

/** One requirement, in the file where it is written. */
export interface Dependency extends Package {
  /** The requirement exactly as written, such as `^1.2.0`. */
  readonly requirement: string;
  /** Where `requirement` sits in the manifest's text: `text.slice(start, end) === requirement`. */
  readonly span: Span;
  /** The version in use, from a lockfile or an exact requirement; else the lowest that the requirement allows. */
  readonly version?: string;
  readonly scope: Scope;
  readonly kind?: DependencyKind;
  /** Why no release can ever take this requirement's place: a git address, a file, a workspace package. */
  readonly held?: Reason;
}

/**
 * What a requirement is where it is not one of the project's own code: it decides the version of a package for all who
 * need it (`override`), names the package manager to work with (`package-manager`), or those that will do (`engine`). A
 * `transitive` one is written in no manifest: the lockfile alone names it, and what it may move to its dependants decide.
 */
export type DependencyKind = "override" | "package-manager" | "engine" | "transitive";

/** A code for programs and a sentence for people. */
export interface Reason {
  readonly code: string;
  readonly detail: string;
  /** The line of the configuration that says so: `.github/steeplejack.yml:12`. */
  readonly origin?: string;
  /** ISO 8601: when it is no reason any more, where that is known. */
  readonly until?: string;
}

/** A file in which requirements are written. */
export interface Manifest {
  readonly path: string;
  readonly dependencies: readonly Dependency[];
  /** The runtimes that it declares to support, by name: `{ node: ">=20" }`. */
  readonly engines?: Readonly<Record<string, string>>;
}

/**
 * What is resolved together: the manifests that share one resolution, and its lockfile. A workspace is one
 * project; so is a lone manifest.
 */
export interface Project {
  readonly ecosystem: string;
  /** The folder, relative to the repository and without a final slash; empty for the top. */
  readonly root: string;
  /** The first is the root's own. */
  readonly manifests: readonly Manifest[];
  readonly lockfile?: Lockfile;
  /** Every file that has a say in the resolution: manifests, lockfile, settings. */
  readonly files: readonly string[];
  /** What it may be published as: whether it is a library, its registry tells. */
  readonly publication?: Publication;
  /** What is wrong with it although it could be read, such as a lockfile out of step with its manifest. */
  readonly warnings: readonly string[];
}

/** A package, as the project that makes it describes it. */
export interface Publication extends Package {
  readonly description: string;
}

export interface Lockfile {
  readonly path: string;
  readonly graph: LockGraph;
}

/** Every installed package and who asked for it. Parsed once per lockfile. */
export interface LockGraph {
  readonly packages: readonly LockedPackage[];
}

export interface LockedPackage extends Package {
  /** Unique within the graph, such as `node_modules/a/node_modules/b`. */
  readonly id: string;
  readonly version: string;
  readonly scope: Scope;
  /** The manifest's path, for the repository's own packages: the roots of the graph. */
  readonly manifest?: string;
  /** The `id` of every package that this one asked for and got. */
  readonly dependencies: readonly string[];
  readonly integrity?: string;
}

/** One published version. */
export interface Release {
  readonly version: string;
  /** ISO 8601. Absent when the registry does not say. */
  readonly publishedAt?: string;
  readonly withdrawn?: { readonly kind: "yanked" | "deprecated" | "malicious"; readonly message?: string };
  /** What the version points at where tags can move: a commit SHA, an image digest, a package manager's checksum. */
  readonly digest?: string;
  /** The runtimes it says it needs, by name: `{ node: ">=20" }`. */
  readonly engines?: Readonly<Record<string, string>>;
  /** What it asks for beside it, by name: `{ react: "^19.0.0" }`. */
  readonly peers?: Readonly<Record<string, string>>;
}

/** Everything a registry knows about one package that the planner needs. */
export interface PackageReleases {
  /** In the order of the ecosystem's versions, lowest first. */
  readonly releases: readonly Release[];
  /** The release the maintainers recommend, where a registry has such a mark (npm's `latest`). */
  readonly recommended?: string;
  /** ISO 8601: nothing was published later than this. */
  readonly modifiedAt?: string;
  /** Whether each release carries its time of publication. */
  readonly dated: boolean;
  /** Where the source is kept. */
  readonly source?: SourceRepository;
}

/** Where a package's source is kept, for release notes. */
export interface SourceRepository {
  /** Such as `https://github.com/owner/name`. */
  readonly url: string;
  /** The package's folder in it. */
  readonly directory?: string;
}

export type Severity = "unknown" | "low" | "moderate" | "high" | "critical";

/** What an OSV record says of one package. A record about three packages makes three. */
export interface Advisory {
  /** Such as `GHSA-xxxx-xxxx-xxxx`. */
  readonly id: string;
  readonly aliases: readonly string[];
  /** As OSV spells it: `npm`, `PyPI`, `crates.io`. */
  readonly ecosystem: string;
  readonly name: string;
  readonly summary: string;
  readonly severity: Severity;
  /** CVSS base score, 0 to 10. */
  readonly score?: number;
  readonly url: string;
  /** Vulnerable intervals; they may overlap. */
  readonly ranges: readonly AffectedRange[];
  /** Vulnerable versions listed one by one. */
  readonly versions: readonly string[];
}

/** From `introduced` (absent: from the first), below `fixed` or up to and with `lastAffected` (absent: for ever). */
export interface AffectedRange {
  readonly introduced?: string;
  readonly fixed?: string;
  readonly lastAffected?: string;
  /** Nothing is said of this version and later ones. It ends the interval as a fix would, and is none. */
  readonly limit?: string;
}

/** An advisory that touches a version in use, and how that version came to be there. */
export interface Finding {
  readonly advisory: Advisory;
  readonly project: Project;
  readonly name: string;
  readonly version: string;
  /** The lowest versions that mend it, one for each release line that has one. */
  readonly fixed: readonly string[];
  /** From a direct dependency to the vulnerable package, by name; shortest first, one for each direct dependency. */
  readonly paths: readonly (readonly string[])[];
}

export type UpdateSize = "major" | "minor" | "patch";

/** A release that a dependency may take, and how it is then written. */
export interface Step {
  readonly release: Release;
  readonly requirement: string;
  readonly size: UpdateSize;
  readonly fixes: readonly Advisory[];
}

/** A dependency moves to a release, and is then written as `requirement`. */
export interface Update extends Step {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly dependency: Dependency;
  /** The version in use before. */
  readonly from: string;
  /** The release in use before, where the registry knows it. */
  readonly current?: Release;
  /** What changed besides the code, where that was looked up. */
  readonly signals?: readonly Signal[];
  /** The updates of the same project without which this one breaks, or they without it. */
  readonly bonds?: readonly Bond[];
  /** To be tried in turn, where no lockfile can hold this one. */
  readonly alternatives?: readonly Step[];
  /** Of what no manifest names: what those that ask for it might bring in instead, and must not. */
  readonly refused?: readonly Candidate[];
  /** The version that was to be taken, and why no lockfile can hold it, where this is one of its alternatives. */
  readonly insteadOf?: { readonly version: string; readonly reason: string };
}

/** What a registry says of one release that its users would want to know before they take it. */
export interface ReleaseDetails {
  /** As it is written there, such as `MIT`. */
  readonly license?: string;
  /** The account that published it. */
  readonly publisher?: string;
  /** Whether it was published by a build that the registry trusts, and not by a person's account. */
  readonly isTrusted: boolean;
  /** The names of the scripts that an installation would run. */
  readonly installScripts: readonly string[];
  /** Whether it is attested which commit it was built from. */
  readonly hasProvenance: boolean;
  /** The runtimes it says it needs, by name: `{ node: ">=20" }`. */
  readonly engines: Readonly<Record<string, string>>;
}

/** Something that changed between two releases besides the code. */
export interface Signal {
  readonly kind: "install-script" | "publisher" | "provenance" | "license" | "engines";
  /** A sentence about the release, such as `runs postinstall when it is installed, which 1.0.0 did not`. */
  readonly detail: string;
}

/** Why two updates of one project move together or not at all. */
export interface Bond {
  /** The other package. */
  readonly name: string;
  /** Such as `eslint-plugin-a 5.0.0 asks for eslint ^9.0.0 beside it`. */
  readonly reason: string;
}

/** Updates that travel together: one group, one branch, one pull request. */
export interface UpdateGroup {
  /** Stable across scans: `npm/runtime`, `npm/major:react in packages/app`. */
  readonly key: string;
  /** What it is called in a title: `runtime`; a single major is called by its package. */
  readonly name: string;
  readonly kind: "version" | "security" | "maintenance";
  /** Whether it is there for one package alone, so that titles name the package and not the group. */
  readonly single: boolean;
  readonly updates: readonly Update[];
  /** Where the configuration sets one. */
  readonly limit?: GroupLimit;
  /** The project whose lockfile is made anew; then there are no updates. */
  readonly maintains?: Project;
  /** For maintenance: the time since when it has been due, such as the week's Monday. What is closed stays so for its period. */
  readonly period?: string;
}

/** How many pull requests of one configured group may be open at a time, beside the limit of all. */
export interface GroupLimit {
  /** As the configuration calls it. */
  readonly group: string;
  readonly most: number;
  /** Where it is written. */
  readonly origin?: string;
}

/** What became of one dependency, and why. */
export type Decision = {
  readonly project: Project;
  readonly manifest: Manifest;
  readonly dependency: Dependency;
  /** Every release above the one in use that was weighed, newest first. */
  readonly candidates: readonly Candidate[];
  readonly reason: Reason;
} & (
  | { readonly outcome: "update"; readonly updates: readonly Update[] }
  | { readonly outcome: "current" | "held" | "failed" }
);

/** One release that was weighed. */
export interface Candidate {
  readonly version: string;
  /** Absent when it was taken. */
  readonly rejected?: Reason;
}

/** The whole new content of one file. */
export interface FileChange {
  readonly path: string;
  readonly content: string;
  /** In words for people, where it is no manifest and no lockfile. */
  readonly why?: string;
}

/** What a group did to one lockfile, from its graphs before and after, and what the second audit says. */
export interface Verification {
  /** The lockfile's path. */
  readonly lockfile: string;
  /** Changes that the group explains: its own packages, and what they asked for or no longer ask for. */
  readonly updated: readonly LockChange[];
  readonly added: readonly LockChange[];
  readonly removed: readonly LockChange[];
  /** Changes that nothing in the group explains; they are in none of the lists above. */
  readonly unintended: readonly LockChange[];
  /** Advisories that touch a package now and did not before. */
  readonly introduced: readonly AuditedPackage[];
  /** Advisories that touched a package before, at a version that is no longer there. */
  readonly mended: readonly AuditedPackage[];
  /** What came in beside the group's own packages and has not cooled. */
  readonly young: readonly YoungPackage[];
}

/** One entry of a lockfile that changed. Without `from` it was added, without `to` removed. */
export interface LockChange {
  readonly name: string;
  /** The entry's place in the graph, as in `LockedPackage`. */
  readonly id: string;
  readonly from?: string;
  readonly to?: string;
  /** What explains it, such as `required by axios 1.4.0`. */
  readonly why?: string;
}

/** A package in a lockfile, and an advisory that touches it. */
export interface AuditedPackage {
  readonly advisory: Advisory;
  readonly name: string;
  readonly version: string;
}

export interface YoungPackage {
  readonly name: string;
  readonly version: string;
  /** ISO 8601. */
  readonly publishedAt: string;
}

/** How pull requests are worded and labelled: the part of the configuration that the composer obeys. */
export interface ProposalPolicy {
  /** Replaces the default labels; empty for none at all. */
  readonly labels?: readonly string[];
  readonly commitMessage?: CommitMessagePolicy;
  /** Login names. */
  readonly assignees?: readonly string[];
  /** Login names, and teams as `organisation/team`. */
  readonly reviewers?: readonly string[];
  /** Its number on GitHub. */
  readonly milestone?: number;
  /** Between the parts of a branch's name, instead of `/`. */
  readonly branchSeparator?: "-" | "_" | "/";
  /** `disabled`: what conflicts with its base is left so, until a person asks. */
  readonly rebaseStrategy?: "auto" | "disabled";
}

export interface CommitMessagePolicy {
  /** Before every title; `""` for none. A colon follows where it ends in a letter, a digit or a bracket. */
  readonly prefix?: string;
  /** Instead of `prefix` where every dependency of the group is for development. */
  readonly prefixDevelopment?: string;
  /** Adds `(deps)` or `(deps-dev)` to the prefix. */
  readonly includeScope?: boolean;
}

/** A pull request as data: everything GitHub needs, and nothing fetched from it. */
export interface PullRequestDraft {
  readonly key: string;
  readonly branch: string;
  readonly title: string;
  readonly body: string;
  readonly commitMessage: string;
  readonly labels: readonly string[];
  /** Those that the configuration names; see `ProposalPolicy`. */
  readonly people?: Pick<ProposalPolicy, "assignees" | "reviewers" | "milestone">;
  readonly changes: readonly FileChange[];
  /** Tells two drafts of one key apart: it changes when a package or a version does. */
  readonly digest: string;
  /** See `Marker`. */
  readonly basis: string;
  /** `false`: where it conflicts with its base and nothing else is new, it stays as it is. */
  readonly rebase?: boolean;
  /** What an open pull request is told when it becomes this draft, in Markdown. */
  readonly news?: string;
}

export type Stage = "discover" | "resolve" | "audit" | "plan" | "patch" | "verify" | "propose" | "configure";

/** Something that went wrong with one file, package or group, while the rest of the scan went on. */
export interface Problem {
  readonly stage: Stage;
  /** The file, the package or the group. */
  readonly subject: string;
  readonly message: string;
}

/** One repository on GitHub. */
export interface Repository {
  readonly owner: string;
  readonly name: string;
}
