import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { z } from "zod";
import { ConfigurationError, messageOf } from "../domain/errors.ts";

/** What the process is told by its environment. `docs/operations.md` lists every variable. */
export interface Environment {
  /** Absent when none of its variables is set: then the App is not registered yet. */
  readonly app?: AppCredentials;
  readonly github: {
    /** Without a final slash: `https://api.github.com`, or `https://HOST/api/v3` for an Enterprise Server. */
    readonly apiUrl: string;
  };
  /** Absent: the queue is in memory, and the server is its own worker. */
  readonly redis?: { readonly url: string; readonly prefix: string };
  readonly server: { readonly host: string; readonly port: number; readonly webhookPath: string };
  readonly worker: {
    readonly concurrency: number;
    readonly attempts: number;
    /** How long one attempt may take. */
    readonly timeoutMinutes: number;
    /** How long a stop waits for the running jobs before it gives them back. */
    readonly graceSeconds: number;
  };
  /** Whether a repository without a configuration is offered one first, and nothing else is done for it. */
  readonly onboarding: boolean;
  /** Whether repositories have a dashboard issue whose configuration does not say. */
  readonly dashboards: boolean;
  /** How often every repository is scanned even when nothing happens. */
  readonly schedule: { readonly everyMinutes: number };
  readonly log: { readonly level: LogLevel; readonly format: "json" | "pretty" };
}

export interface AppCredentials {
  readonly id: number;
  /** PEM. */
  readonly privateKey: string;
  readonly webhookSecret: string;
}

const levels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
type LogLevel = (typeof levels)[number];

type Variables = Readonly<Record<string, string | undefined>>;

/** The environment of this process, and below it what stands in `.env` in its working folder. Throws as `readEnvironment`. */
export function processEnvironment(): Environment {
  return readEnvironment({ ...dotEnv(), ...process.env });
}

/** Reads the environment. Throws `ConfigurationError` with every fault in it, each naming its variable. */
export function readEnvironment(
  variables: Variables,
  readFile: (path: string) => string = (path) => readFileSync(path, "utf8"),
): Environment {
  // `NAME=` in an .env file and an unset name mean the same.
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value?.trim() !== ""));
  const faults: string[] = [];
  const app = readCredentials(set, readFile, faults);
  const parsed = schema.safeParse(set);
  if (!parsed.success)
    for (const issue of parsed.error.issues) faults.push(`${issue.path.join(".")} ${issue.message}`);
  if (!parsed.success || faults.length > 0) throw new ConfigurationError("the environment", faults);
  const {
    GITHUB_API_URL,
    REDIS_URL,
    REDIS_PREFIX,
    HOST,
    PORT,
    WEBHOOK_PATH,
    CONCURRENCY,
    JOB_ATTEMPTS,
    JOB_TIMEOUT_MINUTES,
    GRACE_SECONDS,
    SCAN_EVERY_MINUTES,
    STEEPLEJACK_DASHBOARDS,
    STEEPLEJACK_ONBOARDING,
    LOG_LEVEL,
    LOG_FORMAT,
  } = parsed.data;
  return {
    ...(app === undefined ? {} : { app }),
    github: { apiUrl: GITHUB_API_URL },
    ...(REDIS_URL === undefined ? {} : { redis: { url: REDIS_URL, prefix: REDIS_PREFIX } }),
    server: { host: HOST, port: PORT, webhookPath: WEBHOOK_PATH },
    worker: {
      concurrency: CONCURRENCY,
      attempts: JOB_ATTEMPTS,
      timeoutMinutes: JOB_TIMEOUT_MINUTES,
      graceSeconds: GRACE_SECONDS,
    },
    onboarding: STEEPLEJACK_ONBOARDING === "on",
    dashboards: STEEPLEJACK_DASHBOARDS === "on",
    schedule: { everyMinutes: SCAN_EVERY_MINUTES },
    log: { level: LOG_LEVEL, format: LOG_FORMAT },
  };
}

