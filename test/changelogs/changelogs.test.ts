import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { changelogs } from "../../src/changelogs/index.ts";
import { HttpError, RateLimitError } from "../../src/domain/errors.ts";
import type { NotesRequest, ReleaseNotes } from "../../src/domain/ports.ts";
import { npmVersions } from "../../src/versions/semver.ts";
import { cannedHttp } from "../fakes.ts";
import { tarOf } from "./tar.ts";

const api = "https://api.test";
const tarball = "https://registry.test/web/-/web-1.2.0.tgz";
const published = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
const changelog = archive("## 1.2.0\n\n- from the archive\n\n## 1.1.0\n\n- old");

describe("changelogs", () => {
  it("tells exactly the releases above the one version, up to and with the other", async () => {
    const found = await notes(
      { [page("acme/web", 1)]: ["v1.3.0", "v1.2.0", "v1.1.0", "v1.0.0"].map((tag) => release(tag)) },
      asking({ from: "1.0.0", to: "1.2.0" }),
    );
    expect(found).toEqual({
      entries: [
        { version: "1.2.0", title: "v1.2.0", body: "notes of v1.2.0", url: "https://github.test/v1.2.0" },
        { version: "1.1.0", title: "v1.1.0", body: "notes of v1.1.0", url: "https://github.test/v1.1.0" },
      ],
      source: { label: "GitHub releases of acme/web", url: "https://github.com/acme/web/releases" },
      compareUrl: "https://github.com/acme/web/compare/v1.0.0...v1.2.0",
      repository: { url: "acme/web" },
    });
  });

  describe("with commits", () => {
    const tags = { [page("acme/web", 1)]: ["v1.2.0", "v1.1.0", "v1.0.0"].map((tag) => release(tag)) };
    const compared = `${api}/repos/acme/web/compare/v1.0.0...v1.2.0?per_page=100`;
    const commit = (nth: number) => ({
      sha: String(nth).padStart(40, "0"),
      html_url: `https://github.test/c/${nth}`,
      commit: { message: `change ${nth}\n\nat length` },
    });
    const commits = (count: number) => Array.from({ length: count }, (_, at) => commit(at + 1));
    const asked = { ...asking({ from: "1.0.0", to: "1.2.0" }), withCommits: true };
    const subjects = ({ commits: found }: ReleaseNotes) => found?.commits.map(({ subject }) => subject);

    it("tells those between the two tags, the newest ten, newest first", async () => {
      const found = await notes({ ...tags, [compared]: { total_commits: 12, commits: commits(12) } }, asked);
      expect(found.commits?.total).toBe(12);
      expect(subjects(found)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3].map((nth) => `change ${nth}`));
      expect(found.commits?.commits[0]).toEqual({
        sha: "0000000000000000000000000000000000000012",
        subject: "change 12",
        url: "https://github.test/c/12",
      });
    });

    it("asks for the newest where a page does not hold all", async () => {
      const latest = `${api}/repos/acme/web/commits?sha=v1.2.0&per_page=10`;
      const pages = { [compared]: { total_commits: 300, commits: commits(100) }, [latest]: [commit(300)] };
      const found = await notes({ ...tags, ...pages }, asked);
      expect([found.commits?.total, subjects(found)]).toEqual([300, ["change 300"]]);
    });

    it.each([
      ["GitHub does not answer", { [compared]: 502 }, asked],
      ["there is no such comparison", { [compared]: undefined }, asked],
      ["nobody asks", {}, { ...asked, withCommits: false }],
      [
        "others share its repository",
        {},
        { ...asking({ from: "1.0.0", to: "1.2.0", directory: "packages/web" }), withCommits: true },
      ],
    ])("has the notes alone where %s", async (_, pages, request) => {
      const found = await notes({ ...tags, ...pages }, request);
      expect(found.entries).toHaveLength(2);
      expect(found.commits).toBeUndefined();
    });
  });

  it.each([
    ["v1.2.0", {}],
    ["1.2.0", {}],
    ["release-1.2.0", {}],
    ["web@1.2.0", {}],
    ["@acme/web@1.2.0", { name: "@acme/web" }],
    ["web@1.2.0", { name: "@acme/web" }],
    ["web-v1.2.0", {}],
    ["web/v1.2.0", {}],
    ["packages/web/v1.2.0", { directory: "packages/web" }],
  ])("knows the tag %s", async (tag, more) => {
    const found = await notes({ [page("acme/web", 1)]: [release(tag)] }, asking(more));
    expect(found.entries.map(({ body }) => body)).toEqual([`notes of ${tag}`]);
  });

  it("never takes another package's releases in a repository of many", async () => {
    const tags = ["core@1.2.0", "v1.2.0", "v1.1.5", "v0.9.0", "web-core@1.2.0", "@other/web2@1.2.0"];
    const found = await notes(
      { [page("acme/tools", 1)]: tags.map((tag) => release(tag)), [tarball]: changelog },
      asking({ repository: "acme/tools", directory: "packages/web" }),
    );
    expect(found).toEqual({
      entries: [{ version: "1.2.0", body: "- from the archive" }],
      source: { label: "CHANGELOG.md in the archive of web 1.2.0", url: tarball },
      repository: { url: "acme/tools", directory: "packages/web" },
    });
  });

  it("prefers the tags that spell the whole name", async () => {
    const found = await notes(
      { [page("acme/tools", 1)]: ["web@1.2.0", "@acme/web@1.2.0", "v1.2.0"].map((tag) => release(tag)) },
      asking({ name: "@acme/web", repository: "acme/tools", directory: "packages/web" }),
    );
    expect(found.entries.map(({ body }) => body)).toEqual(["notes of @acme/web@1.2.0"]);
  });

  it("takes plain tags in a repository of many where all packages are released together", async () => {
    const found = await notes(
      { [page("acme/tools", 1)]: ["v1.3.0-rc.1", "v1.2.0", "v1.1.0", "v1.0.0"].map((tag) => release(tag)) },
      asking({ repository: "acme/tools", directory: "packages/web" }),
    );
    expect(found.entries.map(({ version }) => version)).toEqual(["1.2.0"]);
  });

  it("reads on, page by page, until the releases have gone below", async () => {
    const filler = (count: number) => Array.from({ length: count }, (_, at) => release(`other@2.0.${at}`));
    const http = cannedHttp({
      [page("acme/web", 1)]: [release("web@0.9.5"), ...filler(98), release("web@1.3.0")],
      [page("acme/web", 2)]: [release("web@1.2.0"), ...filler(98), release("web@1.1.0")],
      [page("acme/web", 3)]: [release("web@1.0.0"), ...filler(99)],
    });
    const found = await changelogs({ http, githubApi: api }).notesFor(asking({ from: "1.0.5" }));
    expect(found.entries.map(({ version }) => version)).toEqual(["1.2.0", "1.1.0"]);
    expect(http.asked).toEqual([page("acme/web", 1), page("acme/web", 2)]);
  });

  it("leaves drafts out, and releases that only point elsewhere to the changelog in the archive", async () => {
    const found = await notes(
      {
        [page("acme/web", 1)]: [
          release("v1.2.0", {
            body: "**Full Changelog**: https://github.com/acme/web/compare/v1.1.0...v1.2.0",
          }),
          release("v1.2.0", { body: "secret", draft: true }),
          release("v1.1.0", {
            body: "See [CHANGELOG.md](https://github.com/acme/web/blob/main/CHANGELOG.md) for details.",
          }),
        ],
        [tarball]: changelog,
      },
      asking(),
    );
    expect(found).toEqual({
      entries: [{ version: "1.2.0", body: "- from the archive" }],
      source: { label: "CHANGELOG.md in the archive of web 1.2.0", url: tarball },
      compareUrl: "https://github.com/acme/web/compare/v1.1.0...v1.2.0",
      repository: { url: "acme/web" },
    });
  });

  it("tells the pointers where the archive has nothing better", async () => {
    const body = "**Full Changelog**: https://github.com/acme/web/compare/v1.1.0...v1.2.0";
    const found = await notes(
      { [page("acme/web", 1)]: [release("v1.2.0", { body })], [tarball]: archive("no versions") },
      asking(),
    );
    expect(found.entries.map((entry) => entry.body)).toEqual([body]);
  });

  it.each([
    ["no repository is known", { repository: undefined }],
    ["the repository is elsewhere", { repository: "https://gitlab.test/acme/web" }],
    ["the address is a sponsor's page", { repository: "https://github.com/sponsors/octocat" }],
  ])("reads the archive when %s", async (_, more) => {
    expect((await notes({ [tarball]: changelog }, asking(more))).entries).toHaveLength(1);
  });

  it("is empty, and no error, where nobody wrote anything", async () => {
    expect(await notes({ [page("acme/web", 1)]: undefined, [tarball]: undefined }, asking())).toEqual({
      entries: [],
      repository: { url: "acme/web" },
    });
    expect(await notes({ [tarball]: undefined }, asking({ repository: undefined }))).toEqual({ entries: [] });
  });

  it("throws when a source does not answer and the other has nothing", async () => {
    await expect(notes({ [page("acme/web", 1)]: 503, [tarball]: undefined }, asking())).rejects.toThrow(
      HttpError,
    );
    await expect(notes({ [page("acme/web", 1)]: [], [tarball]: 503 }, asking())).rejects.toThrow(HttpError);
    expect(
      (await notes({ [page("acme/web", 1)]: 503, [tarball]: changelog }, asking())).entries,
    ).toHaveLength(1);
  });

  it("passes on that GitHub asks to wait", async () => {
    const limited = new RateLimitError("wait", new Date(0));
    const http = { get: () => Promise.reject(limited), post: () => Promise.reject(limited) };
    await expect(changelogs({ http }).notesFor(asking())).rejects.toBe(limited);
  });
});

