import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type PrivateRedis, startRedis } from "../redis.ts";
import { locked, lockOf, manifestOf } from "./files.ts";
import { startSilence } from "./silence.ts";
import { type Cast, closeStages, start, until } from "./stage.ts";

const packages = {
  router: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {} },
  logger: { "2.3.0": {}, "2.3.9": {} },
};
const web = locked({ dependencies: { router: "^1.0.0" } }, { router: "1.0.0" });
const runtime = "open #1 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group";

let redis: PrivateRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(closeStages);
afterAll(() => redis.close());

describe.each([
  ["in memory", () => ({})],
  ["in Redis, server and worker apart", () => ({ redis: redis.url })],
])("what is broken is told, and the rest goes on (the queue %s)", { timeout: 60_000 }, (_where, where) => {
  const open = (cast: Partial<Cast> = {}) =>
    start({ repositories: { "acme/web": web }, packages, ...cast }, where());
  const holding = (files: Exclude<Cast["repositories"][string], undefined>, cast: Partial<Cast> = {}) =>
    open({ repositories: { "acme/web": files }, ...cast });

  describe("GitHub", () => {
    it("answers 502 now and then: asked again, and nothing is done twice", async () => {
      const { github, install, pulls, pull } = await open();
      for (const path of [/\/git\/trees$/, /\/git\/refs$/])
        github.fault({ method: "POST", path, status: 502 });
      github.fault({ method: "POST", path: /\/pulls$/, status: 502, after: true }); // it was made, and the answer lost
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect((await pull(1)).labels).toEqual(["dependencies", "javascript"]);
    });

    it("asks to wait in the middle of a scan: the job is put off, nothing is lost or done twice", async () => {
      const { github, install, pulls, idle, log } = await open({
        repositories: {
          "acme/web": locked(
            { dependencies: { router: "^1.0.0" }, devDependencies: { logger: "2.3.0" } },
            { router: "1.0.0", logger: "2.3.0" },
          ),
        },
      });
      const reset = new Date(Date.now() + 2_000);
      // The branch of the first pull request is there, and what follows is refused.
      github.fault({
        method: "POST",
        path: /\/pulls$/,
        status: 403,
        message: "API rate limit exceeded for installation ID 9001.",
        headers: {
          "x-ratelimit-remaining": "0",
          "x-ratelimit-reset": String(Math.ceil(reset.getTime() / 1_000)),
        },
      });
      const installed = install();
      await until(() => log.told("job delayed by a rate limit").length > 0);
      expect(Object.keys(github.branches("acme/web"))).toEqual(["main", "steeplejack/npm/development"]);
      expect(await pulls()).toEqual([]);

      await installed;
      await idle();
      expect(log.told("job delayed by a rate limit")).toHaveLength(1);
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/development: Bump logger from 2.3.0 to 2.3.9 in the development group",
        runtime.replace("#1", "#2"),
      ]);
    });

    it("is not who sent it: a forged signature is refused, and nothing is done", async () => {
      const { webhooks, queue, log } = await open();
      const body = JSON.stringify({
        action: "created",
        installation: { id: 9001 },
        repositories: [{ full_name: "acme/web" }],
      });
      const signature = createHmac("sha256", "guessed").update(body).digest("hex");
      const answer = await fetch(webhooks, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-github-event": "installation",
          "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
          "x-hub-signature-256": `sha256=${signature}`,
        },
      });
      expect(answer.status).toBe(400);
      expect(await queue.counts()).toEqual({ waiting: 0, delayed: 0, running: 0, failed: 0 });
      expect(log.told("scan asked for")).toEqual([]);
    });
  });

  describe("the registry", () => {
    it("answers 500 for a moment: asked again", async () => {
      const { install, pulls, log } = await open({
        registry: { faults: { router: { status: 500, times: 2 } } },
      });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems()).toEqual([]);
    });

    it("fails for one package, and does not know another: told, and the others go on", async () => {
      const { install, pulls, log, registry } = await holding(
        locked(
          { dependencies: { router: "^1.0.0", broken: "^1.0.0", "no-such-thing": "^1.0.0" } },
          { router: "1.0.0", broken: "1.0.0", "no-such-thing": "1.0.0" },
        ),
        { registry: { faults: { broken: { status: 500 } } } },
      );
      await install();
      expect(await pulls()).toEqual([runtime]);
      const host = new URL(registry.url).host;
      expect(log.problems()).toEqual([
        {
          stage: "resolve",
          subject: "broken",
          message: `broken could not be looked up: ${host}: answered 500 (GET /broken)`,
        },
        {
          stage: "resolve",
          subject: "no-such-thing",
          message: "the registry does not know no-such-thing: it may be private, misspelled or unpublished",
        },
      ]);
    });

    it("never answers: told, and the others go on", async () => {
      const silence = await startSilence();
      const { install, pulls, log } = await holding(
        {
          ...locked(
            { dependencies: { router: "^1.0.0", "@slow/ui": "^1.0.0" } },
            { router: "1.0.0", "@slow/ui": "1.0.0" },
          ),
          ".npmrc": `@slow:registry=${silence.url}\n`,
        },
        { trusted: [new URL(silence.url).host], impatient: true },
      );
      await install();
      await silence.close();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems()).toEqual([
        {
          stage: "resolve",
          subject: "@slow/ui",
          message: `@slow/ui could not be looked up: ${new URL(silence.url).host}: did not answer in time (GET /@slow%2Fui)`,
        },
      ]);
    });

    it("that a repository names at a private address is not asked", async () => {
      const { install, pulls, log } = await holding({
        ...locked(
          { dependencies: { router: "^1.0.0", "@inner/ui": "^1.0.0" } },
          { router: "1.0.0", "@inner/ui": "1.0.0" },
        ),
        ".npmrc": "@inner:registry=http://169.254.169.254/latest/\n",
      });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems().map(({ message }) => message)).toEqual([
        "@inner/ui could not be looked up: 169.254.169.254: is a private address, which a repository may not name (GET /latest/@inner%2Fui)",
      ]);
    });

    it("answers in a mirror's manner: the same plan", async () => {
      const { install, pulls, locks } = await open({ registry: { manner: "mirror" } });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(locks("steeplejack/npm/runtime")).toEqual({ router: "1.2.0" });
    });
  });

  describe("a repository", () => {
    it("with a malformed manifest: told with its place, and the other projects go on", async () => {
      const { install, pulls, log } = await holding({
        ...web,
        "shop/package.json": '{\n  "name": "shop",\n  "dependencies": { "router": }\n}\n',
      });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems()).toEqual([
        {
          stage: "discover",
          subject: "shop/package.json",
          message: "shop/package.json (line 3, column 31): is not valid JSON: value expected",
        },
      ]);
    });

    it("with a lockfile out of step: told, and mended along", async () => {
      const { install, pulls, locks, log } = await holding({
        "package.json": manifestOf({ dependencies: { router: "^1.0.0", logger: "^2.3.0" } }),
        "package-lock.json": lockOf({ "": { dependencies: { router: "^1.0.0" } } }, { router: "1.0.0" }),
      });
      await install();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Bump the runtime group with 2 updates",
      ]);
      expect(locks("steeplejack/npm/runtime")).toEqual({ router: "1.2.0", logger: "2.3.9" });
      expect(log.problems().map(({ message }) => message)).toEqual([
        'the lockfile is out of step with package.json: logger is "^2.3.0" there and missing in the lockfile. Run `npm install` and commit what it writes',
      ]);
    });

    it("with a manifest over the size limit: told, and the other projects go on", async () => {
      const { install, pulls, log } = await holding({
        ...web,
        "huge/package.json": manifestOf({ description: "x".repeat(10.5 * 1024 * 1024) }, "huge"),
      });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems()).toEqual([
        {
          stage: "discover",
          subject: "huge/package.json",
          message: "huge/package.json: 10.5 MiB is over the limit of 10.0 MiB",
        },
      ]);
    });

    it("that points outside itself, by glob or by file: nothing outside is read", async () => {
      const written = {
        workspaces: ["../*", "packages/../../*"],
        dependencies: { router: "^1.0.0", secrets: "file:../../etc" },
      };
      const { install, pulls, requires, log } = await holding({
        "package.json": manifestOf(written),
      });
      await install();
      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/runtime: Update router requirement from ^1.0.0 to ^1.2.0 in the runtime group",
      ]);
      expect(requires("steeplejack/npm/runtime")).toEqual({ router: "^1.2.0", secrets: "file:../../etc" });
      expect(log.problems()).toEqual(
        ["../*", "packages/../../*"].map((glob) => ({
          stage: "discover",
          subject: "package.json",
          message: `the workspace glob "${glob}" in package.json matches no package`,
        })),
      );
    });

    it("whose lockfile links to outside itself: nothing outside is read", async () => {
      // Where npm's resolver works, this is two folders up.
      const outside = await mkdtemp(join(tmpdir(), "steeplejack-outside-"));
      await writeFile(join(outside, "package.json"), manifestOf({ version: "6.6.6", license: "spied" }));
      const place = `../../${basename(outside)}`;
      const written = { dependencies: { router: "^1.0.0", outside: `file:${place}` } };
      const linked = {
        "node_modules/outside": { resolved: place, link: true },
        [place]: { version: "1.0.0" },
      };
      const lock = lockOf({ "": written }, { router: "1.0.0" }, {}, linked);
      const { github, install, pulls, locks } = await holding({
        "package.json": manifestOf(written),
        "package-lock.json": lock,
      });
      await install();
      await rm(outside, { recursive: true });
      expect(await pulls()).toEqual([runtime]);
      expect(locks("steeplejack/npm/runtime")).toEqual({ router: "1.2.0" });
      const { "package-lock.json": after } = github.files("acme/web", "steeplejack/npm/runtime");
      expect(after).not.toMatch(/spied|6\.6\.6/);
    });

    it("with a symbolic link for a manifest: told, and not followed", async () => {
      const { install, pulls, log } = await holding({
        ...web,
        "other/package.json": { link: "../package.json" },
        "outer/package.json": { link: "/etc/passwd" },
      });
      await install();
      expect(await pulls()).toEqual([runtime]);
      expect(log.problems().map(({ message }) => message)).toEqual([
        "other/package.json is a symbolic link, and links are not followed",
        "outer/package.json is a symbolic link, and links are not followed",
      ]);
    });
  });
});
