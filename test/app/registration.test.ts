import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort, said } from "../redis.ts";
import type { TinyGithub } from "./github.ts";
import { credentials, deliver, push, startGithub } from "./github.ts";

let folder: string;
let github: TinyGithub;
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "steeplejack-registration-"));
  await copyFile("app.yml", join(folder, "app.yml"));
  github = await startGithub({});
});
afterEach(async () => {
  child?.kill("SIGKILL");
  await github.close();
  await rm(folder, { recursive: true });
});

it("registers the App with the permissions of app.yml, then serves with what GitHub gave", async () => {
  const setup = await begin({ PORT: String(await freePort()), GITHUB_API_URL: `${github.url}/api/v3` });
  const page = await (await fetch(`${setup}/probot`)).text();
  const [, manifest = ""] = /value='([^']*)'/.exec(page) ?? [];
  expect(JSON.parse(manifest)).toMatchObject({
    name: "Steeplejack",
    default_permissions: { metadata: "read", contents: "write", pull_requests: "write" },
    default_events: expect.arrayContaining(["push", "repository", "issue_comment", "issues"]),
    redirect_url: `${setup}/probot/setup`,
  });

  const made = await fetch(`${setup}/probot/setup?code=a-code`, { redirect: "manual" });
  expect(made.headers.get("location")).toBe("http://github.test/apps/steeplejack/installations/new");
  expect(await end("SIGTERM")).toBe(0);
  expect((await stat(join(folder, ".env"))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, ".env"), "utf8")).toContain(`APP_ID="${credentials.id}"`);

  const url = await begin({ PORT: "0", GITHUB_API_URL: github.url });
  const began = said(child ?? never(), /^end web/);
  expect(await deliver(url, "push", push())).toBe(200);
  await began;
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

it("says what is missing instead, in production", async () => {
  const started = spawn(process.execPath, [resolve("test/app/process.ts")], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], NODE_ENV: "production" },
  });
  const chunks: string[] = [];
  started.stderr.on("data", (chunk: Buffer) => chunks.push(chunk.toString()));
  const [code] = await once(started, "exit");
  expect(code).toBe(1);
  expect(chunks.join("")).toContain("the environment: APP_ID, PRIVATE_KEY and WEBHOOK_SECRET are missing");
});

async function begin(env: Record<string, string>): Promise<string> {
  child = spawn(process.execPath, [resolve("test/app/process.ts")], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ...env },
  });
  const line = await said(child, /^listening /);
  return line.slice("listening ".length);
}

async function end(signal: NodeJS.Signals): Promise<unknown> {
  if (child === undefined) return undefined;
  const exit = once(child, "exit");
  child.kill(signal);
  const [code] = await exit;
  return code;
}

function never(): never {
  throw new Error("nothing was started");
}
