import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Octokit } from "@octokit/rest";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { adaptersWithAdvisories } from "../../demo/advisories.ts";
import { type Demo, demo, type DemoInputs, startDemo } from "../../demo/main.ts";
import { rendered } from "../../demo/page/markdown.ts";
import { startPage } from "../../demo/page/server.ts";
import { demoRepositories } from "../../demo/repositories.ts";
import { type Packages, type Published, startRegistry, type TestRegistry } from "../registry.ts";

const advisories = fileURLToPath(new URL("../../demo/advisories", import.meta.url));
const program = fileURLToPath(new URL("../../src/bin/steeplejack.ts", import.meta.url));

let registry: TestRegistry;
let folder: string;
let env: NodeJS.ProcessEnv;
/** The demo as it is; no test changes it. */
let whole: Demo;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "steeplejack-demo-"));
  registry = await startRegistry(await packagesOfTheDemo());
  env = {
    PATH: process.env["PATH"],
    HOME: folder,
    npm_config_registry: registry.url,
    npm_config_userconfig: join(folder, "none"),
    STEEPLEJACK_CACHE: join(folder, "cache"),
    ADVISORIES: advisories,
  };
  whole = await startDemo(env);
  await whole.install();
  await whole.idle();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await whole.stop();
  await registry.close();
  await rm(folder, { recursive: true });
});

/** What the demo's lockfiles hold, as of then, and a few later releases. */
async function packagesOfTheDemo(): Promise<Packages> {
  const packages = new Map<string, Record<string, Published>>();
  const publish = (name: string, version: string, published: Published = {}) =>
    packages.set(name, { ...packages.get(name), [version]: published });
  for (const { files = {} } of await demoRepositories()) {
    const lock = lockfile.parse(JSON.parse(z.string().parse(files["package-lock.json"])));
    for (const [path, { version, link, dependencies = {} }] of Object.entries(lock.packages)) {
      if (!path.includes("node_modules/") || link === true || version === undefined) continue;
      publish(path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version, {
        dependencies,
      });
    }
  }
  publish("chalk", "4.1.2");
  publish("chalk", "5.3.0", { engines: { node: "^12.17.0 || ^14.13 || >=16.0.0" } });
  publish("commander", "10.0.1", { engines: { node: ">=14" } });
  publish("commander", "11.0.0", { engines: { node: ">=16" } });
  publish("dayjs", "1.11.10");
  publish("lodash", "4.17.20");
  publish("lodash", "4.17.21");
  publish("minimist", "1.2.6");
  publish("minimist", "1.2.8");
  publish("mkdirp", "0.5.6", { dependencies: { minimist: "^1.2.6" } });
  publish("mustache", "3.2.1");
  publish("mustache", "4.2.0");
  publish("html-entities", "2.5.2");
  publish("node-fetch", "2.6.7");
  publish("prettier", "3.0.0");
  for (const name of ["clsx", "preact", "date-fns", "rimraf", "superstruct"]) publish(name, "100.0.0");
  return Object.fromEntries(packages);
}

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      link: z.boolean().optional(),
      dependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/** A demo with repositories of its own, once everything that follows the installation is over. */
async function installed(inputs: DemoInputs): Promise<Demo> {
  const started = await startDemo(env, inputs);
  open.push({ close: () => started.stop() });
  await started.install();
  await started.idle();
  return started;
}

async function titles({ hub }: Demo, repository: string): Promise<readonly string[]> {
  const all = await hub.pullRequests(repository);
  return all.map(({ state, number, title }) => `${state} #${number} ${title}`);
}

const small = {
  name: "acme/small",
  write: ["octocat"],
  files: {
    "package.json": '{ "name": "small", "dependencies": { "dayjs": "^1.10.4", "commander": "^7.2.0" } }\n',
  },
};

