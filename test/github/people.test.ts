import { expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { connectWithToken } from "../../src/github/client.ts";
import { peopleOf } from "../../src/github/people.ts";

/** Answers every request, with 422 where its body holds `ghost`; `sent` is what was asked. */
function github() {
  const sent: string[] = [];
  const octokit = connectWithToken({
    token: "t",
    cache: memoryCache(),
    baseUrl: "https://github.example",
    fetch: async (input, init) => {
      const body = typeof init?.body === "string" ? init.body : "";
      sent.push(`${init?.method} ${new URL(input instanceof Request ? input.url : input).pathname} ${body}`);
      return Response.json({}, { status: body.includes("ghost") ? 422 : 200 });
    },
  });
  return { sent, people: peopleOf(octokit, { owner: "acme", name: "web" }) };
}

it("assigns, asks people and teams for reviews, and sets the milestone", async () => {
  const { sent, people } = github();
  const refused = await people.involve(7, {
    assignees: ["ann"],
    reviewers: ["bob", "acme/web"],
    milestone: 3,
  });
  expect(refused).toEqual([]);
  expect(sent).toEqual([
    'PATCH /repos/acme/web/issues/7 {"milestone":3}',
    'POST /repos/acme/web/issues/7/assignees {"assignees":["ann"]}',
    'POST /repos/acme/web/pulls/7/requested_reviewers {"reviewers":["bob"]}',
    'POST /repos/acme/web/pulls/7/requested_reviewers {"team_reviewers":["web"]}',
  ]);
});

it("tells what is refused and does the rest", async () => {
  const { sent, people } = github();
  expect(await people.involve(7, { reviewers: ["ghost", "bob"] })).toEqual(["a review by ghost"]);
  expect(sent).toHaveLength(2);
});

it("asks nothing where the configuration names nobody", async () => {
  const { sent, people } = github();
  expect(await people.involve(7, {})).toEqual([]);
  expect(sent).toEqual([]);
});
