import { afterEach, describe, expect, it } from "vitest";
import { locked } from "./files.ts";
import { type Cast, closeStages, start } from "./stage.ts";

const path = ".github/steeplejack.yml";

/** One dependency with a newer version, and a configuration. */
function cast(configuration?: string): Cast {
  const files = locked({ dependencies: { router: "^1.0.0" } }, { router: "1.0.0" });
  return {
    repositories: {
      "acme/web": { ...files, ...(configuration === undefined ? {} : { [path]: configuration }) },
    },
    packages: { router: { "1.0.0": {}, "1.2.0": {} } },
  };
}

const of = { owner: "acme", repo: "web" };

afterEach(closeStages);

describe("a configuration on GitHub", { timeout: 60_000 }, () => {
  async function open(configuration?: string) {
    const stage = await start(cast(configuration), {});
    const { octocat } = stage;
    return {
      ...stage,
      /** Opens a pull request that changes these files. */
      propose: async (files: Parameters<typeof stage.push>[0], branch = "change") => {
        await stage.push(files, branch);
        await octocat.pulls.create({ ...of, title: "Change", head: branch, base: "main" });
        await stage.idle();
      },
      checks: async (ref: string) => {
        const { data } = await octocat.checks.listForRef({
          ...of,
          ref,
          check_name: "Steeplejack configuration",
        });
        return Promise.all(
          data.check_runs.map(async ({ id, conclusion, output: { title, summary } }) => ({
            conclusion,
            title,
            summary,
            annotations: (await octocat.checks.listAnnotations({ ...of, check_run_id: id })).data.map(
              ({ path: file, start_line: line, annotation_level: level, message }) =>
                `${file}:${line} ${level}: ${message}`,
            ),
          })),
        );
      },
      issues: async () => {
        const { data } = await octocat.issues.listForRepo({ ...of, state: "all" });
        return data.filter((issue) => issue.pull_request === undefined);
      },
    };
  }

  it("is judged where a pull request changes it", async () => {
    const { install, propose, push, idle, checks } = await open();
    await install();
    await propose({ [path]: "cooldown: { default-days: 0 }\nlabls: []\n" });
    expect(await checks("change")).toEqual([
      {
        conclusion: "failure",
        title: ".github/steeplejack.yml cannot be obeyed",
        summary: expect.stringContaining(
          '- line 2, column 1: `there is no option "labls". Did you mean "labels"?`',
        ),
        annotations: [
          '.github/steeplejack.yml:2 failure: there is no option "labls". Did you mean "labels"?',
        ],
      },
    ]);

    await push({ [path]: 'ignore: [{ dependency-name: "angular*" }]\n' }, "change");
    await idle();
    expect(await checks("change")).toEqual([
      {
        conclusion: "success",
        title: ".github/steeplejack.yml is valid, with a warning",
        summary: expect.stringContaining(
          '| `ignore` | `[{"dependency-name":"angular*"}]` | `.github/steeplejack.yml:1` |',
        ),
        annotations: ['.github/steeplejack.yml:1 warning: "angular*" fits no dependency of this repository'],
      },
    ]);
  });

  it("is not asked about where a pull request leaves it alone", async () => {
    const { install, propose, checks } = await open("labels: [deps]\n");
    await install();
    await propose({ "README.md": "Hello.\n" });
    expect(await checks("change")).toEqual([]);
  });

  it("stays in force when a push breaks it; one issue says so, closed by the mend", async () => {
    const { install, push, rescan, pull, issues, octocat, registry, newWorker } =
      await open("labels: [deps]\n");
    await install();
    expect((await pull(1)).labels).toEqual(["deps"]);

    await push({ [path]: "labels: [deps\n" });
    await push({ [path]: "labels: 3\n", "other.txt": "" });
    registry.publish({ router: { "1.3.0": {} } });
    await newWorker();
    await rescan();
    expect(await pull(1)).toMatchObject({ labels: ["deps"], title: expect.stringContaining("1.3.0") });
    const [issue, ...others] = await issues();
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ state: "open", title: "Steeplejack cannot obey its configuration" });
    expect(issue?.body).toContain('`"labels" is 3: expected a list`');
    expect(issue?.body).toMatch(/the file as it was at [0-9a-f]{40} is obeyed/);

    await push({ [path]: "labels: []\n" });
    expect(await issues()).toMatchObject([{ state: "closed" }]);
    const { data: comments } = await octocat.issues.listComments({ ...of, issue_number: issue?.number ?? 0 });
    expect(comments.map(({ body }) => body)).toEqual([
      expect.stringMatching(/^The configuration can be obeyed again, as it is at [0-9a-f]{40}\.$/),
    ]);
  });

  it("has a branch that it names scanned when that moves, and no other", async () => {
    const { install, push, pulls, github, log } = await open();
    await github.push("acme/web", { files: { "next.txt": "" }, by: "octocat", branch: "next" });
    await push({
      [path]: "target-branch: next\nignore: [{ dependency-name: router, versions: ['>=1.1'] }]\n",
    });
    await install();
    expect(await pulls()).toEqual([]);
    const scans = log.told("scan finished").length;
    await push({ "package.json": '{ "dependencies": {} }', "package-lock.json": null }, "feature");
    expect(log.told("scan finished")).toHaveLength(scans);
    await push(
      { "package.json": '{ "dependencies": { "router": "^1.0.0" } }', "package-lock.json": null },
      "next",
    );
    expect(log.told("scan finished")).toHaveLength(scans + 1);
  });

  it("closes what is for a branch that it no longer names", async () => {
    const { install, push, pulls, github, octocat, idle } = await open();
    await github.push("acme/web", { files: { "next.txt": "" }, by: "octocat", branch: "next" });
    await push({ [path]: "target-branch: next\n" });
    await install();
    const [first = "", ...others] = await pulls();
    expect(others).toEqual([]);
    expect(first).toMatch(/^open #1 .*: Bump router from 1\.0\.0 to 1\.2\.0/);

    await push({ [path]: "" });
    await idle();
    expect(await pulls()).toEqual([
      first.replace("open", "closed"),
      "open #2 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
    ]);
    const { data } = await octocat.issues.listComments({ ...of, issue_number: 1 });
    expect(data.map(({ body }) => body)).toContain(
      "The configuration no longer names `next` as a `target-branch`.",
    );
  });

  it("stops everything where it never was valid, and an issue says so", async () => {
    const { install, pulls, issues } = await open("labels: 3\n");
    await install();
    expect(await pulls()).toEqual([]);
    expect((await issues()).map(({ body }) => body)).toEqual([
      expect.stringContaining("Nothing is proposed until it is mended."),
    ]);
  });
});

