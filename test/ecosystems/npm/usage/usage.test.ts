import { describe, expect, it } from "vitest";
import type { Impact } from "../../../../src/domain/impact.ts";
import { usage } from "../../../../src/ecosystems/npm/usage/index.ts";
import { releaseFilesIn } from "../../../../src/ecosystems/npm/usage/release.ts";
import { main } from "../../../../src/ecosystems/npm/usage/tool.ts";
import { createTools } from "../../../../src/tools/tools.ts";
import { tarOf } from "../../../changelogs/tar.ts";
import { cannedHttp } from "../../../fakes.ts";

type Files = Readonly<Record<string, string>>;

/** The files of a release, as its archive holds them. */
function release(files: Files, manifest: object = {}) {
  const all = { "package.json": JSON.stringify(manifest), ...files };
  const entries = Object.entries(all).map(([path, text]) => [`package/${path}`, text]);
  return tarOf(Object.fromEntries(entries));
}

function impact(sources: Files | string, before: Buffer, after: Buffer, name = "lib"): Impact {
  const [found] = main({
    steps: [{ name, before: releaseFilesIn(before), after: releaseFilesIn(after) }],
    sources: typeof sources === "string" ? { "a.ts": sources } : sources,
  });
  return found ?? { kind: "unknown", why: "no answer" };
}

/** As a person would jot it down: `a gone a.ts:1`, and what was not seen after a `?`. */
function told(found: Impact): readonly string[] {
  if (found.kind === "unknown") return [`unknown: ${found.why}`];
  return [
    `${found.used} used`,
    ...found.breaks.map(
      ({ name, how, places }) =>
        `${name} ${how} ${places.map(({ path, line }) => `${path}:${line}`).join(" ")}`,
    ),
    ...found.unseen.map((sentence) => `? ${sentence}`),
  ];
}

const typed = (text: string, more: Files = {}, manifest: object = {}) =>
  release({ "index.d.ts": text, ...more }, { types: "index.d.ts", ...manifest });
const ab = typed("export declare const a: 1;\nexport declare function b(): void;\n");
const onlyB = typed("export declare function b(): void;\n");

describe("what sources use", () => {
  it.each<[string, readonly string[]]>([
    ['import { a, b } from "lib";', ["2 used", "a gone a.ts:1"]],
    ['import { a as mine } from "lib";\nimport { a } from "lib";', ["1 used", "a gone a.ts:1 a.ts:2"]],
    ['import type { a } from "lib";', ["1 used", "a gone a.ts:1"]],
    ['import * as lib from "lib";\nlib.a;\nlib.b();', ["2 used", "a gone a.ts:2"]],
    ['import * as lib from "lib";\nlib?.a;\nlib["a"];', ["1 used", "a gone a.ts:2 a.ts:3"]],
    ['import * as lib from "lib";\nlet x: lib.a;', ["1 used", "a gone a.ts:2"]],
    ['import * as lib from "lib";\nconst { a, b } = lib;', ["2 used", "a gone a.ts:2"]],
    ['import * as lib from "lib";\nuse(lib);', ["1 used", "? lib is used as a whole at a.ts:2"]],
    ['import * as lib from "lib";\nlib[name];', ["1 used", "? lib is used as a whole at a.ts:2"]],
    [
      'import * as lib from "lib";\nfunction f(lib) { lib.a; }',
      ["1 used", "? lib is used as a whole at a.ts:2"],
    ],
    ['const lib = require("lib");\nlib.a;', ["1 used", "a gone a.ts:2"]],
    ['const { a: x, b } = require("lib");', ["2 used", "a gone a.ts:1"]],
    ['require("lib").a();', ["1 used", "a gone a.ts:1"]],
    ['import lib = require("lib");\nlib.a;', ["1 used", "a gone a.ts:2"]],
    ['const { a } = await import("lib");', ["1 used", "a gone a.ts:1"]],
    ['import("lib").then(run);', ["1 used", "? lib is used as a whole at a.ts:1"]],
    ['let x: import("lib").a;', ["1 used", "a gone a.ts:1"]],
    ['export { a } from "lib";', ["1 used", "a gone a.ts:1"]],
    ['export * from "lib";', ["1 used", "? lib is used as a whole at a.ts:1"]],
    ['import "lib";', ["1 used"]],
    ['import { b } from "lib";', ["1 used"]],
    ['// import { a } from "lib"\nconst text = "lib";', ["0 used"]],
    ['import { a } from "libs";', ["0 used"]],
    ['import { c } from "lib";', ["1 used", "? whether c still exists could not be told"]],
    ['import { a } from "lib";\nconst = ;', ["0 used", "? a.ts could not be read as code"]],
  ])("%s", (source, expected) => {
    expect(told(impact(source, ab, onlyB))).toEqual(expected);
  });

  it("reads JSX, Flow, decorators and the scripts of components, on their own lines", () => {
    const sources = {
      "a.jsx": 'import * as Lib from "lib";\nexport const x = <Lib.a />;\n',
      "b.tsx": 'import { a } from "lib";\nexport const x = <T,>(t: T) => <i>{a}</i>;\n',
      "c.js": '// @flow\nimport type { a } from "lib";\ntype X = {| y: ?a |};\n',
      "d.ts": 'import { a } from "lib";\n@a class X { @a() y = 1 }\n',
      "e.vue":
        '<template>\n  <b />\n</template>\n<script setup lang="ts">\nimport { a } from "lib";\n</script>\n',
      "f.svelte": '<script>\n  import * as lib from "lib";\n</script>\n{lib.a}\n',
      "g.cts": 'const x = <any>require("lib").a;\n',
    };
    expect(told(impact(sources, ab, onlyB))).toEqual([
      "1 used",
      "a gone a.jsx:2 b.tsx:1 c.js:2 d.ts:1 e.vue:5 g.cts:1",
      "? lib is used as a whole at f.svelte:2",
    ]);
  });

  it.each([
    ["src/a.ts", true],
    ["a.mjs", true],
    ["a.vue", true],
    ["node_modules/x/a.js", false],
    ["dist/a.js", false],
    ["a.min.js", false],
    ["a.css", false],
  ])("claims %s: %s", (path, claimed) => {
    expect(usage.claims(path)).toBe(claimed);
  });
});

