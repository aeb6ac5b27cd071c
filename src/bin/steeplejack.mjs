#!/usr/bin/env node
// What starts first is JavaScript: for a TypeScript file Node loads a compiler at each start, for those that are
// imported from here it keeps what it compiled.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

// What a registry sends is garbage as soon as it is read: a small nursery is emptied more often and holds less of it.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--max-semi-space-size=4");

const { XDG_CACHE_HOME, NODE_COMPILE_CACHE } = process.env;
if (NODE_COMPILE_CACHE === undefined) {
  enableCompileCache(join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "steeplejack-code"));
}
await import("./steeplejack.ts");
