import { describe, expect, it } from "vitest";
import { githubRepository, sourceUrl } from "../../src/domain/source.ts";

describe("githubRepository", () => {
  it.each([
    "https://github.com/acme/web",
    "https://github.com/acme/web.git",
    "http://www.github.com/acme/web/",
    "git+https://github.com/acme/web.git",
    "git://github.com/acme/web.git",
    "git+ssh://git@github.com/acme/web.git",
    "ssh://git@github.com:22/acme/web.git",
    "git@github.com:acme/web.git",
    "https://octocat:secret@github.com/acme/web",
    "https://github.com/acme/web/tree/main/packages/a#readme",
    "https://GitHub.com/acme/web?tab=readme",
    "github:acme/web",
    "github:acme/web#main",
    "acme/web",
    " acme/web.git ",
  ])("reads %s", (address) => {
    expect(githubRepository(address)).toEqual({ owner: "acme", name: "web" });
  });

  it.each([
    "",
    "acme",
    "https://gitlab.com/acme/web",
    "gitlab:acme/web",
    "gist:0123456789abcdef",
    "https://gist.github.com/octocat/0123456789abcdef",
    "https://github.com/sponsors/octocat",
    "https://github.com/acme",
    "https://github.com/acme/..",
    "https://github.com.evil.test/acme/web",
    "https://evil.test/github.com/acme/web",
    "https://github.com@evil.test/acme/web",
    "./packages/web",
    "file:///home/acme/web",
    "javascript:alert(1)",
  ])("finds none in %j", (address) => {
    expect(githubRepository(address)).toBeUndefined();
  });
});

describe("sourceUrl", () => {
  it("gives the page of other hosts too, without what is secret in the address", () => {
    expect(sourceUrl("git@gitlab.com:acme/tools/web.git")).toBe("https://gitlab.com/acme/tools/web");
    expect(sourceUrl("bitbucket:acme/web")).toBe("https://bitbucket.org/acme/web");
    expect(sourceUrl("git+https://token@git.acme.test:8443/web.git")).toBe("https://git.acme.test:8443/web");
    expect(sourceUrl("not an address")).toBeUndefined();
  });
});
