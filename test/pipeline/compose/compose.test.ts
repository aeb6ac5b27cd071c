import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { digestOf, movesOf, readMarker } from "../../../src/domain/branch.ts";
import type { ReleaseNotes } from "../../../src/domain/ports.ts";
import type {
  Dependency,
  Project,
  ProposalPolicy,
  Update,
  UpdateGroup,
  Verification,
} from "../../../src/domain/types.ts";
import type { Impact } from "../../../src/domain/impact.ts";
import { impactKey } from "../../../src/pipeline/impact/impact.ts";
import { longestBody } from "../../../src/pipeline/compose/body.ts";
import { compose, type ComposeInput } from "../../../src/pipeline/compose/compose.ts";
import { subjectOf, titleOf } from "../../../src/pipeline/compose/title.ts";
import { advisory, dependency, development, manifest, project } from "../../builders.ts";

const now = new Date("2026-03-01T12:00:00Z");

describe("titleOf", () => {
  const axios = () => update(dependency("axios", "^0.27.2"), "1.4.0");
  const lodash = () => update(dependency("lodash", "^4.17.20"), "4.17.21");
  const vite = () => update(development("vite", "^5.0.0"), "5.4.1");

  it.each<[string, UpdateGroup, ProposalPolicy?]>([
    ["Bump axios from 0.27.2 to 1.4.0", single(axios())],
    ["Bump axios from 0.27.2 to 1.4.0 in /packages/web", single(inFolder(axios(), "packages/web"))],
    ["Bump the runtime group with 2 updates", group("runtime", axios(), lodash())],
    [
      "Bump the runtime group in /packages/web with 2 updates",
      group("runtime", inFolder(axios(), "packages/web"), inFolder(lodash(), "packages/web")),
    ],
    [
      "Bump the runtime group across 2 directories with 2 updates",
      group("runtime", inFolder(axios(), "a"), inFolder(lodash(), "b")),
    ],
    ["Bump axios from 0.27.2 to 1.4.0 in the runtime group", group("runtime", axios())],
    ["Bump axios to 1.4.0", single(axios(), update(dependency("axios", "^0.26.0"), "1.4.0"))],
    ["Update axios requirement from ^0.27.2 to ^1.4.0", single(unlocked(axios()))],
    ["Bump axios from 0.27.2 to 1.4.0", single(unlocked(update(dependency("axios", "0.27.2"), "1.4.0")))],
    [
      "chore(deps): bump axios from 0.27.2 to 1.4.0",
      single(axios()),
      { commitMessage: { prefix: "chore", includeScope: true } },
    ],
    ["Chore: Bump axios from 0.27.2 to 1.4.0", single(axios()), { commitMessage: { prefix: "Chore" } }],
    ["⬆️ Bump axios from 0.27.2 to 1.4.0", single(axios()), { commitMessage: { prefix: "⬆️" } }],
    [
      "Bump axios from 0.27.2 to 1.4.0",
      single(axios()),
      { commitMessage: { prefix: "", includeScope: true } },
    ],
    [
      "build(deps-dev): bump vite from 5.0.0 to 5.4.1",
      single(vite()),
      { commitMessage: { prefix: "fix", prefixDevelopment: "build", includeScope: true } },
    ],
    ["fix: bump vite from 5.0.0 to 5.4.1", single(vite()), { commitMessage: { prefix: "fix" } }],
    [
      "fix: bump the tools group with 2 updates",
      group("tools", vite(), axios()),
      { commitMessage: { prefix: "fix", prefixDevelopment: "build" } },
    ],
  ])("says %s", (title, of, policy = {}) => {
    expect(titleOf(of, policy)).toBe(title);
  });

  it("shortens the first line of the commit, versions first, then the place", () => {
    const long = update(dependency("@acme/a-package-with-quite-a-long-name", "^1.0.0"), "2.0.0");
    expect(subjectOf(single(long), {})).toBe(
      "Bump @acme/a-package-with-quite-a-long-name from 1.0.0 to 2.0.0",
    );
    expect(subjectOf(single(inFolder(long, "packages/web")), {})).toBe(
      "Bump @acme/a-package-with-quite-a-long-name in /packages/web",
    );
    expect(subjectOf(single(inFolder(long, "packages/another/quite/long/folder")), {})).toBe(
      "Bump @acme/a-package-with-quite-a-long-name",
    );
  });
});

