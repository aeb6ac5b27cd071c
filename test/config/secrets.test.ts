import { expect, it } from "vitest";
import { authorizations } from "../../src/config/npm.ts";
import { asNpmCredentials, operatorSecrets } from "../../src/config/secrets.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";

const file = JSON.stringify({
  REGISTRY: { host: "npm.acme.example", token: "t1" },
  MIRROR: { host: "mirror.acme.example/npm", username: "bot", password: "p" },
});

it("takes secrets from variables and from a file, each with the host that it is for", () => {
  const secrets = operatorSecrets(
    {
      STEEPLEJACK_SECRETS_FILE: "/secrets.json",
      STEEPLEJACK_SECRET_OTHER: "other.example:8443 t2",
      PATH: "x",
    },
    () => file,
  );
  expect(secrets).toEqual([
    { name: "REGISTRY", host: "npm.acme.example", token: "t1" },
    { name: "MIRROR", host: "mirror.acme.example/npm", username: "bot", password: "p" },
    { name: "OTHER", host: "other.example:8443", token: "t2" },
  ]);
  expect(
    authorizations(asNpmCredentials(secrets)).filter(({ prefix }) => prefix.startsWith("https:")),
  ).toEqual([
    { prefix: "https://npm.acme.example/", authorization: "Bearer t1" },
    { prefix: "https://mirror.acme.example/npm/", authorization: "Basic Ym90OnA=" },
    { prefix: "https://other.example:8443/", authorization: "Bearer t2" },
  ]);
});

it("has none where none is given", () => {
  expect(operatorSecrets({ STEEPLEJACK_SECRET_EMPTY: "" })).toEqual([]);
});

it.each([
  ["a variable without a host", { STEEPLEJACK_SECRET_X: "hunter2" }, "{}"],
  ["an address in place of a host", { STEEPLEJACK_SECRET_X: "https://npm.example hunter2" }, "{}"],
  ["an entry without a host", { STEEPLEJACK_SECRETS_FILE: "f" }, '{ "X": { "token": "hunter2" } }'],
  [
    "an entry without a secret",
    { STEEPLEJACK_SECRETS_FILE: "f" },
    '{ "X": { "host": "a.example", "passwd": "hunter2" } }',
  ],
  ["a file that is no JSON", { STEEPLEJACK_SECRETS_FILE: "f" }, "hunter2"],
])("refuses %s, and does not repeat the secret", (_, env, text) => {
  const failed = () => operatorSecrets(env, () => text);
  expect(failed).toThrow(ConfigurationError);
  expect(failed).not.toThrow(/hunter2/);
});
