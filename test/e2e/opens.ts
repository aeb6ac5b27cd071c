import { describe, expect, it } from "vitest";
import { locked } from "./files.ts";
import { type Cast, start, type Where } from "./stage.ts";

/** What happens when the App is installed. */
export function opening(where: () => Where): void {
  const open = (cast: Cast) => start(cast, where());

  describe("the App, installed", () => {
    it("opens grouped pull requests, manifest and lockfile together", async () => {
      const { github, install, pulls, pull, stable } = await open({
        at: "2026-06-01T12:00:00Z",
        repositories: {
          "acme/web": {
            ...locked(
              {
                dependencies: { router: "^1.0.0", logger: "~2.3.0" },
                devDependencies: { linter: "^3.0.0" },
              },
              { router: "1.0.0", logger: "2.3.0", linter: "3.0.0" },
            ),
            "README.md": "# Web\n",
          },
        },
        packages: {
          router: {
            "1.0.0": { repository: { url: "git+https://github.com/tools/router.git" } },
            "1.1.0": { repository: { url: "git+https://github.com/tools/router.git" } },
            "1.2.0": {
              repository: { url: "git+https://github.com/tools/router.git" },
              dependencies: { "path-match": "^1.0.0" },
              at: "2026-05-20T09:00:00Z",
            },
          },
          "path-match": { "1.0.0": {}, "1.0.4": {} },
          logger: { "2.3.0": {}, "2.3.9": { at: "2025-11-11T00:00:00Z" }, "3.0.0": {} },
          linter: { "3.0.0": {}, "3.4.0": {} },
        },
        sources: [
          {
            name: "tools/router",
            files: { "README.md": "# Router\n" },
            releases: [
              { tag: "v1.1.0", body: "- faster" },
              { tag: "v1.2.0", body: "## Fixes\n- no crash on `//` (#12), thanks @octocat\n- closes #7" },
            ],
          },
        ],
      });

      await install();

      expect(await pulls()).toEqual([
        "open #1 steeplejack/npm/development: Bump linter from 3.0.0 to 3.4.0 in the development group",
        "open #2 steeplejack/npm/runtime: Bump the runtime group with 2 updates",
        "open #3 steeplejack/npm/major-logger: Bump logger from 2.3.0 to 3.0.0",
      ]);
      const runtime = await pull(2);
      expect(runtime.labels).toEqual(["dependencies", "javascript"]);
      expect(runtime.commits).toHaveLength(1);
      await expect(runtime.commits[0]).toMatchFileSnapshot("snapshots/runtime.commit.txt");
      await expect(runtime.body).toMatchFileSnapshot("snapshots/runtime.md");
      const {
        "package.json": manifest,
        "package-lock.json": lock,
        ...rest
      } = github.files("acme/web", "steeplejack/npm/runtime");
      expect(JSON.parse(manifest ?? "")).toMatchObject({
        dependencies: { router: "^1.2.0", logger: "~2.3.9" },
      });
      await expect(stable(lock ?? "")).toMatchFileSnapshot("snapshots/runtime.package-lock.json");
      expect(rest).toEqual({ "README.md": "# Web\n" });
    });
  });
}
