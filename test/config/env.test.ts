import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../src/config/env.ts";
import { ConfigurationError } from "../../src/domain/errors.ts";

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pkcs1 = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const credentials = { APP_ID: "4242", PRIVATE_KEY: pkcs1, WEBHOOK_SECRET: "s3cret" };

describe("the environment", () => {
  it("needs nothing at all", () => {
    expect(readEnvironment({})).toEqual({
      github: { apiUrl: "https://api.github.com" },
      server: { host: "127.0.0.1", port: 3000, webhookPath: "/api/github/webhooks" },
      worker: { concurrency: 2, attempts: 5, timeoutMinutes: 30, graceSeconds: 25 },
      onboarding: true,
      dashboards: true,
      schedule: { everyMinutes: 360 },
      log: { level: "info", format: "json" },
    });
  });

  it("is read as it is set", () => {
    const environment = readEnvironment({
      ...credentials,
      GITHUB_API_URL: "https://github.example/api/v3/",
      REDIS_URL: "rediss://user:pass@redis.example:6380/1",
      HOST: "0.0.0.0",
      PORT: "8080",
      CONCURRENCY: "",
      LOG_LEVEL: "debug",
      UNRELATED: "1",
    });
    expect(environment).toMatchObject({
      app: { id: 4242, privateKey: pkcs1, webhookSecret: "s3cret" },
      github: { apiUrl: "https://github.example/api/v3" },
      redis: { url: "rediss://user:pass@redis.example:6380/1", prefix: "steeplejack" },
      server: { host: "0.0.0.0", port: 8080 },
      worker: { concurrency: 2 },
      log: { level: "debug" },
    });
  });

  it.each([
    ["PEM", { PRIVATE_KEY: pkcs8 }],
    ["PEM in quotes, on one line", { PRIVATE_KEY: `"${pkcs8.replaceAll("\n", "\\n")}"` }],
    ["base64", { PRIVATE_KEY: Buffer.from(pkcs8).toString("base64") }],
    ["a file", { PRIVATE_KEY_PATH: "/run/secrets/key.pem" }],
  ])("takes the private key as %s", (_how, key) => {
    const files = (path: string) => (path === "/run/secrets/key.pem" ? pkcs8 : "");
    const { app } = readEnvironment({ APP_ID: "1", WEBHOOK_SECRET: "s", ...key }, files);
    expect(app?.privateKey).toBe(pkcs8);
  });

  it("names every fault and how to mend it", () => {
    expect(
      faultsOf({
        APP_ID: "my-app",
        PRIVATE_KEY: "c2VjcmV0LW1hdGVyaWFs",
        PORT: "http",
        REDIS_URL: "localhost",
        LOG_LEVEL: "loud",
      }),
    ).toMatchInlineSnapshot(`
        [
          "APP_ID is no number: it is the number on the App's settings page, not its name or client id",
          "WEBHOOK_SECRET is missing: it is what stands under Webhook secret on the App's settings page; without it anybody could send events",
          "PRIVATE_KEY cannot be used: it holds no private key. Give the .pem file as it is, or encoded as base64",
          "REDIS_URL is no address: write it like redis://127.0.0.1:6379",
          "PORT is no whole number: write it like 3000",
          "LOG_LEVEL is not known: use one of trace, debug, info, warn, error, fatal, silent",
        ]
      `);
  });

  it("says which of the credentials is missing when some are there", () => {
    expect(faultsOf({ APP_ID: "4242" })).toMatchInlineSnapshot(`
      [
        "WEBHOOK_SECRET is missing: it is what stands under Webhook secret on the App's settings page; without it anybody could send events",
        "PRIVATE_KEY is missing: set it, or PRIVATE_KEY_PATH, to the .pem file that the App's settings page generates",
      ]
    `);
  });

  it("says why a key file cannot be read", () => {
    const faults = faultsOf({ ...credentials, PRIVATE_KEY: "", PRIVATE_KEY_PATH: "/nowhere/key.pem" });
    expect(faults).toEqual([
      "PRIVATE_KEY_PATH cannot be used: ENOENT: no such file or directory, open '/nowhere/key.pem'. Give the .pem file as it is, or encoded as base64",
    ]);
  });
});

function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}
