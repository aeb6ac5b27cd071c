import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { create } from "tar";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Program, ProgramRun } from "../../src/domain/ports.ts";
import { createTools, type ToolsOptions } from "../../src/tools/tools.ts";
import { cannedHttp } from "../fakes.ts";

const archive = "https://registry.test/manager/-/manager-1.0.0.tgz";
const limits = { seconds: 20, megabytes: 256 };
const desk = await mkdtemp(join(tmpdir(), "steeplejack-test-program-"));
const marker = join(desk, "marker");
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rm(marker, { force: true });
});
afterAll(() => rm(desk, { recursive: true }));

/** Secrets and addresses that are asked for; `address` is this machine's own. */
const heard: string[] = [];
const server = createServer((request, response) => {
  heard.push(`${request.url} ${JSON.stringify(request.headers)}`);
  response.end("a secret of this machine");
});
let address = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

/** The archive of a program whose only file, `bin/manager.cjs`, is this script. */
async function packed(
  script: string,
  more: {
    readonly links?: Readonly<Record<string, string>>;
    readonly rename?: (path: string) => string;
  } = {},
): Promise<Buffer> {
  const folder = await mkdtemp(join(desk, "pack-"));
  const files: Record<string, string> = {
    "package/package.json": `{"name":"manager"}`,
    "package/bin/manager.cjs": script,
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const [path, target] of Object.entries(more.links ?? {})) await symlink(target, join(folder, path));
  const stream = create(
    {
      cwd: folder,
      gzip: true,
      portable: true,
      preservePaths: true,
      onWriteEntry: (entry) => {
        entry.path = more.rename?.(entry.path) ?? entry.path;
      },
    },
    ["package"],
  );
  return buffer(stream);
}

function programOf(body: Buffer): Program {
  const integrity = `sha512-${createHash("sha512").update(body).digest("base64")}`;
  return { name: "manager", version: "1.0.0", archive, integrity, entry: "bin/manager.cjs" };
}

function toolsWith(body: Buffer, options: Partial<ToolsOptions> = {}) {
  const http = cannedHttp({ [archive]: body });
  const tools = createTools({ http, ...options });
  closing.push(() => tools.close());
  return { tools, http };
}

/** Runs a script as a package manager would be run; gives the texts of `out` and of `lock`. */
async function run(
  script: string,
  order: Partial<ProgramRun> = {},
  { more = {}, options = {} }: { more?: object; options?: Partial<ToolsOptions> } = {},
) {
  const body = await packed(script);
  const { tools } = toolsWith(body, options);
  return tools.run(
    programOf(body),
    { args: [], files: {}, wanted: ["out", "lock"], ...order },
    { ...limits, ...more },
  );
}

/** A script that writes what an expression gives, or the code of what it throws. */
const telling = (expression: string) =>
  `(async () => { const fs = require("node:fs"); let out; try { out = String(await (${expression})); } catch (error) { out = "refused: " + (error.cause ?? error).code; } fs.writeFileSync("out", out); })();`;