it(
  "is looked at anew in every repository when the organisation changes its own",
  { timeout: 60_000 },
  async () => {
    const { repositories, ...rest } = cast();
    const stage = await start(
      { ...rest, repositories: { ...repositories, "acme/.github": { [path]: "mode: report\n" } } },
      {},
    );
    await stage.install();
    expect(await stage.pulls()).toEqual([]);
    await stage.github.push("acme/.github", { files: { [path]: "mode: propose\n" }, by: "octocat" });
    await stage.idle();
    expect(await stage.pulls()).toEqual([expect.stringMatching(/^open #1 steeplejack\/npm\/runtime:/)]);
  },
);

it(
  "goes on with the organisation's last valid file, and without one that never was, and says so",
  { timeout: 60_000 },
  async () => {
    const { repositories, ...rest } = cast("extends: acme/presets//a.yml\n");
    const presets = {
      "acme/presets": { "a.yml": "labls: []\nignore: [{ dependency-name: router, versions: ['>=1.2'] }]\n" },
    };
    const stage = await start(
      {
        ...rest,
        repositories: { ...repositories, ...presets, "acme/.github": { [path]: "labels: [deps]\n" } },
      },
      {},
    );
    const issues = async (repo: string) =>
      (await stage.octocat.issues.listForRepo({ owner: "acme", repo, state: "all" })).data
        .filter((issue) => issue.pull_request === undefined)
        .map(({ state, body }) => `${state}: ${body}`);
    await stage.github.push("acme/.github", { files: { [path]: "labels: 3\n" }, by: "octocat" });
    await stage.install();
    expect(await stage.pulls()).toEqual([]);
    expect(await issues("web")).toEqual([
      expect.stringContaining("open: Steeplejack cannot obey `acme/presets//a.yml`"),
    ]);
    expect((await issues("web"))[0]).toContain("only what holds updates back is taken from it");
    expect(await issues(".github")).toEqual([expect.stringContaining('`"labels" is 3: expected a list`')]);

    await stage.push({ [path]: "extends: acme/presets//a.yml\nlabels: [own]\n" }, "change");
    await stage.octocat.pulls.create({ ...of, title: "Change", head: "change", base: "main" });
    await stage.idle();
    const { data } = await stage.octocat.checks.listForRef({ ...of, ref: "change" });
    expect(data.check_runs.map(({ conclusion, output }) => `${conclusion}: ${output.summary}`)).toEqual([
      expect.stringMatching(
        /^success: [^]*`acme\/presets\/\/a\.yml has faults: until it is mended, only what holds/,
      ),
    ]);

    await stage.github.push("acme/presets", { files: { "a.yml": "" }, by: "octocat" });
    await stage.newWorker();
    await stage.rescan();
    expect((await stage.pull(3)).labels).toEqual(["deps"]);
    expect((await issues("web"))[0]).toMatch(/^closed/);
  },
);

it("has what only a lockfile names brought up to date, where it says so", { timeout: 60_000 }, async () => {
  const installed = { router: "1.0.0", util: "1.0.0", strict: "1.0.0" };
  const asks = (range: string) => ({ dependencies: { util: "^1.0.0", strict: range } });
  const files = locked({ dependencies: { router: "^1.0.0" } }, installed, { router: asks("1.0.0") });
  const stage = await start(
    {
      repositories: {
        "acme/web": { ...files, [path]: "allow: [{ dependency-type: indirect }]\nlabels: [lock]\n" },
      },
      packages: {
        router: { "1.0.0": asks("1.0.0"), "1.2.0": asks("1.0.0") },
        util: { "1.0.0": {}, "1.3.0": {}, "2.0.0": {} },
        strict: { "1.0.0": {}, "1.1.0": {} },
      },
    },
    {},
  );
  await stage.install();
  expect(await stage.pulls()).toEqual([
    "open #1 steeplejack/npm/transitive: Bump util from 1.0.0 to 1.3.0 in the transitive group",
  ]);
  expect(stage.locks("steeplejack/npm/transitive")).toEqual({ ...installed, util: "1.3.0" });
  expect(stage.requires("steeplejack/npm/transitive")).toEqual({ router: "^1.0.0" });

  await stage.octocat.pulls.merge({ ...of, pull_number: 1 });
  await stage.idle();
  await stage.rescan();
  expect(await stage.pulls()).toHaveLength(1);
  expect(stage.log.problems()).toEqual([]);
  expect(stage.log.told("scan finished").at(-1)).toMatchObject({ waits: 1 });
});

describe("a repository without a configuration", { timeout: 60_000 }, () => {
  const open = (files: Cast["repositories"][string] = {}) => {
    const { repositories, ...rest } = cast();
    return start(
      { ...rest, repositories: { "acme/web": { ...repositories["acme/web"], ...files } }, onboarding: true },
      {},
    );
  };
  const offered = "open #1 steeplejack/configure: Configure Steeplejack";

  it("is offered one, with what would come, and nothing else until it is merged", async () => {
    const { install, rescan, pulls, pull, github, octocat, idle, registry, newWorker } = await open();
    await install();
    expect(await pulls()).toEqual([offered]);
    expect((await pull(1)).body).toMatchInlineSnapshot(`
      "Steeplejack found 1 dependency in 1 manifest, and no vulnerabilities among them.

      **Merge this** to let it begin with \`.github/steeplejack.yml\`, which you may change here first. Until then it opens nothing else.

      **Close this** to be left alone, until a configuration appears in the repository.

      With this file it would open 1 pull request, within its limit and its schedule:

      - Bump router from 1.0.0 to 1.2.0 in the runtime group

      Does another tool update this repository? Add \`mode: report\`: then nothing is opened, and what would be is in the log, until you have switched the other one off."
    `);
    expect(Object.keys(github.files("acme/web", "steeplejack/configure"))).toContain(path);

    registry.publish({ router: { "2.0.0": {} } });
    await newWorker();
    await rescan();
    expect(await pulls()).toEqual([offered]);
    expect((await pull(1)).body).toContain("- Bump router from 1.0.0 to 2.0.0");

    await octocat.pulls.merge({ ...of, pull_number: 1 });
    await idle();
    expect((await pulls()).slice(1)).toEqual([
      "open #2 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
      "open #3 steeplejack/npm/major-router: Bump router from 1.0.0 to 2.0.0",
    ]);
  });

  it("is left alone when it is closed, until a configuration appears", async () => {
    const { install, rescan, pulls, octocat, idle, push } = await open();
    await install();
    await octocat.pulls.update({ ...of, pull_number: 1, state: "closed" });
    await idle();
    await rescan();
    expect(await pulls()).toEqual([offered.replace("open", "closed")]);
    await push({ [path]: "" });
    expect((await pulls()).slice(1)).toEqual([
      "open #2 steeplejack/npm/runtime: Bump router from 1.0.0 to 1.2.0 in the runtime group",
    ]);
  });

  it("is told what is proposed with the file as a person changed it", async () => {
    const { install, push, rescan, newWorker, pull } = await open();
    await install();
    await push({ [path]: "ignore: [{ dependency-name: router }]\n" }, "steeplejack/configure");
    await newWorker();
    await rescan();
    expect((await pull(1)).body).toContain("Everything is up to date: nothing would be opened now.");
  });

  it("is offered what Renovate was told", async () => {
    const { install, github, pull } = await open({
      "renovate.json": '{ "labels": ["deps"], "branchPrefix": "x/" }',
    });
    await install();
    expect(github.files("acme/web", "steeplejack/configure")[path]).toContain("labels:\n  - deps\n");
    expect((await pull(1)).body).toContain("- `branchPrefix`: branches have names of their own");
  });

  it("goes on as before where it was served before", async () => {
    const { install, push, github, pulls } = await open({ [path]: "labels: [deps]\n" });
    await install();
    await push({ [path]: null });
    expect(Object.keys(github.branches("acme/web"))).not.toContain("steeplejack/configure");
    expect(await pulls()).toEqual([expect.stringMatching(/^open #1 steeplejack\/npm\//)]);
  });

  it("is offered nothing where there is nothing to update", async () => {
    const { install, pulls } = await open({ "package.json": "", "package-lock.json": "" });
    await install();
    expect(await pulls()).toEqual([]);
  });
});

describe("a repository in which Dependabot is at work", { timeout: 60_000 }, () => {
  const theirs = ".github/dependabot.yml";
  const said = `version: 2
updates:
  - { package-ecosystem: npm, directory: /, schedule: { interval: cron, cronjob: "* * * * *" } }
`;
  const open = async (more: Partial<Cast> = { onboarding: true }) => {
    const { repositories, ...rest } = cast();
    const files = { ...repositories["acme/web"], [theirs]: said };
    const others = more.repositories ?? {};
    const stage = await start({ ...rest, ...more, repositories: { "acme/web": files, ...others } }, {});
    const bump = async (branch: string, title: string) => {
      await stage.github.push("acme/web", { files: { [branch]: "" }, by: "octocat", branch });
      await stage.octocat.pulls.create({ ...of, title, head: branch, base: "main" });
    };
    return { ...stage, bump };
  };

  it("is offered the same in shadow, with what both would open, and nothing until people have handed over", async () => {
    const { bump, install, push, pulls, pull, github, octocat, idle } = await open();
    await bump("dependabot/npm_and_yarn/router-1.1.0", "Bump router from 1.0.0 to 1.1.0");
    await bump("dependabot/npm_and_yarn/gone-2.0.0", "chore(deps): bump gone from 1.0.0 to 2.0.0");
    await bump("feature", "Bump router from 1.0.0 to 9.9.9");
    await install();
    expect((await pulls()).slice(3)).toEqual(["open #4 steeplejack/configure: Configure Steeplejack"]);
    expect(github.files("acme/web", "steeplejack/configure")[path]).toMatchInlineSnapshot(`
      "# Made from .github/dependabot.yml. Delete that file when you are content with this one.

      # Opens nothing: what would be opened is in the dashboard issue and in the log. Without this line it begins.
      mode: report

      version: 2
      updates:
        - { package-ecosystem: npm, directory: /, schedule: { interval: cron, cronjob: "* * * * *" } }
      "
    `);
    expect((await pull(4)).body).toMatchInlineSnapshot(`
      "Steeplejack found 1 dependency in 1 manifest, and no vulnerabilities among them.

      Dependabot is told by \`.github/dependabot.yml\` to update this repository. \`.github/steeplejack.yml\` says the same and \`mode: report\`: nothing is opened with it, so that nothing comes twice. To hand over:

      1. **Merge this**, with the changes to the file that you like. Nothing is opened; the dashboard issue, or else the log, lists what would be.
      2. Compare that with what Dependabot opens, for as long as you like.
      3. When you are content, delete \`.github/dependabot.yml\` and the line \`mode: report\` of \`.github/steeplejack.yml\` in one commit: Steeplejack begins.
      4. Close what Dependabot still has open, and switch its security updates off in the settings of the repository.

      **Close this** to stay with Dependabot: the repository is left alone until there is a \`.github/steeplejack.yml\`.

      Without that line it would open 1 pull request, within its limit and its schedule.

      | Steeplejack would open | Dependabot has open |
      | --- | --- |
      | Bump router from 1.0.0 to 1.2.0 | #1 |

      Dependabot has open what Steeplejack would not propose now:

      - #2: gone is not among the dependencies that were found"
    `);

    await octocat.pulls.merge({ ...of, pull_number: 4 });
    await idle();
    expect(await pulls()).toHaveLength(4);
    const text = String(github.files("acme/web", "main")[path]);
    await push({ [theirs]: null, [path]: text.replace("mode: report", "") });
    expect((await pulls()).slice(4)).toEqual([
      "open #5 steeplejack/npm/single-router: Bump router from 1.0.0 to 1.2.0",
    ]);
  });

  it("begins when that is merged, where people took the shadow out of it, and is told so", async () => {
    const { install, push, pulls, pull, rescan, octocat, idle } = await open();
    await install();
    await push({ [path]: said, [theirs]: null }, "steeplejack/configure");
    await rescan();
    expect((await pull(1)).body).toContain(
      "**merge this**: Steeplejack begins at once, and Dependabot ends.",
    );
    await octocat.pulls.merge({ ...of, pull_number: 1 });
    await idle();
    expect((await pulls()).slice(1)).toEqual([expect.stringMatching(/^open #2 steeplejack\/npm\//)]);
  });

  it("is left alone when that is closed, until there is a file of ours", async () => {
    const { install, push, pulls, rescan, octocat, idle } = await open();
    await install();
    await octocat.pulls.update({ ...of, pull_number: 1, state: "closed" });
    await idle();
    await rescan();
    expect(await pulls()).toHaveLength(1);
    await push({ [path]: said });
    expect((await pulls()).slice(1)).toEqual([expect.stringMatching(/^open #2 steeplejack\/npm\//)]);
  });

  it("is served by its dependabot.yml at once, where nobody is to be asked", async () => {
    const { install, pulls } = await open({ onboarding: false });
    await install();
    expect(await pulls()).toEqual([expect.stringMatching(/^open #1 steeplejack\/npm\//)]);
  });

  it("is served by its dependabot.yml, where its organisation has said something", async () => {
    const { install, pulls } = await open({
      onboarding: true,
      repositories: { "acme/.github": { [path]: "labels: [ours]\n" } },
    });
    await install();
    expect(await pulls()).toEqual([expect.stringMatching(/^open #1 steeplejack\/npm\//)]);
  });

  it("waits where its dependabot.yml is faulty, and an issue says so", async () => {
    const { install, push, pulls, octocat } = await open();
    await push({ [theirs]: said.replace("version: 2", "version: 3") });
    await install();
    expect(await pulls()).toEqual([]);
    const { data } = await octocat.issues.listForRepo(of);
    expect(data.map(({ title }) => title)).toEqual(["Steeplejack cannot obey its configuration"]);
  });
});
