import { createHmac, createVerify, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const credentials = {
  id: 4242,
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  webhookSecret: "s3cret",
};

export interface TinyGithub {
  readonly url: string;
  /** Every request, such as `GET /app`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/**
 * The few calls of GitHub's API that the server makes, for an App that is installed on accounts by installation id.
 * Repositories are given by name; one that begins with `archived` is.
 */
export async function startGithub(
  installed: Readonly<Record<number, readonly string[]>>,
): Promise<TinyGithub> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0] ?? "";
    asked.push(`${request.method} ${path}`);
    const [status, body] = respond(path, request, installed);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function respond(
  path: string,
  request: IncomingMessage,
  installed: Readonly<Record<number, readonly string[]>>,
): [number, unknown] {
  const token = request.headers.authorization?.split(" ")[1] ?? "";
  const exchange = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path);
  if (path.startsWith("/app") && !isSigned(token)) return [401, { message: "Bad credentials" }];
  if (path === "/api/v3/app-manifests/a-code/conversions")
    return [
      201,
      {
        id: credentials.id,
        client_id: "Iv1.abc",
        client_secret: "c",
        webhook_secret: credentials.webhookSecret,
        pem: credentials.privateKey,
        html_url: "http://github.test/apps/steeplejack",
      },
    ];
  if (path === "/app") return [200, { id: credentials.id, slug: "steeplejack" }];
  if (path === "/app/installations")
    return [200, Object.keys(installed).map((id) => ({ id: Number(id), suspended_at: null }))];
  if (exchange !== null)
    return [
      201,
      { token: `ghs_${exchange[1]}`, expires_at: new Date(Date.now() + 3_600_000), permissions: {} },
    ];
  if (path === "/installation/repositories") {
    const names = installed[Number(token.slice("ghs_".length))] ?? [];
    const repositories = names.map((name) => ({
      full_name: name,
      archived: name.includes("/archived"),
      disabled: false,
    }));
    return [200, { total_count: repositories.length, repositories }];
  }
  return [404, { message: "Not Found" }];
}

function isSigned(jwt: string): boolean {
  const [head = "", body = "", signature = ""] = jwt.split(".");
  return createVerify("RSA-SHA256").update(`${head}.${body}`).verify(publicKey, signature, "base64url");
}

/** Sends a webhook as GitHub does. */
export async function deliver(
  server: string,
  event: string,
  payload: object,
  {
    id = crypto.randomUUID(),
    secret = credentials.webhookSecret,
    path = "/api/github/webhooks",
  }: { id?: string; secret?: string; path?: string } = {},
): Promise<number> {
  const body = JSON.stringify(payload);
  const response = await fetch(`${server}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
    },
    body,
  });
  await response.text();
  return response.status;
}

/** A push to `acme/web`, of one commit that changed `package.json`, unless it is said otherwise. */
export function push(change: object = {}, name = "web"): object {
  return {
    ref: "refs/heads/main",
    deleted: false,
    forced: false,
    commits: [{ id: "c0ffee", added: [], modified: ["package.json"], removed: [] }],
    repository: { full_name: `acme/${name}`, default_branch: "main" },
    installation: { id: 9001 },
    sender: { login: "octocat", type: "User" },
    ...change,
  };
}