describe("a program of an archive", () => {
  it("runs in a folder with the files that it is given, and what it writes there is given back", async () => {
    const script = `const fs = require("node:fs"); fs.writeFileSync("lock", fs.readFileSync("a/package.json", "utf8") + process.argv.slice(2).join(" ") + fs.readdirSync(".").join());`;
    expect(await run(script, { args: ["install", "--lock"], files: { "a/package.json": "{}\n" } })).toEqual({
      lock: "{}\ninstall --locka",
    });
  });

  it("ends in an error with what it said last", async () => {
    const failure = run(`console.log("Resolving"); console.error("no version of a fits"); process.exit(3);`);
    await expect(failure).rejects.toMatchObject({
      name: "ProgramError",
      message: "manager 1.0.0 ended with 3",
    });
    await expect(failure).rejects.toMatchObject({
      output: expect.stringMatching(
        /Resolving[\s\S]*no version of a fits|no version of a fits[\s\S]*Resolving/,
      ),
    });
  });

  it("does not tell where it ran, which is another place each time", async () => {
    const script = `console.log("in " + process.cwd() + ": " + process.cwd() + "/a/package.json is broken"); process.exit(1);`;
    await expect(run(script)).rejects.toMatchObject({
      output: "in the project: a/package.json is broken\n",
    });
  });

  it("ends in an error where it says that it failed, though it ends well", async () => {
    const script = `console.log("warn: starting over");`;
    await expect(run(script, { failsAt: /starting over/ })).rejects.toMatchObject({
      name: "ProgramError",
      message: "manager 1.0.0 did not do what it was asked",
      output: "warn: starting over\n",
    });
  });

  it("is ended when it takes too long, with its threads", async () => {
    const script = `new (require("node:worker_threads").Worker)("for (;;);", { eval: true });`;
    await expect(run(script, {}, { more: { seconds: 1 } })).rejects.toThrow("a limit of 1 seconds");
  });

  it.each([
    ["another process", `require("node:child_process").execFileSync("touch", [${JSON.stringify(marker)}])`],
    ["a shell", `require("node:child_process").execSync("touch ${marker}")`],
    [
      "another process from a thread",
      `new Promise((resolve, reject) => new (require("node:worker_threads").Worker)(${JSON.stringify(
        `require("node:child_process").execFileSync("touch", [${JSON.stringify(marker)}])`,
      )}, { eval: true }).on("error", reject).on("exit", resolve))`,
    ],
    ["use of native code", `process.dlopen({ exports: {} }, "/evil.node")`, "ERR_DLOPEN_DISABLED"],
    ["a file elsewhere", `fs.writeFileSync(${JSON.stringify(marker)}, "")`],
    ["a file above", `fs.writeFileSync("../../marker", "")`],
  ])("cannot make %s", async (_, expression, code = "ERR_ACCESS_DENIED") => {
    expect(await run(telling(expression))).toEqual({ out: `refused: ${code}` });
    expect(existsSync(marker)).toBe(false);
  });

  it("has what Node compiled of it kept, where no other program can write", async () => {
    const compiled = await mkdtemp(join(desk, "compiled-"));
    const options = { compiled, programs: join(desk, "programs") };
    const elsewhere = JSON.stringify(join(compiled, "other"));
    expect(await run(telling(`fs.writeFileSync(${elsewhere}, "")`), {}, { options })).toEqual({
      out: "refused: ERR_ACCESS_DENIED",
    });
    const [own] = await readdir(compiled);
    expect(own).toMatch(/^manager-1\.0\.0-/);
    expect(await readdir(join(compiled, own ?? ""), { recursive: true })).not.toEqual([]);
  });

  it("makes no links, and believes that it did", async () => {
    const script = telling(
      `(fs.symlinkSync("/etc", "one"), await fs.promises.symlink("/etc", "two"), fs.existsSync("one") || fs.existsSync("two"))`,
    );
    expect(await run(script)).toEqual({ out: "false" });
  });

  it("may ask for durability, dates and owners, and is told that it is done", async () => {
    const script = `(async () => {
      const fs = require("node:fs");
      const handle = await fs.promises.open("out", "w");
      await handle.chown(0, 0);
      await handle.chmod(0o600);
      await handle.utimes(1, 1);
      await handle.sync();
      await handle.datasync();
      await handle.writeFile("done");
      await handle.close();
      const fd = fs.openSync("lock", "w");
      fs.fsyncSync(fd);
      fs.futimesSync(fd, 1, 1);
      await require("node:util").promisify(fs.fchown)(fd, 0, 0);
      fs.writeSync(fd, "done too");
    })();`;
    expect(await run(script)).toEqual({ out: "done", lock: "done too" });
  });

  it("may be of some years ago, and call what Node no longer has, in its threads too", async () => {
    const writing = `const { writeBuffers, FSReqCallback } = process.binding("fs");
    const fs = require("node:fs");
    const request = new FSReqCallback();
    request.oncomplete = (error, written) =>
      fs.writeFileSync("out", [error, written, require("node:util").isDate(new Date())].join());
    writeBuffers(fs.openSync("lock", "w"), [Buffer.from("one "), Buffer.from("two")], null, request);`;
    const inThread = `new (require("node:worker_threads").Worker)(${JSON.stringify(writing)}, { eval: true });`;
    const written = { out: ",7,true", lock: "one two" };
    expect([await run(writing), await run(inThread)]).toEqual([written, written]);
  });

  it.each(["spawn_sync", "natives"])("cannot reach Node's own code by the binding %s", async (name) => {
    expect(await run(telling(`process.binding("${name}")`))).toEqual({ out: "refused: ERR_ACCESS_DENIED" });
  });

  it("may write to modules that the permission model freezes", async () => {
    const script = telling(
      `(Object.create(require("path").posix).resolve = 1, require("path").more = 1, require("node:path").more)`,
    );
    expect(await run(`"use strict"; ${script}`)).toEqual({ out: "1" });
  });

  it("sees of the environment what it is given and how to reach the network, and an empty home", async () => {
    process.env["STEEPLEJACK_TEST_SECRET"] = "secret";
    const script = telling(
      `Object.keys(process.env).filter((name) => !/proxy|CA_CERTS/i.test(name)).sort().join() + " " + fs.readdirSync(process.env.HOME).join()`,
    );
    const { out } = await run(script, { environment: { MANAGER_SCRIPTS: "0" } });
    expect(out).toBe(
      "CI,HOME,MANAGER_SCRIPTS,NODE_OPTIONS,TMPDIR,XDG_CACHE_HOME,XDG_CONFIG_HOME,XDG_DATA_HOME,XDG_STATE_HOME tmp",
    );
  });

  it.each([
    ["a text", "body, { eval: true }"],
    ["a file", `(fs.writeFileSync("thread.cjs", body), require("node:path").resolve("thread.cjs"))`],
  ])("cannot reach private addresses from a thread of %s", async (_, thread) => {
    const body = `require("node:http").get(${JSON.stringify(address)}, () => { throw new Error("reached"); })`;
    const script = telling(
      `new Promise((resolve, reject) => { const body = ${JSON.stringify(body)}; new (require("node:worker_threads").Worker)(${thread}).on("error", reject).on("exit", resolve); })`,
    );
    const trusting = { options: { trustedHosts: [new URL(address).host] } };
    expect(await run(script, {}, trusting)).toEqual({ out: "refused: EPRIVATE" });
    expect(heard).toEqual([]);
  });

  it("cannot reach private addresses, but those that the operator trusts", async () => {
    const asking = () => telling(`fetch(${JSON.stringify(address)}).then((answer) => answer.text())`);
    expect(await run(asking())).toEqual({ out: "refused: EPRIVATE" });
    expect(heard).toEqual([]);
    const trusting = { options: { trustedHosts: [new URL(address).host] } };
    expect(await run(asking(), {}, trusting)).toEqual({ out: "a secret of this machine" });
  });

  it("may keep what it downloads in the caches it is given, and nothing outlives it elsewhere", async () => {
    const cache = await mkdtemp(join(desk, "cache-"));
    const script = `const fs = require("node:fs"); fs.writeFileSync(process.argv[2] + "/kept", ""); fs.writeFileSync("out", process.cwd());`;
    const { out = "" } = await run(script, { args: [cache] }, { options: { caches: [cache] } });
    expect(await readdir(cache)).toEqual(["kept"]);
    expect(existsSync(out)).toBe(false);
  });

  it("is given no file outside of its folder", async () => {
    await expect(run("", { files: { "../evil": "" } })).rejects.toThrow("../evil leads out of the folder");
  });
});

