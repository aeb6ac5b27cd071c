import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PrivateRedis, startRedis } from "../redis.ts";
import { commanding } from "./commands.ts";
import { overseeing } from "./dashboards.ts";
import { locked } from "./files.ts";
import { following } from "./follows.ts";
import { holding } from "./holds.ts";
import { opening } from "./opens.ts";
import { startCi } from "./ci.ts";
import { eight, shepherding } from "./shepherds.ts";
import { affecting } from "./impacts.ts";
import { closeStages, secrets, start, until } from "./stage.ts";

describe("with the queue in Redis, server and worker apart", { timeout: 60_000 }, () => {
  let redis: PrivateRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(closeStages);
  afterAll(() => redis.close());

  const where = () => ({ redis: redis.url });
  affecting(where);
  commanding(where);
  overseeing(where);
  opening(where);
  following(where);
  holding(where);
  shepherding(where);

  it("never shows a token to Redis or to the log", async () => {
    const speaker = new Redis(redis.url);
    const heard: string[] = [];
    const monitor = await speaker.monitor();
    monitor.on("monitor", (_time: string, command: readonly string[]) => heard.push(command.join(" ")));
    const { github, install, pulls, log } = await start(
      {
        repositories: {
          "acme/web": locked({ dependencies: { router: "^1.0.0" } }, { router: "1.0.0" }),
        },
        packages: { router: { "1.0.0": {}, "1.1.0": {} } },
      },
      where(),
    );
    github.fault({ method: "POST", path: /\/git\/commits$/, status: 422 }); // a failure that is told, with its request
    await install();
    expect(log.problems().map(({ stage }) => stage)).toEqual(["propose"]);
    expect(await pulls()).toEqual([]);

    const last = crypto.randomUUID();
    await speaker.echo(last);
    await until(() => heard.some((command) => command.includes(last)));
    monitor.disconnect();
    speaker.disconnect();
    expect(heard.some((command) => command.includes('"kind":"scan"'))).toBe(true);
    for (const secret of secrets) expect([...heard, ...log.lines].join("\n")).not.toMatch(secret);
  });

  it.each([
    ["and GitHub did not do what it asked last", false],
    ["and GitHub did what it asked last", true],
  ])("completes what a killed worker began, once (%s)", async (_when, after) => {
    const { github, variables, idle, pulls, pull, log } = await start(
      {
        repositories: {
          "acme/web": locked(
            { dependencies: { router: "^1.0.0" }, devDependencies: { linter: "^3.0.0" } },
            { router: "1.0.0", linter: "3.0.0" },
          ),
        },
        packages: { router: { "1.0.0": {}, "1.1.0": {} }, linter: { "3.0.0": {}, "4.0.0": {} } },
      },
      { ...where(), workers: 0 },
    );
    github.fault({ method: "POST", path: /\/pulls$/, status: 502, times: 1_000, after });
    await github.install("acme");
    const first = worker(variables, 3_000);
    await until(() =>
      github.requests.some(({ method, path }) => method === "POST" && path.endsWith("/pulls")),
    );
    await killed(first);
    github.clearFaults();

    const second = worker(variables, 30_000);
    await idle();
    await killed(second);

    expect(await pulls()).toEqual([
      "open #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.1.0 in the runtime group",
      "open #2 steeplejack/npm/major-linter: Bump linter from 3.0.0 to 4.0.0",
    ]);
    expect((await pull(1)).labels).toEqual(["dependencies", "javascript"]);
    expect(Object.keys(github.branches("acme/web"))).toEqual([
      "main",
      "steeplejack/npm/major-linter",
      "steeplejack/npm/runtime",
    ]);
    expect(log.told("scan asked for")).toHaveLength(1);
  });

  it("goes on with a search whose worker is killed while it makes a branch", async () => {
    const stage = await start(eight(), { ...where(), workers: 0 });
    const { github, variables, pulls } = stage;
    let isArmed = false;
    const ci = startCi(stage, ({ versions, branch }) => {
      if (branch.endsWith("/bisect/1/2") && !isArmed) {
        isArmed = true; // GitHub makes the next branch, and the worker never hears of it
        github.fault({ method: "POST", path: /\/git\/refs$/, status: 502, times: 1_000, after: true });
      }
      return versions["foxtrot"] === "1.1.0" ? "failure" : "success";
    });
    const first = worker(variables, 3_000);
    const workers: ChildProcess[] = [];
    const crash = async () => {
      await until(() => github.requests.some(({ status }) => status === 502));
      await killed(first);
      github.clearFaults();
      workers.push(worker(variables, 30_000));
    };
    await github.install("acme");
    await Promise.all([ci.settle(), crash()]);
    await ci.settle();
    for (const one of workers) await killed(one);

    expect((await pulls()).map((line) => line.replace(/ steeplejack\S*/, ""))).toEqual([
      "open #1 Bump the runtime group with 7 updates",
      "open #2 Bump foxtrot from 1.0.0 to 1.1.0",
    ]);
    const trials = ci.log.flatMap((line) => /bisect\/1\/\d+ \w+/.exec(line) ?? []);
    expect(trials.map((line) => line.replace("bisect/1/", ""))).toEqual([
      "1 success",
      "2 failure",
      "2 failure",
      "3 success",
      "4 success",
      "5 failure",
      "5 failure",
    ]);
    const { data } = await stage.octocat.issues.listComments({ owner: "acme", repo: "web", issue_number: 1 });
    expect(data.filter(({ body }) => body?.includes("steeplejack:bisect"))).toHaveLength(1);
  });
});

function worker(variables: Readonly<Record<string, string>>, lock: number): ChildProcess {
  return spawn(process.execPath, ["test/e2e/worker.ts", String(lock)], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...variables },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