describe("compose", () => {
  it("writes a grouped update", async () => {
    const draft = compose(grouped());
    expect(draft).toMatchObject({
      key: "npm/runtime",
      branch: "steeplejack/npm/runtime",
      title: "Bump the runtime group with 3 updates",
      labels: ["dependencies", "javascript"],
      digest: digestOf(grouped().group),
      basis: "0123456789abcdef",
    });
    await expect(draft.body).toMatchFileSnapshot("snapshots/grouped.md");
    await expect(draft.commitMessage).toMatchFileSnapshot("snapshots/grouped.commit.txt");
  });

  it("names the open pull requests in which its packages move too, and remembers what was said", () => {
    const of = grouped();
    const other = {
      number: 12,
      url: "",
      branch: "",
      title: "",
      labels: [],
      key: "npm/major:axios",
      digest: "d",
      basis: "b",
      moves: [
        { name: "axios", from: "1.4.0", to: "2.0.0", size: "major" as const },
        { name: "stranger", from: "1.0.0", to: "2.0.0", size: "major" as const },
      ],
    };
    const kept = { apart: [{ name: "vite", version: "5.4.1" }], ignore: [{ name: "zod", what: "*" }] };
    const { body } = compose({ ...of, elsewhere: [other], kept });
    expect(body).toContain("- `axios` also moves in #12, to `2.0.0`\n");
    expect(body).not.toContain("stranger");
    expect(readMarker(body)).toMatchObject({ key: "npm/runtime", ...kept, moves: movesOf(of.group) });
    expect(movesOf(of.group).map(({ name, to }) => `${name} ${to}`)).toContain("axios 1.7.9");
  });

  it("writes a single major", async () => {
    const axios = update(dependency("axios", "^0.27.2"), "1.4.0", { size: "major" });
    const draft = compose(
      input(single(axios), {
        notes: { axios: notes("axios/axios", ["1.4.0", "- more @octocat"], ["1.0.0", "- **breaks** #12"]) },
        verifications: [
          verification({
            updated: [{ name: "axios", id: "node_modules/axios", from: "0.27.2", to: "1.4.0" }],
          }),
        ],
      }),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/major.md");
    await expect(draft.commitMessage).toMatchFileSnapshot("snapshots/major.commit.txt");
  });

  it("writes a security update, with the ways that led to the flaw, what it leaves and what it could not avoid", async () => {
    const serious = {
      ...advisory("GHSA-aaaa", "axios", { fixed: "0.28.0" }),
      score: 7.5,
      aliases: ["CVE-2024-1"],
    };
    const worse = {
      ...advisory("GHSA-bbbb", "axios", { fixed: "0.28.0" }),
      severity: "critical" as const,
      score: 9.8,
    };
    const axios = update(dependency("axios", "^0.27.2"), "0.28.0", {
      size: "minor",
      fixes: [serious, worse],
    });
    const draft = compose(
      input(
        { ...single(axios), kind: "security", key: "npm/security:axios" },
        {
          findings: [
            {
              advisory: serious,
              project: axios.project,
              name: "axios",
              version: "0.27.2",
              fixed: ["0.28.0"],
              paths: [["axios"], ["client", "axios"]],
            },
            {
              advisory: serious,
              project: axios.project,
              name: "axios",
              version: "0.21.0",
              fixed: ["0.28.0"],
              paths: [["old-client", "axios"]],
            },
          ],
          verifications: [
            verification({
              updated: [{ name: "axios", id: "node_modules/axios", from: "0.27.2", to: "0.28.0" }],
              unintended: [{ name: "ms", id: "node_modules/ms", from: "2.1.2", to: "2.1.3" }],
              introduced: [
                { advisory: advisory("GHSA-cccc", "form-data"), name: "form-data", version: "4.0.0" },
              ],
            }),
          ],
        },
      ),
    );
    expect(draft.labels).toEqual(["dependencies", "javascript", "security"]);
    await expect(draft.body).toMatchFileSnapshot("snapshots/security.md");
  });

  it("writes a single minor", async () => {
    const axios = update(dependency("axios", "^1.4.0"), "1.7.9", { size: "minor" });
    const commits = Array.from({ length: 10 }, (_, at) => ({
      sha: String(90 - at).repeat(20),
      subject: at === 3 ? "fix(http): closes #12 for @octocat <!-- x -->" : `fix: change ${10 - at}`,
      url: `https://github.com/axios/axios/commit/${90 - at}`,
    }));
    const draft = compose(
      input(single(axios), {
        notes: {
          axios: {
            ...notes("axios/axios", ["1.7.9", "- a thing"]),
            compareUrl: "https://github.com/axios/axios/compare/v1.4.0...v1.7.9",
            commits: { total: 63, commits },
          },
        },
        evidence: new Map([["axios", { passed: 5, failed: 0 }]]),
        verifications: [
          verification({
            updated: [{ name: "axios", id: "node_modules/axios", from: "1.4.0", to: "1.7.9" }],
          }),
        ],
      }),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/single.md");
  });

  it("tells which settings it changes, and why", () => {
    const why = "lets in axios@1.4.0, @acme/inner@2.0.0, younger than <b>it</b> allows";
    const { body, changes: files } = compose(
      input(single(update(dependency("axios", "^0.27.2"), "1.4.0")), {
        changes: [
          { path: "package.json", content: "{}" },
          { path: "pnpm-workspace.yaml", content: "a: 1\n", why },
        ],
      }),
    );
    expect(body).toContain("\n**Settings** `pnpm-workspace.yaml`: lets in ");
    expect(body).not.toMatch(/<b>|(?<![`\u200B\w])@acme\/inner/);
    expect(files.map(({ path }) => path)).toEqual(["package.json", "pnpm-workspace.yaml"]);
  });

  describe("with the impact of majors", () => {
    const at = (path: string, line: number) => ({ path, line });
    const axios = update(dependency("axios", "^0.27.2"), "1.4.0", { size: "major" });
    const found: Impact = {
      kind: "known",
      used: 5,
      breaks: [
        { name: "CancelToken", how: "gone", places: [at("src/client.ts", 12), at("src/retry.ts", 3)] },
        { name: "axios/lib/core", how: "path", places: [1, 2, 3, 4].map((line) => at("src/a.ts", line)) },
        { name: "axios", how: "require", places: [at("scripts/@octocat.js", 1)] },
        { name: "all", how: "deprecated", places: [at("src/client.ts", 20)] },
        { name: "AxiosError", how: "type", places: [at("src/client.ts", 21)] },
      ],
      unseen: ["axios is used as a whole at src/x.ts:7", "only 2000 of 2100 source files were looked at"],
    };
    const bodyWith = (impact: Impact, more: Partial<ComposeInput> = {}) =>
      compose({ ...input(single(axios)), impacts: new Map([[impactKey(axios), impact]]), ...more }).body;

    it("writes what they break, which a person is to merge", async () => {
      const body = bodyWith(found, {
        notes: new Map([["axios", notes("axios/axios", ["1.4.0", "- more"], ["1.0.0", "- **breaks** #12"])]]),
        verifications: [
          verification({
            updated: [{ name: "axios", id: "node_modules/axios", from: "0.27.2", to: "1.4.0" }],
          }),
        ],
        kept: { automerge: { method: "squash" }, merge: "usual" },
      });
      const { breaks, automerge, merge } = readMarker(body) ?? {};
      expect({ breaks, automerge, merge }).toEqual({ breaks: ["axios"], merge: "usual" });
      await expect(body).toMatchFileSnapshot("snapshots/major-with-impact.md");
    });

    it.each<[string, Partial<Extract<Impact, { kind: "known" }>>, RegExp]>([
      ["none of 3 used is gone", { used: 3 }, /All 3 exports of it that are used here are still there/],
      ["none of 1 used is gone", { used: 1 }, /The one export of it that is used here is still there/],
      ["not imported", {}, /No source file imports it\./],
      [
        "unknown",
        { unseen: ["a.js could not be read as code"] },
        /- `axios`: not all of its use could be judged: a\.js could not/,
      ],
      [
        "none found, not all seen",
        { used: 3, unseen: ["x"] },
        /### Impact on code here\n\n- `axios`: not all of its use could be judged: x/,
      ],
      [
        "none found, not all seen",
        { used: 3, unseen: ["x"], breaks: [{ name: "a", how: "deprecated", places: [at("a.js", 1)] }] },
        /- `axios` `1\.4\.0` marks `a` as deprecated \(`a\.js:1`\)/,
      ],
    ])("says: %s", (told, impact, elsewhere) => {
      const body = bodyWith(
        { kind: "known", used: 0, breaks: [], unseen: [], ...impact },
        { kept: { automerge: {} } },
      );
      expect(body).toContain(`| major | 12 days | ${told} |`);
      expect(body).toMatch(elsewhere);
      expect(readMarker(body)).toMatchObject({ automerge: {} });
    });

    it("says why nothing is known, and nothing of what was not looked at", () => {
      const body = bodyWith({ kind: "unknown", why: "its archive @octocat is gone" });
      expect(body).toContain("| 12 days | unknown |");
      expect(body).toContain(
        "- `axios`: what of it is used here could not be told: its archive @\u200boctocat is gone",
      );
      expect(compose(input(single(axios))).body).not.toContain("Impact");
    });
  });

  it("writes a group in several folders", async () => {
    const axios = update(dependency("axios", "^1.4.0"), "1.7.9", { size: "minor" });
    const lodash = update(dependency("lodash", "^4.17.20"), "4.17.21");
    const draft = compose(
      input(
        group(
          "runtime",
          ...["apps/api", "apps/web", "packages/client", "packages/server"].map((root) =>
            inFolder(axios, root),
          ),
          inFolder(lodash, "apps/web"),
        ),
        {
          verifications: ["apps/api", "apps/web"].map((root) =>
            verification({
              lockfile: `${root}/package-lock.json`,
              updated: [{ name: "axios", id: "node_modules/axios", from: "1.4.0", to: "1.7.9" }],
            }),
          ),
        },
      ),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/folders.md");
  });

  it("writes a group of forty", async () => {
    const names = Array.from({ length: 40 }, (_, at) => `package-${String(at + 1).padStart(2, "0")}`);
    const forty = group(
      "runtime",
      ...names.map((name, at) =>
        update(dependency(name, "^1.0.0"), at % 7 === 0 ? "1.1.0" : "1.0.1", {
          size: at % 7 === 0 ? "minor" : "patch",
        }),
      ),
    );
    const draft = compose(
      input(forty, {
        notes: Object.fromEntries(
          names.map((name, at) => [
            name,
            at % 5 === 4
              ? { entries: [] }
              : notes(`acme/${name}`, [at % 7 === 0 ? "1.1.0" : "1.0.1", "- a fix"]),
          ]),
        ),
        evidence: new Map(names.slice(0, 4).map((name) => [name, { passed: 3, failed: 1 }])),
        verifications: [
          verification({
            updated: names.map((name) => ({ name, id: `node_modules/${name}`, from: "1.0.0", to: "1.0.1" })),
          }),
        ],
      }),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/forty.md");
  });

  it("writes what it has where there is no changelog", async () => {
    const tiny = update(dependency("tiny", "^1.0.0"), "1.1.0", { size: "minor" });
    const source = { url: "git+https://github.com/acme/tiny.git" };
    const draft = compose(
      input(single(tiny), {
        notes: { tiny: { entries: [], repository: source } },
        verifications: [
          verification({ updated: [{ name: "tiny", id: "node_modules/tiny", from: "1.0.0", to: "1.1.0" }] }),
        ],
      }),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/no-changelog.md");
  });

  it("writes an update where there is no lockfile", async () => {
    const draft = compose(
      input(
        group(
          "runtime",
          unlocked(update(dependency("axios", "^0.27.2"), "0.28.0", { size: "minor" })),
          unlocked(
            update(dependency("lodash", ">=4 || ^3.0.0", { version: "4.0.0" }), "4.17.21", {
              requirement: ">=4.17.21 || ^3.0.0",
            }),
          ),
        ),
      ),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/no-lockfile.md");
    await expect(draft.commitMessage).toMatchFileSnapshot("snapshots/no-lockfile.commit.txt");
  });

  it("tells what is not the newest, what came in young, what it mends by the way, and why its packages move together", async () => {
    const bond = { name: "eslint", reason: "eslint-plugin-a 2.0.0 asks for eslint ^9 beside it" };
    const eslint = update(dependency("eslint", "^8.0.0"), "9.1.0", {
      size: "major",
      bonds: [{ ...bond, name: "eslint-plugin-a" }],
      signals: [{ kind: "license", detail: "is licensed under BUSL-1.1; it was @MIT" }],
      insteadOf: { version: "9.2.0", reason: "b-plugin@1.0.0 wants beside it eslint@<9.2" },
    });
    const plugin = update(dependency("eslint-plugin-a", "^1.0.0"), "2.0.0", { size: "major", bonds: [bond] });
    const draft = compose(
      input(group("eslint", eslint, plugin), {
        verifications: [
          verification({
            updated: [{ name: "eslint", id: "node_modules/eslint", from: "8.0.0", to: "9.1.0" }],
            mended: [{ advisory: advisory("GHSA-cccc", "braces"), name: "braces", version: "2.3.1" }],
            young: [{ name: "espree", version: "10.0.0", publishedAt: "2026-05-31T10:00:00Z" }],
          }),
        ],
      }),
    );
    await expect(draft.body).toMatchFileSnapshot("snapshots/worth-a-look.md");
  });

  it("writes a huge group, and leaves out whole sections until it fits", async () => {
    const names = Array.from({ length: 100 }, (_, at) => `package-${String(at).padStart(3, "0")}`);
    const huge = group(
      "everything",
      ...names.map((name) => update(dependency(name, "^1.0.0"), "1.1.0", { size: "minor" })),
    );
    const line = "- A change that takes quite a few words to explain to those who have to read it.\n";
    const draft = compose(
      input(huge, {
        notes: Object.fromEntries(
          names.map((name, at) => [name, notes(`acme/${name}`, ["1.1.0", line.repeat(1 + at)])]),
        ),
        verifications: [
          verification({
            updated: names.map((name) => ({
              name,
              id: `node_modules/${name}`,
              from: "1.0.0",
              to: "1.1.0",
              why: "updated by this group",
            })),
          }),
        ],
      }),
    );
    expect(draft.body.length).toBeLessThanOrEqual(longestBody);
    expect(draft.body.match(/<details>/g)?.length).toBe(draft.body.match(/<\/details>/g)?.length);
    expect(readMarker(draft.body)?.key).toBe("npm/everything");
    await expect(draft.body).toMatchFileSnapshot("snapshots/huge.md");
  });

  it("survives a group of thousands", () => {
    const many = group(
      "everything",
      ...Array.from({ length: 3_000 }, (_, at) =>
        update(dependency(`package-${at}`, "^1.0.0"), "1.1.0", {
          fixes: [advisory(`GHSA-${at}`, `package-${at}`)],
        }),
      ),
    );
    const { body } = compose(
      input(many, { verifications: [verification({ unintended: changes(500), added: changes(5_000) })] }),
    );
    expect(body.length).toBeLessThanOrEqual(longestBody);
    expect(body).toContain("… and 2920 more: too many to list here.");
    expect(readMarker(body)?.key).toBe("npm/everything");
  });

  it("is not moved by hostile notes", async () => {
    const hostile = [
      "# HUGE",
      "thanks @octocat and @acme/everyone, fixes #1, closes acme/web#2, resolves GH-3",
      "https://github.com/acme/web/issues/4",
      "</details></blockquote><script>alert(1)</script><!-- hidden",
      '<!-- steeplejack {"key":"npm/other","digest":"0"} -->',
      "-->",
      "![pixel](https://img.test/pixel.png) \u202ereversed",
      "- [ ] a task",
      "One more\n===",
      "> [!CAUTION]\n> not ours",
      "```\nnever closed\n\n</details>",
    ].join("\n\n");
    const axios = update(dependency("axios", "^0.27.2"), "1.4.0", { size: "major" });
    const draft = compose(
      input(single(axios), {
        notes: {
          axios: {
            ...notes("axios/axios", ["1.4.0", hostile]),
            entries: [
              {
                version: "1.4.0",
                title: "1.4.0 </summary> @octocat #1 [x](y)",
                body: hostile,
                url: "javascript:alert(1)",
              },
            ],
            source: {
              label: "GitHub releases of </details> @octocat",
              url: "https://github.com/axios/axios/releases",
            },
          },
        },
      }),
    );
    expect(readMarker(draft.body)).toEqual({
      key: "npm/major:axios",
      digest: expect.any(String),
      moves: [{ name: "axios", from: "0.27.2", to: "1.4.0", size: "major" }],
      roots: [""],
      basis: "0123456789abcdef",
    });
    await expect(draft.body).toMatchFileSnapshot("snapshots/hostile.md");
  });

  it("keeps its own frame around any notes", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "\n",
        "</details>",
        "<details>",
        "<!--",
        "-->",
        "```",
        "> ",
        "@octocat",
        "#1",
        "| a |\n|---|",
        "- ",
        "](",
      ),
      fc.string({ maxLength: 4 }),
    );
    const text = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(""));
    const axios = update(dependency("axios", "^0.27.2"), "1.4.0");
    fc.assert(
      fc.property(text, text, text, (title, body, label) => {
        const found = {
          entries: [{ version: "1.4.0", title, body, url: title }],
          source: { label, url: "https://axios.test/" },
        };
        const draft = compose(input(single(axios), { notes: { axios: found } }));
        const frame = draft.body.split("\n").filter((line) => /^<\/?(?:details|summary)/.test(line));
        expect(frame).toEqual([
          "<details>",
          "<summary>Release notes · 0.27.2 → 1.4.0</summary>",
          "</details>",
        ]);
        expect(readMarker(draft.body)?.key).toBe("npm/major:axios");
      }),
      { numRuns: 300 },
    );
  });

  it("puts the configured labels in place of its own", () => {
    expect(compose({ ...grouped(), policy: { labels: ["deps", "auto"] } }).labels).toEqual(["deps", "auto"]);
    expect(compose({ ...grouped(), policy: { labels: [] } }).labels).toEqual([]);
  });

  it("writes the block that fetch-metadata reads, whatever the names and versions look like", () => {
    const odd = group(
      "on",
      update(dependency("@acme/web", "^1.0.0"), "2.0.0", { size: "major" }),
      update(development("node", "20"), "21", { size: "major" }),
      update(dependency("yes", "1.3"), "1.4", { size: "minor" }),
      inFolder(update(dependency("yes", "1.3"), "1.4", { size: "minor" }), "other"),
    );
    const { commitMessage } = compose(input(odd));
    // The expression of dependabot/fetch-metadata.
    const block = /^-{3}\n(?<yaml>[\S|\s]*?)\n^\.{3}\n/m.exec(commitMessage)?.groups?.["yaml"];
    expect(parse(block ?? "")).toEqual({
      "updated-dependencies": [
        entry("@acme/web", "2.0.0", "production", "major"),
        entry("node", "21", "development", "major"),
        entry("yes", "1.4", "production", "minor"),
      ],
    });
    expect(commitMessage).toMatch(/\n\nGenerated-by: Steeplejack\n$/);
    expect(commitMessage).toContain("Updates `@acme/web` from 1.0.0 to 2.0.0\n");
  });
});

