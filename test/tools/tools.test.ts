import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createTools } from "../../src/tools/tools.ts";
import { cannedHttp } from "../fakes.ts";

const probe = new URL("modules/probe.ts", import.meta.url);
const limits = { seconds: 20, megabytes: 256 };
const http = cannedHttp({});
let tools = createTools({ http });
const attempt = (what: string, at = "", more = {}) =>
  tools.call<unknown>(probe, { attempt: what, at }, { ...limits, ...more });

const server = createServer((_, response) => response.end("a secret of this machine"));
let address = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(async () => {
  await tools.close();
  tools = createTools({ http });
});
afterAll(() => server.close());

describe("a tool's process", () => {
  it("has a folder of its own and gives back what its function gives", async () => {
    expect(await attempt("scratch")).toBe("mine");
  });

  it("throws what its function throws, with code and suspects", async () => {
    await expect(attempt("fail")).rejects.toMatchObject({
      name: "TypeError",
      message: "it broke",
      code: "EBROKEN",
      suspects: ["a"],
    });
  });

  it("sees nothing of this process's environment but how to reach the network", async () => {
    process.env["STEEPLEJACK_TEST_SECRET"] = "secret";
    const names = await attempt("environment");
    expect(names).not.toContain("STEEPLEJACK_TEST_SECRET");
    expect(names).not.toContain("PATH");
  });

  it("can start no program", async () => {
    await expect(attempt("spawn")).rejects.toMatchObject({ code: "ERR_ACCESS_DENIED" });
  });

  it("can read and write nowhere else", async () => {
    const place = join(tmpdir(), `steeplejack-probe-${process.pid}`);
    await expect(attempt("read", join(homedir(), ".npmrc"))).rejects.toMatchObject({
      code: "ERR_ACCESS_DENIED",
    });
    await expect(attempt("write", place)).rejects.toMatchObject({ code: "ERR_ACCESS_DENIED" });
    expect(existsSync(place)).toBe(false);
  });

  it("cannot reach private addresses, by number or by name", async () => {
    await expect(attempt("fetch", address)).rejects.toThrow("fetch failed");
    await expect(attempt("fetch", address.replace("127.0.0.1", "localhost"))).rejects.toThrow("fetch failed");
    await expect(attempt("fetch", address.replace("127.0.0.1", "[::ffff:127.0.0.1]"))).rejects.toThrow(
      "fetch failed",
    );
  });

  it("reaches those that the operator trusts", async () => {
    await tools.close();
    tools = createTools({ http, trustedHosts: [new URL(address).host] });
    expect(await attempt("fetch", address)).toBe("a secret of this machine");
  });

  it("is ended when it takes too long or too much, and the next call gets a new one", async () => {
    await expect(attempt("forever", "", { seconds: 1 })).rejects.toThrow("a tool took longer than 1 seconds");
    await expect(attempt("memory", "", { megabytes: 64 })).rejects.toThrow(/a tool's process ended/);
    expect(await attempt("scratch")).toBe("mine");
  });

  it("serves one call after another, also after one that failed", async () => {
    const first = await attempt("identity");
    await expect(attempt("fail")).rejects.toThrow("it broke");
    expect(await attempt("identity")).toBe(first);
  });

  it("is one of at most as many as were asked for", async () => {
    await tools.close();
    tools = createTools({ http, width: 2 });
    const pids = await Promise.all(Array.from({ length: 6 }, () => attempt("identity")));
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
  });
});
