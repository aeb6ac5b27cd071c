import { describe, expect, it } from "vitest";
import { logger, scrub } from "../../src/telemetry/logger.ts";

describe("the log", () => {
  it("carries the fields of a job on each of its lines", () => {
    const lines: string[] = [];
    const log = logger({ level: "info", format: "json", to: { write: (line) => lines.push(line) } });
    const job = log.child({
      repository: "acme/web",
      installation: 9001,
      delivery: "72d3162e",
      job: "scan-1",
    });
    job.info({ opened: 3 }, "scan finished");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: 30,
      repository: "acme/web",
      installation: 9001,
      delivery: "72d3162e",
      job: "scan-1",
      opened: 3,
      msg: "scan finished",
    });
  });

  it.each(["json", "pretty"] as const)("shows no credentials, wherever they stand (%s)", (format) => {
    const lines: string[] = [];
    const log = logger({ level: "info", format, to: { write: (line) => lines.push(line) } });
    const token = `ghs_${"a1".repeat(18)}`;
    const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n";
    log.info(
      { options: { token: "plain", headers: { authorization: "token abc" } }, password: "hunter2" },
      `cloned with ${token}`,
    );
    log.error(new Error(`401 for https://x-access-token:${token}@github.test/acme/web with ${pem}`));

    const text = lines.join("");
    for (const secret of [token, "plain", "token abc", "hunter2", "MIIEow"])
      expect(text).not.toContain(secret);
    expect(text).toContain("cloned with [hidden token]");
  });

  it("is still JSON when a key is cut short", () => {
    const lines: string[] = [];
    const log = logger({ level: "info", format: "json", to: { write: (line) => lines.push(line) } });
    log.warn({ detail: "-----BEGIN PRIVATE KEY-----\nMIIEow", after: 1 }, "no such key");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      detail: "[hidden key]",
      after: 1,
      msg: "no such key",
    });
  });

  it("knows the shapes of credentials, and leaves other text alone", () => {
    const classic = `ghp_${"A".repeat(36)}`;
    const fine = `github_pat_${"B".repeat(22)}_${"c".repeat(59)}`;
    const jwt = `eyJhbGciOiJSUzI1NiJ9.${"e".repeat(40)}.${"f".repeat(40)}`;
    expect(scrub(`a ${classic} b ${fine} c ${jwt} d npm_${"x".repeat(36)} e`)).toBe(
      "a [hidden token] b [hidden token] c [hidden token] d [hidden token] e",
    );
    expect(scrub("authorization: Bearer abcdefghijklmnopqrst")).toBe("authorization: Bearer [hidden]");
    expect(scrub("redis://default:s3cret@redis.test:6379/0")).toBe(
      "redis://default:[hidden]@redis.test:6379/0",
    );
    const text = "token of the npm_config_registry at https://registry.test/@acme/web, basic setup";
    expect(scrub(text)).toBe(text);
  });
});