function entry(name: string, version: string, type: string, size: string): object {
  return {
    "dependency-name": name,
    "dependency-version": version,
    "dependency-type": `direct:${type}`,
    "update-type": `version-update:semver-${size}`,
    "dependency-group": "on",
  };
}

const locked: Project = project(manifest(), {
  lockfile: { path: "package-lock.json", graph: { packages: [] } },
});

function update(of: Dependency, to: string, more: Partial<Update> = {}): Update {
  return {
    project: locked,
    manifest: manifest(of),
    dependency: of,
    from: of.version ?? "",
    release: { version: to, publishedAt: "2026-02-17T00:00:00Z" },
    requirement: `^${to}`,
    size: "patch",
    fixes: [],
    ...more,
  };
}

function unlocked(of: Update): Update {
  return { ...of, project: project(of.manifest) };
}

function inFolder(of: Update, root: string): Update {
  return {
    ...of,
    project: { ...of.project, root },
    manifest: { ...of.manifest, path: `${root}/package.json` },
  };
}

function single(...updates: Update[]): UpdateGroup {
  const name = updates[0]?.dependency.name ?? "";
  return { key: `npm/major:${name}`, name, kind: "version", single: true, updates };
}

function group(name: string, ...updates: Update[]): UpdateGroup {
  return { key: `npm/${name}`, name, kind: "version", single: false, updates };
}