/** What stands in `.env` in the working folder; nothing when there is none. */
export function dotEnv(): Variables {
  try {
    return parseEnv(readFileSync(".env", "utf8"));
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}

function readCredentials(
  set: Variables,
  readFile: (path: string) => string,
  faults: string[],
): AppCredentials | undefined {
  const { APP_ID, PRIVATE_KEY, PRIVATE_KEY_PATH, WEBHOOK_SECRET } = set;
  const given = [APP_ID, PRIVATE_KEY ?? PRIVATE_KEY_PATH, WEBHOOK_SECRET];
  if (given.every((value) => value === undefined)) return undefined;

  const id = Number(APP_ID);
  if (APP_ID === undefined) faults.push("APP_ID is missing: it is the number on the App's settings page");
  else if (!Number.isSafeInteger(id) || id < 1)
    faults.push(
      "APP_ID is no number: it is the number on the App's settings page, not its name or client id",
    );

  if (WEBHOOK_SECRET === undefined)
    faults.push(
      "WEBHOOK_SECRET is missing: it is what stands under Webhook secret on the App's settings page; without it anybody could send events",
    );

  const privateKey = readPrivateKey(PRIVATE_KEY, PRIVATE_KEY_PATH, readFile, faults);
  return { id, privateKey: privateKey ?? "", webhookSecret: WEBHOOK_SECRET ?? "" };
}

function readPrivateKey(
  value: string | undefined,
  path: string | undefined,
  readFile: (path: string) => string,
  faults: string[],
): string | undefined {
  if (value === undefined && path === undefined) {
    faults.push(
      "PRIVATE_KEY is missing: set it, or PRIVATE_KEY_PATH, to the .pem file that the App's settings page generates",
    );
    return undefined;
  }
  const name = value === undefined ? "PRIVATE_KEY_PATH" : "PRIVATE_KEY";
  try {
    const pem = pemOf(value ?? readFile(path ?? ""));
    createPrivateKey(pem);
    return pem;
  } catch (error) {
    // The message of a file that cannot be read names its path; that of a bad key never repeats the key.
    const why = value === undefined && isFileError(error) ? messageOf(error) : "it holds no private key";
    faults.push(`${name} cannot be used: ${why}. Give the .pem file as it is, or encoded as base64`);
    return undefined;
  }
}

/** A key as it comes: PEM, PEM on one line with `\n` written out, or base64 of either. */
function pemOf(text: string): string {
  const key = text.trim().replace(/^"(.*)"$/s, "$1");
  const pem = key.startsWith("-----BEGIN") ? key : Buffer.from(key, "base64").toString("utf8");
  return `${pem.replaceAll("\\n", "\n").trim()}\n`;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

const address = (schemes: readonly string[], example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && schemes.includes(new URL(text).protocol),
      `is no address: write it like ${example}`,
    );

const whole = (least: number, most: number, usual: number) =>
  z
    .string()
    .regex(/^\d+$/, `is no whole number: write it like ${usual}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is out of range: it goes from ${least} to ${most}`)
    .default(usual);

const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `is not known: use one of ${values.join(", ")}` });

const schema = z.object({
  GITHUB_API_URL: address(["http:", "https:"], "https://api.github.com")
    .default("https://api.github.com")
    .transform((url) => url.replace(/\/+$/, "")),
  REDIS_URL: address(["redis:", "rediss:"], "redis://127.0.0.1:6379").optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w-]+$/, "holds more than letters, digits, _ and -: write it like steeplejack")
    .default("steeplejack"),
  HOST: z.string().default("127.0.0.1"),
  PORT: whole(0, 65_535, 3_000),
  WEBHOOK_PATH: z
    .string()
    .regex(/^\/[\w./-]*$/, "is no path: write it like /api/github/webhooks")
    .default("/api/github/webhooks"),
  CONCURRENCY: whole(1, 64, 2),
  JOB_ATTEMPTS: whole(1, 20, 5),
  JOB_TIMEOUT_MINUTES: whole(1, 600, 30),
  GRACE_SECONDS: whole(0, 3_600, 25),
  STEEPLEJACK_DASHBOARDS: oneOf(["on", "off"]).default("on"),
  SCAN_EVERY_MINUTES: whole(10, 10_080, 360),
  STEEPLEJACK_ONBOARDING: oneOf(["on", "off"]).default("on"),
  LOG_LEVEL: oneOf(levels).default("info"),
  LOG_FORMAT: oneOf(["json", "pretty"]).default("json"),
});