describe("what a release exports", () => {
  const uses = (...names: string[]) => `import { ${names.join(", ")} } from "lib";`;

  it.each<[string, string, Buffer, Buffer, readonly string[]]>([
    [
      "files that are exported again, and what they pick",
      uses("a", "b", "c", "d"),
      typed('export * from "./x.js"; export { c as d } from "./x"; export { c } from "./x";', {
        "x.d.ts": "export interface a {} export type b = 1; export declare let c: 1;",
      }),
      typed('export * from "./x.js";', { "x.d.ts": "export interface a {}" }),
      ["4 used", "b gone a.ts:1", "c gone a.ts:1", "d gone a.ts:1"],
    ],
    [
      "nothing, where another package is exported again",
      uses("a"),
      ab,
      typed('export * from "other";'),
      ["1 used", "? whether a still exists could not be told"],
    ],
    [
      "files that export each other",
      uses("a"),
      typed('export * from "./x";', { "x.d.ts": 'export * from "./index"; export declare const a: 1;' }),
      typed('export * from "./x";', { "x.d.ts": 'export * from "./index";' }),
      ["1 used", "a gone a.ts:1"],
    ],
    [
      "the namespace of what is assigned",
      'import lib from "lib";\nlib.a;\nlib.b();',
      typed(
        "declare function lib(): void; declare namespace lib { const a: 1; function b(): void } export = lib;",
      ),
      typed("declare function lib(): void; declare namespace lib { const a: 1 } export = lib;"),
      ["3 used", "b gone a.ts:3"],
    ],
    [
      "all that is declared, where nothing is picked",
      uses("a", "b"),
      typed("declare const a: 1; export declare const b: 1;"),
      typed("declare const a: 1; export declare const b: 1; export {};"),
      ["2 used", "a gone a.ts:1"],
    ],
    [
      "an ambient module of its name",
      uses("a"),
      typed('declare module "lib" { export const a: 1; }'),
      typed('declare module "lib" { export const b: 1; }'),
      ["1 used", "a gone a.ts:1"],
    ],
    [
      "what is a type only now, and what is marked as not to be used",
      uses("a", "b"),
      ab,
      typed("export type a = 1;\n/** @deprecated use c */\nexport declare function b(): void;"),
      ["2 used", "a type a.ts:1", "b deprecated a.ts:1"],
    ],
    [
      "a default that is gone",
      'import lib from "lib";',
      typed("declare const x: 1; export default x;"),
      typed("export declare const x: 1;"),
      ["1 used", "the default of lib gone a.ts:1"],
    ],
    [
      "a module that was a function",
      'const lib = require("lib");\nlib();\nlib.a;',
      release({ "index.js": "module.exports = lib; exports.a = 1;" }),
      typed("export declare const a: 1;"),
      ["2 used", "lib as a function gone a.ts:2"],
    ],
    [
      "a default that has the name of its package",
      'import lib, { type T } from "lib";\nlib.a;',
      typed("interface T {} declare const lib: T; export { lib as default, T };"),
      typed("declare namespace lib { interface T {} } declare const lib: lib.T; export = lib;"),
      ["2 used", "? the properties of the default export of lib were not looked at"],
    ],
    [
      "no properties of a default",
      'import lib from "lib";\nlib.a;',
      typed("declare const x: 1; export default x;"),
      typed("declare const x: 2; export { x as default };"),
      ["1 used", "? the properties of the default export of lib were not looked at"],
    ],
    [
      "code, where there are no types",
      uses("a", "b", "c"),
      release({
        "index.js": "exports.a = 1; exports.b = 2; __exportStar(require('./x'), exports);",
        "x.js": "exports.c = 3",
      }),
      release(
        { "main.mjs": "export const { b, ...rest } = x; export { rest as d };" },
        { exports: "./main.mjs" },
      ),
      ["3 used", "a gone a.ts:1", "c gone a.ts:1"],
    ],
    [
      "nothing of what is made while it runs",
      uses("a"),
      release({ "index.js": "exports.a = 1;" }),
      release({ "index.js": "module.exports = make();" }),
      ["1 used", "? whether a still exists could not be told"],
    ],
    [
      "types against code, where types came",
      uses("a"),
      release({ "index.js": "exports.a = 1; exports.b = 2;" }),
      onlyB,
      ["1 used", "a gone a.ts:1"],
    ],
    [
      "nothing, where types went and the code does not tell",
      uses("a"),
      ab,
      release({ "index.js": "module.exports = load();" }),
      ["1 used", "? whether a still exists could not be told"],
    ],
    [
      "what `exports` leads to, by its conditions",
      'import { a } from "lib/x";\nimport { b } from "lib/y/z.js";',
      typed("", {
        "x.d.ts": "export declare const a: 1;",
        "y/z.d.ts": "export declare const b: 1;",
        "x.js": "",
        "y/z.js": "",
      }),
      typed(
        "",
        { "t/x.d.mts": "export declare const b: 1;", "t/z.d.ts": "export declare const b: 1;" },
        {
          exports: {
            "./x": { require: null, import: { types: "./t/x.d.mts", default: "./x.mjs" } },
            "./y/*.js": { types: "./t/*.d.ts" },
          },
        },
      ),
      ["2 used", "a gone a.ts:1"],
    ],
    [
      "a path that leads nowhere",
      'import a from "lib/x";\nimport "lib/style.css";',
      release({ "x.js": "module.exports = 1", "style.css": "" }, { main: "x.js" }),
      release({ "x.js": "module.exports = 1" }, { exports: { ".": "./x.js" } }),
      ["2 used", "lib/style.css path a.ts:2", "lib/x path a.ts:1"],
    ],
    [
      "an ES module only",
      'const { b } = require("lib");',
      typed("export declare const b: 1;", { "index.js": "" }),
      typed("export declare const b: 1;", { "index.js": "" }, { type: "module", exports: "./index.js" }),
      ["1 used", "lib require a.ts:1"],
    ],
    [
      "something for `import` alone",
      'const { b } = require("lib");',
      typed("export declare const b: 1;", { "index.js": "" }),
      typed(
        "export declare const b: 1;",
        { "index.js": "" },
        {
          exports: { types: "./index.d.ts", import: "./index.js" },
        },
      ),
      ["1 used", "lib require a.ts:1"],
    ],
    [
      "both kinds of module",
      'const { b } = require("lib");',
      typed("export declare const b: 1;", { "index.js": "" }),
      typed(
        "export declare const b: 1;",
        { "index.js": "", "index.cjs": "" },
        {
          type: "module",
          exports: { types: "./index.d.ts", import: "./index.js", require: "./index.cjs" },
        },
      ),
      ["1 used"],
    ],
  ])("%s", (_, source, before, after, expected) => {
    expect(told(impact(source, before, after))).toEqual(expected);
  });
});