describe("the archive of a program", () => {
  it("is fetched once, however many ask for it at the same time, and kept for the next", async () => {
    const programs = await mkdtemp(join(desk, "programs-"));
    const body = await packed(`require("node:fs").writeFileSync("out", "ran")`);
    const order = { args: [], files: {}, wanted: ["out"] };
    const { tools, http } = toolsWith(body, { programs });
    const results = await Promise.all(
      Array.from({ length: 4 }, () => tools.run(programOf(body), order, limits)),
    );
    expect(results).toEqual(Array.from({ length: 4 }, () => ({ out: "ran" })));
    expect(http.asked).toEqual([archive]);

    const later = toolsWith(body, { programs });
    expect(await later.tools.run(programOf(body), order, limits)).toEqual({ out: "ran" });
    expect(later.http.asked).toEqual([]);
  });

  it("that is not what the registry describes is refused, and asked for again the next time", async () => {
    const [described, served] = [await packed("1"), await packed("2")];
    const { tools, http } = toolsWith(served);
    const order = { args: [], files: {}, wanted: [] };
    const twice = [1, 2].map(() => () => tools.run(programOf(described), order, limits));
    for (const attempt of twice)
      await expect(attempt()).rejects.toThrow(
        "the archive of manager@1.0.0 is not the one that the registry describes",
      );
    expect(http.asked).toEqual([archive, archive]);
  });

  it.each(["sha1-AAAA", "md5-AAAA", "", "sha512-"])("with the digest %j is refused", async (integrity) => {
    const body = await packed("");
    const { tools } = toolsWith(body);
    const asked = tools.run({ ...programOf(body), integrity }, { args: [], files: {}, wanted: [] }, limits);
    await expect(asked).rejects.toThrow("has no digest that can be checked");
  });

  it("is unpacked without its links", async () => {
    const programs = await mkdtemp(join(desk, "programs-"));
    const body = await packed("", {
      links: { "package/out": "/etc", "package/bin/more.cjs": "manager.cjs" },
    });
    const { tools } = toolsWith(body, { programs });
    await tools.run(programOf(body), { args: [], files: {}, wanted: [] }, limits);
    expect(
      (await readdir(programs, { recursive: true })).map((path) => path.replace(/^[^/]+\/?/, "")).toSorted(),
    ).toEqual(["", "bin", "bin/manager.cjs", "package.json"]);
  });

  it("that has paths leading out of it is refused", async () => {
    const programs = await mkdtemp(join(desk, "programs-"));
    const body = await packed("evil", {
      rename: (path) => (path.endsWith("manager.cjs") ? "package/../../../marker" : path),
    });
    const { tools } = toolsWith(body, { programs });
    const asked = tools.run(programOf(body), { args: [], files: {}, wanted: [] }, limits);
    await expect(asked).rejects.toThrow(/path contains '\.\.'/);
    expect(existsSync(marker)).toBe(false);
  });

  it("that nobody has is told by its address", async () => {
    const body = await packed("");
    const tools = createTools({ http: cannedHttp({ [archive]: undefined }) });
    closing.push(() => tools.close());
    const asked = tools.run(programOf(body), { args: [], files: {}, wanted: [] }, limits);
    await expect(asked).rejects.toThrow(`manager@1.0.0 is not at ${archive}`);
  });
});