function notes(pages: Readonly<Record<string, unknown>>, request: NotesRequest): Promise<ReleaseNotes> {
  return changelogs({ http: cannedHttp(pages), githubApi: api }).notesFor(request);
}

function asking(
  more: {
    name?: string;
    from?: string;
    to?: string;
    repository?: string | undefined;
    directory?: string;
  } = {},
): NotesRequest {
  const repository = "repository" in more ? more.repository : "acme/web";
  return {
    ecosystem: "npm",
    name: more.name ?? "web",
    from: more.from ?? "1.1.0",
    to: more.to ?? "1.2.0",
    versions: npmVersions,
    tarball,
    releases: {
      releases: published.map((version) => ({ version })),
      dated: false,
      ...(repository !== undefined && {
        source: { url: repository, ...(more.directory !== undefined && { directory: more.directory }) },
      }),
    },
  };
}

function page(repository: string, number: number): string {
  return `${api}/repos/${repository}/releases?per_page=100&page=${number}`;
}

function release(tag: string, more: { body?: string; draft?: boolean } = {}): object {
  return {
    tag_name: tag,
    name: tag,
    body: `notes of ${tag}`,
    draft: false,
    html_url: `https://github.test/${tag}`,
    ...more,
  };
}

function archive(text: string): Buffer {
  return gzipSync(tarOf({ "package/CHANGELOG.md": text }));
}
