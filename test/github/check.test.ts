import { expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { publishCheck, type CheckReport } from "../../src/github/check.ts";
import { connectWithToken } from "../../src/github/client.ts";
import { githubNotice } from "../../src/github/notice.ts";

const web = { owner: "acme", name: "web" };
const sha = "a".repeat(40);

/** Answers by method and path; `sent` is what was written. */
function github(answers: Readonly<Record<string, { status?: number; body: unknown }>>) {
  const sent: { to: string; body: unknown }[] = [];
  const octokit = connectWithToken({
    token: "t",
    cache: memoryCache(),
    baseUrl: "https://github.example",
    fetch: async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      const to = `${init?.method} ${url.pathname}`;
      if (typeof init?.body === "string") sent.push({ to, body: JSON.parse(init.body) });
      const { status = 200, body } = answers[to] ?? { body: {} };
      return Response.json(body, { status });
    },
  });
  return { octokit, sent };
}

const report = (count: number): CheckReport => ({
  name: "Configuration",
  sha,
  conclusion: "failure",
  title: "t",
  summary: "s",
  digest: "d",
  annotations: Array.from({ length: count }, (_, index) => ({
    path: "x.yml",
    line: index + 1,
    column: 2,
    level: "failure" as const,
    message: `fault ${index}`,
  })),
});
const listed = `GET /repos/acme/web/commits/${sha}/check-runs`;
const made = "POST /repos/acme/web/check-runs";

it("is made with the line and the column of each fault, fifty at a time", async () => {
  const { octokit, sent } = github({ [listed]: { body: { check_runs: [] } }, [made]: { body: { id: 5 } } });
  expect(await publishCheck(octokit, web, report(70))).toBe(true);
  expect(sent.map(({ to }) => to)).toEqual([made, "PATCH /repos/acme/web/check-runs/5"]);
  expect(sent[0]?.body).toMatchObject({
    status: "completed",
    conclusion: "failure",
    external_id: "d",
    output: { annotations: { length: 50 } },
  });
  expect(sent[1]?.body).toMatchObject({
    output: {
      annotations: expect.arrayContaining([
        {
          path: "x.yml",
          start_line: 70,
          end_line: 70,
          start_column: 2,
          end_column: 2,
          annotation_level: "failure",
          message: "fault 69",
        },
      ]),
    },
  });
});

it("is not made twice, and not where the App may not", async () => {
  const known = github({ [listed]: { body: { check_runs: [{ external_id: "d" }] } } });
  expect(await publishCheck(known.octokit, web, report(1))).toBe(false);
  expect(known.sent).toEqual([]);
  const refused = github({ [listed]: { body: { check_runs: [] } }, [made]: { status: 403, body: {} } });
  expect(await publishCheck(refused.octokit, web, report(1))).toBe(false);
});

const issues = "/repos/acme/web/issues";
const marked = "Text\r\n\r\n<!-- steeplejack notice: configuration -->";
const noticeOf = (...found: object[]) => {
  const { octokit, sent } = github({ [`GET ${issues}`]: { body: found } });
  return { notice: githubNotice(octokit, { ...web, login: "steeplejack[bot]" }, "configuration"), sent };
};

it("tells something in one issue, which says what is so now", async () => {
  const none = noticeOf({ number: 1, body: "another" }, { number: 2, body: marked, pull_request: {} });
  await none.notice.raise("Title", "Text");
  expect(none.sent.map(({ to }) => to)).toEqual([`POST ${issues}`]);
  const same = noticeOf({ number: 3, body: marked });
  await same.notice.raise("Title", "Text");
  expect(same.sent).toEqual([]);
  await same.notice.raise("Title", "Other");
  expect(same.sent.map(({ to }) => to)).toEqual([`PATCH ${issues}/3`]);
});

it("settles it with a comment, and nothing where there is none", async () => {
  const { notice, sent } = noticeOf({ number: 3, body: marked });
  await notice.settle("Done.");
  expect(sent).toEqual([
    { to: `POST ${issues}/3/comments`, body: { body: "Done." } },
    { to: `PATCH ${issues}/3`, body: { state: "closed", state_reason: "completed" } },
  ]);
  const none = noticeOf();
  await none.notice.settle("Done.");
  expect(none.sent).toEqual([]);
});

it("says nothing where issues may not be written", async () => {
  const { octokit, sent } = github({
    [`GET ${issues}`]: { status: 403, body: {} },
    [`POST ${issues}`]: { status: 403, body: {} },
  });
  await githubNotice(octokit, { ...web, login: "x" }, "configuration").raise("Title", "Text");
  expect(sent).toHaveLength(1);
});
