/** A file that cannot be understood. Its project fails and the others go on. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly path: string;
  /** `at` is the place, such as `line 3, column 7`; `mend` says what would help. */
  constructor(path: string, problem: string, more: ErrorOptions & { at?: string; mend?: string } = {}) {
    const place = more.at === undefined ? "" : ` (${more.at})`;
    const mend = more.mend === undefined ? "" : `. ${more.mend}`;
    super(`${path}${place}: ${problem}${mend}`, more);
    this.path = path;
  }
}

/** What is wrong at one place of a file. */
export interface Fault {
  /** Both counted from one. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A configuration file that cannot be obeyed, with every fault in it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly path: string;
  /** For people, with their places. */
  readonly faults: readonly string[];
  /** Those with a place. */
  readonly located: readonly Fault[];
  constructor(path: string, faults: readonly (string | Fault)[], options?: ErrorOptions) {
    const texts = faults.map((fault) => (typeof fault === "string" ? fault : faultText(fault)));
    super(`${path}: ${texts.join("; ")}`, options);
    this.path = path;
    this.faults = texts;
    this.located = faults.filter((fault) => typeof fault !== "string");
  }
}

/** `line 3, column 7: ...` */
function faultText({ line, column, message }: Fault): string {
  return `line ${line}, column ${column}: ${message}`;
}

/** A request that got no usable answer, after the retries. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly url: string;
  /** Absent when no answer came at all. */
  readonly status: number | undefined;
  constructor(url: string, status: number | undefined, message: string, options?: ErrorOptions) {
    super(`${new URL(url).host}: ${message} (GET ${new URL(url).pathname})`, options);
    this.url = url;
    this.status = status;
  }
}

/** No consistent lockfile could be made for a set of updates. */
export class ResolutionError extends Error {
  override readonly name = "ResolutionError";
  /** The packages that may be at fault, where the resolver names them. */
  readonly suspects: readonly string[];
  /** Whether it has nothing to do with the updates: fewer of them would fare no better. */
  readonly isHopeless: boolean;
  constructor(
    message: string,
    options: ErrorOptions & { suspects?: readonly string[]; isHopeless?: boolean } = {},
  ) {
    super(message, options);
    this.suspects = options.suspects ?? [];
    this.isHopeless = options.isHopeless ?? false;
  }
}

/** A program ended with an error. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  /** What it wrote, standard output and error together; the end of it, where it wrote much. */
  readonly output: string;
  constructor(message: string, output: string, options?: ErrorOptions) {
    super(message, options);
    this.output = output;
  }
}

/** The service asks to wait: the job is put back until then and no attempt is counted. */
export class RateLimitError extends Error {
  override readonly name = "RateLimitError";
  readonly retryAt: Date;
  constructor(message: string, retryAt: Date, options?: ErrorOptions) {
    super(message, options);
    this.retryAt = retryAt;
  }
}

/** Whether the same might work a little later: no answer came, or a server was in trouble. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = "status" in error && typeof error.status === "number" ? error.status : undefined;
  if (status !== undefined) return status >= 500 || status === 408 || status === 429;
  const code = "code" in error ? String(error.code) : "";
  return (
    error instanceof HttpError ||
    /^(?:E(?:CONN|PIPE|TIMEDOUT|AI_AGAIN|HOSTUNREACH|NETUNREACH)|UND_ERR)/.test(code)
  );
}

/** What went wrong, in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
