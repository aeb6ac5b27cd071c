import type { Repository } from "./types.ts";

/**
 * The repository on github.com that an address means, in any of the forms a manifest may hold: `git+https://`,
 * `git://`, `ssh`, `git@github.com:o/r.git`, `github:o/r`, `o/r`, or a page inside it. `undefined` for other hosts
 * and for GitHub's own pages, such as a sponsors page.
 */
export function githubRepository(address: string): Repository | undefined {
  const page = sourceUrl(address);
  if (page === undefined) return undefined;
  const { host, pathname } = new URL(page);
  if (host !== "github.com") return undefined;
  const [owner = "", name = ""] = pathname.slice(1).split("/");
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$/.test(owner) || reserved.has(owner.toLowerCase())) return undefined;
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name) || /^\.+$/.test(name)) return undefined;
  return { owner, name };
}

/**
 * The web page behind the address of a source repository, always `https` and without credentials, query, fragment
 * or final `.git`: `git@gitlab.com:o/r.git` makes `https://gitlab.com/o/r`. `undefined` when there is none.
 */
export function sourceUrl(address: string): string | undefined {
  const text = address.trim().replace(/^git\+/i, "");
  const short = /^(?:(github|gitlab|bitbucket):)?([\w.-]+\/[\w.-]+?)(?:\.git)?(?:#.*)?$/.exec(text);
  if (short?.[2] !== undefined && !short[2].startsWith(".")) {
    return `https://${hosts[short[1] ?? "github"]}/${short[2]}`;
  }
  const scp = /^(?:[\w.-]+@)([\w.-]+\.[a-z]+):(?!\d+\/)\/?(.+)$/i.exec(text);
  const spelled = scp === null ? text : `ssh://${scp[1]}/${scp[2]}`;
  // Web rules for every scheme: `new URL` reads the host of `git://` and `ssh://` addresses less strictly.
  const [, scheme = "", rest] = /^(https?|git|ssh):\/\/(.+)$/i.exec(spelled) ?? [];
  const url = rest === undefined ? null : URL.parse(`https://${rest}`);
  if (url === null) return undefined;
  const host = (scheme === "https" ? url.host : url.hostname).replace(/^www\.(?=github\.com$)/, "");
  const path = url.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  return path === "" ? undefined : `https://${host}${path}`;
}

const hosts: Readonly<Record<string, string>> = {
  github: "github.com",
  gitlab: "gitlab.com",
  bitbucket: "bitbucket.org",
};

/** First parts of github.com's paths that are not accounts. */
const reserved = new Set(
  "about advisories apps collections customer-stories enterprise events explore features issues login marketplace new notifications orgs organizations pricing pulls readme search security settings site sponsors stars team topics trending users".split(
    " ",
  ),
);