describe("the demo", () => {
  it("opens grouped pull requests in each of its repositories, by way of the installation's webhook", async () => {
    expect(await titles(whole, "acme/mailroom")).toEqual([
      "open #1 Bump the security group with 3 updates",
      "open #2 Bump mkdirp from 0.5.1 to 0.5.6 in the runtime group",
      "open #3 Bump the rendering group with 2 updates",
    ]);
    expect(await titles(whole, "acme/weather-cli")).toEqual([
      "open #1 Bump the runtime group with 2 updates",
      "open #2 Bump commander from 7.2.0 to 10.0.1",
      "open #3 Bump prettier from 2.3.0 to 3.0.0",
    ]);
    expect(await titles(whole, "acme/storefront")).toHaveLength(4); // its configuration's limit

    const security = await whole.hub.pullRequest("acme/mailroom", 1);
    expect(security?.labels).toEqual(["dependencies", "javascript", "security"]);
    expect(security?.files.map(({ path }) => path).toSorted()).toEqual(["package-lock.json", "package.json"]);
    for (const { after } of security?.files ?? []) expect(after.replaceAll("\r\n", "")).not.toContain("\n");
    const states = [...whole.state.repositories.values()];
    expect(states.map(({ doing, scans, trouble }) => ({ doing, scans, trouble }))).toEqual(
      states.map(() => ({ doing: "done", scans: 1, trouble: [] })),
    );
  });

  it("hears of what is merged and pushed", async () => {
    const started = await installed({ repositories: [small] });
    expect(await titles(started, "acme/small")).toEqual([
      "open #1 Update dayjs requirement from ^1.10.4 to ^1.11.10 in the runtime group",
      "open #2 Update commander requirement from ^7.2.0 to ^11.0.0",
    ]);

    await started.hub.merge("acme/small", 1);
    await started.github.push("acme/small", {
      by: "octocat",
      files: { "package.json": '{ "name": "small", "dependencies": { "lodash": "^4.17.20" } }\n' },
    });
    await started.idle();

    expect(await titles(started, "acme/small")).toEqual([
      "merged #1 Update dayjs requirement from ^1.10.4 to ^1.11.10 in the runtime group",
      "closed #2 Update commander requirement from ^7.2.0 to ^11.0.0",
      expect.stringMatching(/^open #3 Update lodash requirement from \^4.17.20 to \^4.17.21/),
    ]);
  });

  it(
    "prints what it did, and ends with 0, no process and no folder left behind",
    { timeout: 60_000 },
    async () => {
      const temporary = await mkdtemp(join(folder, "tmp-"));
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, "demo", "--once"], {
        env: { ...env, TMPDIR: temporary },
      });

      expect(stderr).toBe("");
      expect(stdout).toContain(
        [
          "  opened   #1  Bump the security group with 3 updates",
          "               lodash 4.17.15 → 4.17.21, fixes 3 advisories",
        ].join("\n"),
      );
      expect(stdout).toContain("waits         chore(deps): bump superstruct");
      expect(stdout).toContain("vulnerable    minimist 0.0.8 by way of mkdirp");
      expect(stdout).toContain(advisories);
      expect(stdout).toMatch(/10 pull requests in 3 repositories, [\d.]+ seconds/);
      expect(await readdir(temporary)).toEqual([]);
    },
  );

  it("stops waiting for jobs that its stop gives back", async () => {
    const started = await startDemo(env);
    await started.install();
    const [idle] = await Promise.all([started.idle().then(() => "over"), started.stop()]);
    expect(idle).toBe("over");
  });

  it("is told a wrong port before anything starts", async () => {
    const io = { colours: false, env, print: () => undefined, progress: () => undefined };
    await expect(demo({ port: "web" }, io)).rejects.toThrow('--port takes a number, not "web"');
  });

  it("takes its own advisories where OSV does not answer, and says so", async () => {
    const { adapters, source } = await adaptersWithAdvisories(
      { env, cacheFolder: undefined },
      "http://127.0.0.1:9",
    );
    open.push(adapters);
    expect(source).toMatch(
      /^demo\/advisories, a few records of the demo: OSV does not answer \(.*ECONNREFUSED/,
    );
  });
});

