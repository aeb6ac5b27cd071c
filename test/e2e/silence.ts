import { once } from "node:events";
import { createServer } from "node:http";

/** A server that takes every request and never answers. */
export async function startSilence(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(() => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
