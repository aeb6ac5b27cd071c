import { readFileSync } from "node:fs";
import { ConfigurationError, messageOf } from "../domain/errors.ts";
import { tableOf, textOf } from "../text/data.ts";

/** What `${{secrets.NAME}}` stands for. The operator says which host it is for, and it goes nowhere else. */
export interface Secret {
  readonly name: string;
  /** A host, and a path where only a part of it is meant: `npm.acme.example/team/`. */
  readonly host: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
}

const prefix = "STEEPLEJACK_SECRET_";

/**
 * The operator's secrets: `STEEPLEJACK_SECRET_NAME="HOST TOKEN"`, and the file that `STEEPLEJACK_SECRETS_FILE` names:
 * `{ "NAME": { "host", "token" } }`, or `username` and `password`. Throws `ConfigurationError`, never with a value in it.
 */
export function operatorSecrets(
  env: NodeJS.ProcessEnv,
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): readonly Secret[] {
  const path = env["STEEPLEJACK_SECRETS_FILE"];
  const fromFile = path === undefined || path === "" ? [] : readSecrets(path, read);
  const fromVariables = Object.entries(env)
    .filter(([name, value]) => name.startsWith(prefix) && value !== undefined && value !== "")
    .map(([name, value = ""]) => {
      const [, host, token] = /^(\S+)\s+(\S+)$/.exec(value.trim()) ?? [];
      if (host === undefined || token === undefined || !isHost(host))
        throw new ConfigurationError(name, [
          'expected the host that it is for and the token: "npm.acme.example TOKEN"',
        ]);
      return { name: name.slice(prefix.length), host, token };
    });
  return [...fromFile, ...fromVariables];
}

function readSecrets(path: string, read: (path: string) => string): readonly Secret[] {
  return Object.entries(tableOf(parse(path, read))).map(([name, value]) => {
    const fields = tableOf(value);
    const host = textOf(fields["host"]);
    const [token, username, password] = ["token", "username", "password"].map((key) => textOf(fields[key]));
    if (host === undefined || !isHost(host))
      throw new ConfigurationError(path, [
        `"${name}" does not say which host it is for: add "host": "npm.acme.example"`,
      ]);
    if (token !== undefined) return { name, host, token };
    if (username !== undefined && password !== undefined) return { name, host, username, password };
    throw new ConfigurationError(path, [`"${name}" has neither "token" nor "username" and "password"`]);
  });
}

function parse(path: string, read: (path: string) => string): unknown {
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    throw new ConfigurationError("STEEPLEJACK_SECRETS_FILE", [messageOf(error)], { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message repeats a part of the text.
    throw new ConfigurationError(path, ["is no JSON"]);
  }
}

function isHost(text: string): boolean {
  return /^[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[\w./@%-]*)?$/.test(text);
}

/** The secrets as npm writes credentials: `{ "//npm.acme.example/:_authToken": "..." }`. */
export function asNpmCredentials(secrets: readonly Secret[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    secrets.flatMap(({ host, token, username = "", password = "" }): [string, string][] => {
      const place = `//${host.includes("/") ? host.replace(/\/*$/, "/") : `${host}/`}`;
      if (token !== undefined) return [[`${place}:_authToken`, token]];
      return [
        [`${place}:username`, username],
        [`${place}:_password`, Buffer.from(password).toString("base64")],
      ];
    }),
  );
}