describe("compare", () => {
  const step = { name: "lib", before: "https://npm.test/lib-1.tgz", after: "https://npm.test/lib-2.tgz" };
  const tools = createTools({ http: cannedHttp({}) });

  it("asks for two archives, and has them read in a process of its own", async () => {
    const http = cannedHttp({ [step.before]: ab, [step.after]: onlyB });
    const found = await usage.compare([step], { "a.ts": 'import { a } from "lib";' }, { http, tools });
    expect(found.map(told)).toEqual([["1 used", "a gone a.ts:1"]]);
    await tools.close();
  });

  it("asks for nothing where no source names the package", async () => {
    const found = await usage.compare([step], { "a.ts": 'import "other";' }, { http: cannedHttp({}), tools });
    expect(found.map(told)).toEqual([["0 used"]]);
  });

  it("tells what it could not read, and answers the others", async () => {
    const others = { before: "https://npm.test/b-1.tgz", after: "https://npm.test/b-2.tgz" };
    const http = cannedHttp({
      [step.before]: ab,
      [step.after]: 500,
      [others.before]: undefined,
      [others.after]: ab,
    });
    const steps = [step, { name: "b", ...others }];
    const sources = { "a.ts": 'import "lib";\nimport "b";\n' };
    expect((await usage.compare(steps, sources, { http, tools })).map(told)).toEqual([
      [expect.stringMatching(/^unknown: an archive of it could not be read: .*answered 500/)],
      ["unknown: an archive of it is not in the registry"],
    ]);
  });

  it("says nothing of code that is nested too deep, nor of a broken manifest", () => {
    const deep = typed(`export type a = ${"(".repeat(100_000)}1`);
    const [, sentence = ""] = told(impact('import { a } from "lib";', ab, deep));
    expect(sentence).toMatch(/^\? the exports of lib could not be read/);
    const broken = release({ "package.json": "{", "index.js": "exports.a = 1" });
    expect(told(impact('import { a } from "lib";', broken, broken))).toEqual(["1 used"]);
  });
});
