import { writeFileSync } from "node:fs";
import { run } from "probot";
import type { Environment } from "../config/env.ts";
import { dotEnv } from "../config/env.ts";
import { ConfigurationError } from "../domain/errors.ts";
import type { Logger } from "../telemetry/logger.ts";

/**
 * Serves Probot's registration page: GitHub makes the App from `app.yml`, and its credentials are written to `.env` in
 * the working folder, for the next start. Nothing else runs meanwhile.
 *
 * Throws `ConfigurationError` in production (`NODE_ENV=production`), where a page on which anybody could enter
 * credentials is not wanted.
 */
export async function register(
  { server: { host, port }, github }: Environment,
  log: Logger,
): Promise<{ url: string; stop(): Promise<void> }> {
  if (process.env["NODE_ENV"] === "production")
    throw new ConfigurationError("the environment", [
      "APP_ID, PRIVATE_KEY and WEBHOOK_SECRET are missing: register the App by starting `serve` once without NODE_ENV=production, or set them",
    ]);
  // Probot reads these two from the process, and would else fetch and run a package that relays webhooks.
  process.env["NO_SMEE_SETUP"] = "true";
  const { hostname, protocol } = new URL(github.apiUrl);
  if (hostname !== "api.github.com")
    Object.assign(process.env, {
      GHE_HOST: new URL(github.apiUrl).host,
      GHE_PROTOCOL: protocol.slice(0, -1),
    });

  const server = await run(() => {}, {
    env: { HOST: host, PORT: String(port) },
    updateEnv: (credentials) => remember(credentials, log),
    log,
  });
  const url = `http://${server.host}:${server.port}`;
  log.warn(
    { url },
    "APP_ID, PRIVATE_KEY and WEBHOOK_SECRET are not set: open this address to register the App, then start again",
  );
  return { url, stop: () => server.stop() };
}

/** Adds to `.env`, readable by its owner only. */
function remember(credentials: NodeJS.ProcessEnv, log: Logger): NodeJS.ProcessEnv {
  const merged = { ...dotEnv(), ...credentials };
  const lines = Object.entries(merged).map(
    ([name, value = ""]) => `${name}="${value.replace(/^"(.*)"$/s, "$1").replaceAll("\n", "\\n")}"`,
  );
  writeFileSync(".env", `${lines.join("\n")}\n`, { mode: 0o600 });
  log.info({ names: Object.keys(credentials) }, "written to .env");
  return merged;
}
