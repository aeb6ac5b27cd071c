import type { Demo } from "../main.ts";
import type { RepositoryState } from "../state.ts";
import { leftVulnerable, updatesOf } from "../text.ts";
import { difference } from "./difference.ts";
import type { PullRequest, PullRequestInFull } from "./hub.ts";
import { type Html, html } from "./html.ts";
import { rendered } from "./markdown.ts";

/** What runs where, and the pull requests of every repository with what waits, what is held and why. */
export function overview(
  { github, app, advisories, registry, state }: Demo,
  pullRequests: ReadonlyMap<string, readonly PullRequest[]>,
  isBusy: boolean,
): Html {
  const cards = [...state.repositories].map(([name, one]) =>
    repository(name, one, pullRequests.get(name) ?? []),
  );
  const body = html`<h1>The App at work</h1>
    <dl class="facts">
      <dt>GitHub</dt>
      <dd>
        ${github.url}, emulated:
        <span class="soft">organisation, repositories and this page's pull requests</span>
      </dd>
      <dt>App</dt>
      <dd>${app.url} <span class="soft">takes its webhooks; the queue is in memory</span></dd>
      <dt>Registry</dt>
      <dd>${registry}</dd>
      <dt>Advisories</dt>
      <dd>${advisories}</dd>
    </dl>
    ${cards}
    <p class="soft small">
      Merge or close a pull request, and the App hears of it by webhook. Anything else that the REST interface
      takes works, too: <code>authorization: token ghp_octocat</code> writes to these repositories.
    </p>`;
  return layout("Steeplejack's demo", body, isBusy);
}

function repository(name: string, state: RepositoryState, pullRequests: readonly PullRequest[]): Html {
  const { outcome, trouble } = state;
  const proposed = outcome?.kind === "scanned" ? outcome.proposed : undefined;
  const waiting = (proposed?.outcomes ?? []).filter((one) => one.outcome === "waits");
  const held = (proposed?.scan.decisions ?? []).filter(
    ({ outcome, reason }) => outcome === "held" && reason.code !== "local",
  );
  const problems = [...trouble, ...(proposed?.scan.problems ?? []).map(({ message }) => message)];
  const items = [
    ...pullRequests.map((one) => pullRequestItem(name, one, updatesOf(one.title, outcome))),
    ...waiting.map(({ title, reason }) => item("waits", title, `waits ${reason ?? ""}`)),
    ...held.map(({ dependency, reason }) =>
      item("held", `${dependency.name} ${dependency.version ?? ""}`, `held back: ${reason.detail}`),
    ),
    ...(proposed === undefined ? [] : leftVulnerable(proposed.scan)).map(({ name, version, way, ids }) =>
      item("problem", `${name} ${version}`, `vulnerable${way}: ${ids.join(", ")}`),
    ),
    ...problems.map((message) => item("problem", message, "a problem")),
  ];
  return html`<h2>${name}</h2>
    <section class="card">
      <div class="title">
        <span>${count(pullRequests.filter(({ state }) => state === "open").length, "open pull request")}</span
        ><span class="soft">${doing(state)}</span>
      </div>
      <ul class="list">
        ${items}
      </ul>
    </section>`;
}

function doing({ doing, stage, outcome }: RepositoryState): string {
  if (doing === "scanning") return `being scanned: ${stage ?? ""}`;
  if (doing !== "done") return doing;
  if (outcome?.kind !== "scanned") return outcome?.reason ?? "done";
  return `scanned at ${outcome.sha.slice(0, 7)}`;
}

function pullRequestItem(
  repository: string,
  { number, title, state, labels, author }: PullRequest,
  updates: readonly string[],
): Html {
  return html`<li>
    <span class="dot ${state}" title="${state}"></span>
    <div>
      <a class="name" href="/${repository}/pull/${number}">${title}</a>${labels.map(label)}
      <div class="soft small">
        #${number} ${state === "open" ? "opened" : `${state}, opened`} by
        ${author}${updates.map((update) => ` · ${update}`)}
      </div>
    </div>
  </li>`;
}

function item(kind: string, title: string, detail: string): Html {
  return html`<li>
    <span class="dot ${kind}"></span>
    <div>
      ${title}
      <div class="soft small">${detail}</div>
    </div>
  </li>`;
}

function label(name: string): Html {
  return html` <span class="label ${name}">${name}</span>`;
}

/** A pull request as its reviewer sees it. */
export function pullRequestPage(repository: string, one: PullRequestInFull): Html {
  const { number, title, state, author, head, base, labels, body, commits, comments, files } = one;
  const verb = state === "merged" ? "merged" : "wants to merge";
  const content = html`<h1>${title} <span class="number">#${number}</span></h1>
    <div class="meta">
      <span class="pill ${state}">${state}</span
      ><span
        ><b>${author}</b> ${verb} ${count(commits.length, "commit")} into <code>${base}</code> from
        <code>${head}</code></span
      ><span>${labels.map(label)}</span>
    </div>
    <section class="card">
      <div class="title"><b>${author}</b></div>
      <div class="markdown">${rendered(body)}</div>
    </section>
    ${comments.map(
      (comment) =>
        html`<section class="card">
          <div class="title"><b>${comment.author}</b></div>
          <div class="markdown">${rendered(comment.body)}</div>
        </section>`,
    )}
    ${state === "open" ? actions(repository, one) : undefined}
    <h2>${count(files.length, "changed file")}</h2>
    ${manifestsFirst(files).map(difference)}
    <h2>${count(commits.length, "commit")}</h2>
    ${commits.map(
      ({ sha, message }) =>
        html`<section class="card">
          <div class="title"><span>${message.split("\n")[0]}</span><code>${sha.slice(0, 7)}</code></div>
          <pre class="commit">${message.split("\n").slice(1).join("\n").trim()}</pre>
        </section>`,
    )}`;
  return layout(`${title} · ${repository} #${number}`, content, false, repository);
}

function actions(repository: string, { number, mergeable }: PullRequestInFull): Html {
  const path = `/${repository}/pull/${number}`;
  return html`<section class="card actions">
    <form method="post" action="${path}/merge">
      <button class="merge" ${mergeable ? undefined : html` disabled`}>Merge pull request</button>
    </form>
    <form method="post" action="${path}/close"><button>Close</button></form>
    <span class="soft small"
      >${mergeable ? "No conflicts with the base branch." : "It conflicts with the base branch."} The App
      hears of what you do.</span
    >
  </section>`;
}

function manifestsFirst<T extends { readonly path: string }>(files: readonly T[]): readonly T[] {
  const isLock = ({ path }: T) => Number(path.endsWith("lock.json"));
  return files.toSorted((a, b) => isLock(a) - isLock(b));
}

export function notFound(): Html {
  return layout(
    "Not found",
    html`<h1>There is no such page</h1>
      <p><a href="/">All pull requests</a></p>`,
    false,
  );
}

export function refused(message: string): Html {
  return layout(
    "Refused",
    html`<h1>GitHub refuses that</h1>
      <p>${message}</p>
      <p><a href="/">All pull requests</a></p>`,
    false,
  );
}

function layout(title: string, body: Html, refresh: boolean, repository?: string): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh ? html`<meta http-equiv="refresh" content="1" />` : undefined}
        <title>${title}</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="data:," />
      </head>
      <body>
        <header class="top">
          <div class="wide">
            <strong><a href="/">Steeplejack</a></strong
            ><span>${repository ?? "demo on an emulated GitHub"}</span>
          </div>
        </header>
        <main class="wide">${body}</main>
      </body>
    </html> `;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