describe("the page", () => {
  it("shows the pull requests, what waits and why, and one as its reviewer sees it", async () => {
    const page = await startPage(whole, 0);
    open.unshift(page);

    const overview = await (await fetch(page.url)).text();
    expect(overview).toContain('href="/acme/mailroom/pull/1"');
    expect(overview).toContain("waits for room: 4 pull requests may be open at a time");
    expect(overview).not.toContain("http-equiv");

    const response = await fetch(`${page.url}/acme/mailroom/pull/1`);
    const one = await response.text();
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(one).toContain("<h3>Vulnerabilities fixed</h3>");
    expect(one).toContain("<summary><b>Critical</b> · Prototype Pollution in minimist</summary>");
    expect(one).toContain("updated-dependencies:");
    expect(one).toContain("^4.17.<mark>15</mark>");
    expect(one).toContain("^4.17.<mark>21</mark>");
    expect((await fetch(`${page.url}/acme/mailroom/pull/99`)).status).toBe(404);
    expect((await fetch(`${page.url}/acme/other/pull/1`)).status).toBe(404);
  });

  it("shows what strangers write as text, and what they mark up without what runs", async () => {
    const started = await installed({ repositories: [small] });
    const page = await startPage(started, 0);
    open.unshift(page);
    const { github } = started;
    await github.push("acme/small", {
      by: "octocat",
      branch: "<b>topic",
      message: "</pre><script>alert(1)</script>",
      files: { "<img src=x>.txt": "<script>alert(2)</script>\n" },
    });
    const octokit = new Octokit({ baseUrl: github.url, auth: github.token("octocat") });
    const { data } = await octokit.rest.pulls.create({
      owner: "acme",
      repo: "small",
      base: "main",
      head: "<b>topic",
      title: '"><script>alert(3)</script>',
      body: "<script>alert(4)</script><img src=x onerror=alert(5)><a href='javascript:alert(6)'>a</a>\n\n[b](javascript:alert(7))",
    });

    const one = await (await fetch(`${page.url}/acme/small/pull/${data.number}`)).text();
    expect(one).not.toMatch(/<script|<img|<b>topic|href="javascript/i);
    expect(one).toContain("&#60;script&#62;alert(2)&#60;/script&#62;");
    expect(await (await fetch(page.url)).text()).not.toContain("<script");
  });

  it("merges and closes for its own buttons only, and is there for this machine only", async () => {
    const started = await installed({ repositories: [small] });
    const page = await startPage(started, 0);
    open.unshift(page);
    const post = async (path: string, origin: string) => {
      const headers = { origin };
      const answer = await fetch(`${page.url}${path}`, { method: "POST", headers, redirect: "manual" });
      return answer.status;
    };

    expect(await post("/acme/small/pull/1/merge", "http://elsewhere.test")).toBe(403);
    expect(await post("/acme/small/pull/1/merge", page.url)).toBe(303);
    expect(await post("/acme/small/pull/1/merge", page.url)).toBe(409);
    expect(await post("/acme/small/pull/2/close", page.url)).toBe(303);
    await started.idle();
    const all = await started.hub.pullRequests("acme/small");
    expect(all.map(({ number, state }) => `${state} #${number}`)).toEqual(["merged #1", "closed #2"]);
  });

  it("takes a free port where the wanted one is taken", async () => {
    const started = await installed({ repositories: [small] });
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    open.unshift({ close: () => new Promise((resolve) => taken.close(() => resolve())) });
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;

    const page = await startPage(started, port);
    open.unshift(page);
    expect(page.url).not.toBe(`http://127.0.0.1:${port}`);
    expect((await fetch(page.url)).status).toBe(200);
  });
});

describe("Markdown", () => {
  it.each([
    ["a table", "| a |\n| --- |\n| `b` |", /<table>[^]*<td><code>b<\/code><\/td>/],
    ["what is folded", "<details>\n<summary>more</summary>\n\n*text*\n\n</details>", /<em>text<\/em>/],
    [
      "an alert",
      "> [!WARNING]\n> **care**\n>\n> > said",
      /<div class="alert warning"><p class="alert-title">Warning/,
    ],
    ["no hidden marker", "a\n\n<!-- steeplejack {} -->", /^<p>a<\/p>\s*$/],
  ])("is shown with %s", (_what, text, page) => {
    expect(rendered(text).text).toMatch(page);
  });

  it("keeps quotes in an alert, and what comes after it", () => {
    expect(rendered("> [!NOTE]\n> a\n>\n> > b\n\nc").text.replace(/\s+/g, "")).toBe(
      '<divclass="alertnote"><pclass="alert-title">Note</p><p>a</p><blockquote><p>b</p></blockquote></div><p>c</p>',
    );
  });
});