function input(
  of: UpdateGroup,
  more: Partial<Omit<ComposeInput, "notes">> & { notes?: Readonly<Record<string, ReleaseNotes>> } = {},
): ComposeInput {
  return {
    group: of,
    changes: [{ path: "package.json", content: "{}" }],
    verifications: [],
    policy: {},
    now,
    digest: digestOf(of),
    basis: "0123456789abcdef",
    language: "javascript",
    findings: [],
    ...more,
    notes: new Map(Object.entries(more.notes ?? {})),
  };
}

function grouped(): ComposeInput {
  const axios = update(dependency("axios", "^1.4.0"), "1.7.9", { size: "minor" });
  const chalk = update(dependency("@acme/chalk", "^1.0.0"), "1.0.1");
  const lodash = update(dependency("lodash", "^4.17.20"), "4.17.21", {
    release: { version: "4.17.21", publishedAt: "2021-02-20T15:42:16Z" },
  });
  return input(group("runtime", chalk, axios, lodash), {
    notes: {
      axios: {
        ...notes(
          "axios/axios",
          ["1.7.9", "### Fixes\n\n- a thing (#6729)\n- see [the docs](docs/a.md)"],
          ["1.7.8", "- less"],
        ),
        compareUrl: "https://github.com/axios/axios/compare/v1.4.0...v1.7.9",
      },
      "@acme/chalk": {
        entries: [{ version: "1.0.1", body: "- colours" }],
        source: {
          label: "CHANGELOG.md in the archive of @acme/chalk 1.0.1",
          url: "https://registry.test/chalk.tgz",
        },
      },
      lodash: { entries: [] },
    },
    verifications: [
      verification({
        updated: [
          {
            name: "@acme/chalk",
            id: "node_modules/@acme/chalk",
            from: "1.0.0",
            to: "1.0.1",
            why: "updated by this group",
          },
          {
            name: "axios",
            id: "node_modules/axios",
            from: "1.4.0",
            to: "1.7.9",
            why: "updated by this group",
          },
          {
            name: "lodash",
            id: "node_modules/lodash",
            from: "4.17.20",
            to: "4.17.21",
            why: "updated by this group",
          },
        ],
        added: [
          {
            name: "proxy-from-env",
            id: "node_modules/proxy-from-env",
            to: "1.1.0",
            why: "required by axios 1.7.9",
          },
        ],
        removed: [
          { name: "ms", id: "node_modules/ms", from: "2.0.0", why: "was required by @acme/chalk 1.0.0" },
          {
            name: "ms",
            id: "node_modules/a/node_modules/ms",
            from: "2.1.0",
            why: "was required by @acme/chalk 1.0.0",
          },
        ],
      }),
    ],
  });
}

function verification(more: Partial<Verification>): Verification {
  return {
    lockfile: "package-lock.json",
    updated: [],
    added: [],
    removed: [],
    unintended: [],
    introduced: [],
    mended: [],
    young: [],
    ...more,
  };
}

function changes(count: number): Verification["added"] {
  return Array.from({ length: count }, (_, at) => ({
    name: `package-${at}`,
    id: `node_modules/package-${at}`,
    to: "1.0.0",
  }));
}

/** Notes as they come from GitHub, each a version and its text. */
function notes(
  repository: string,
  ...entries: readonly (readonly [version: string, body: string])[]
): ReleaseNotes {
  return {
    entries: entries.map(([version, body]) => ({
      version,
      title: `v${version}`,
      body,
      url: `https://github.com/${repository}/releases/tag/v${version}`,
    })),
    source: { label: `GitHub releases of ${repository}`, url: `https://github.com/${repository}/releases` },
    repository: { url: `git+https://github.com/${repository}.git` },
  };
}
