import { expect, it } from "vitest";
import { memoryCache } from "../../src/cache/memory.ts";
import { evidenceBook } from "../../src/shepherd/evidence.ts";

const move = (name: string, to = "2.0.0") => ({ name, from: "1.0.0", to, size: "major" as const });

it("counts each repository of an installation once, by what it saw last", async () => {
  const cache = memoryCache();
  const [web, api] = ["acme/web", "acme/api"].map((name) => evidenceBook(cache, 1, name));
  await web?.record("npm", move("react"), false);
  await web?.record("npm", move("react"), true);
  await api?.record("npm", move("react"), true);
  await api?.record("npm", move("vite"), false);

  const read = await web?.read("npm", [move("react"), move("vite"), move("zod"), move("react", "3.0.0")]);
  expect(Object.fromEntries(read ?? [])).toEqual({
    react: { passed: 2, failed: 0 },
    vite: { passed: 0, failed: 1 },
  });
});

it("tells nothing to another installation, nor of another ecosystem", async () => {
  const cache = memoryCache();
  await evidenceBook(cache, 1, "acme/web").record("npm", move("react"), true);
  expect(await evidenceBook(cache, 2, "other/web").read("npm", [move("react")])).toEqual(new Map());
  expect(await evidenceBook(cache, 1, "acme/web").read("pip", [move("react")])).toEqual(new Map());
});

it("begins anew where what was kept cannot be read", async () => {
  const cache = memoryCache();
  const book = evidenceBook({ ...cache, get: async () => "{" }, 1, "acme/web");
  expect(await book.read("npm", [move("react")])).toEqual(new Map());
});
