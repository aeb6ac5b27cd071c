import type { DestinationStream, Logger } from "pino";
import { destination, pino } from "pino";
import { prettyFactory } from "pino-pretty";

export type { Logger };

export interface LoggerOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Standard error when absent. */
  readonly to?: DestinationStream;
}

/**
 * One line for each event, with credentials taken out of the whole line: of fields, of messages, and of what errors say.
 * The lines of one job share `repository`, `installation`, `job`, and `delivery` where a webhook asked for it.
 */
export function logger({ level, format, to = standardError() }: LoggerOptions): Logger {
  const pretty = prettyFactory({
    colorize: false,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
    ignore: "pid,hostname",
  });
  const shape = format === "pretty" ? pretty : (line: string) => line;
  return pino(
    { level, redact: { paths: secretFields, censor: "[hidden]" } },
    { write: (line: string) => to.write(shape(scrub(line))) },
  );
}

/** Written at once, so that the last lines before the end are not lost. */
function standardError(): DestinationStream {
  return destination({ fd: 2, sync: true });
}

/** Names under which libraries log whole requests and options. */
const secretFields = ["token", "privateKey", "webhookSecret", "secret", "password", "authorization"].flatMap(
  (name) => [name, `*.${name}`, `*.headers.${name}`],
);

/** A text without what gives access: GitHub's and npm's tokens, JSON web tokens, private keys, passwords in addresses. */
export function scrub(text: string): string {
  return shapes.reduce((rest, [shape, by]) => rest.replace(shape, by), text);
}

const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="|$))/g, "[hidden key]"],
  [/\bgithub_pat_\w+/g, "[hidden token]"],
  [/\bgh[a-z]_[\w.-]{10,}/g, "[hidden token]"],
  [/\bnpm_[A-Za-z0-9]{30,}/g, "[hidden token]"],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g, "[hidden token]"],
  [/\b(bearer|basic|token) [\w.~+/=-]{16,}/gi, "$1 [hidden]"],
  [/(:\/\/[^\s/:@"]*:)[^\s/@"]+@/g, "$1[hidden]@"],
];
