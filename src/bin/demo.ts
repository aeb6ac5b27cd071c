import { existsSync } from "node:fs";
import type { ExitCode, Terminal } from "./local.ts";
import { UsageError } from "./usage.ts";

export interface DemoOptions {
  readonly once?: boolean;
  readonly port: string;
}

/** Starts the demo, which is part of the checkout and not of the installed program. */
export async function demoCommand(options: DemoOptions, io: Terminal): Promise<ExitCode> {
  const program = new URL("../../demo/main.ts", import.meta.url);
  if (!existsSync(program))
    throw new UsageError("the demo needs a checkout of the project: `npm ci && npm run demo`");
  const { demo } = await import(program.href);
  return demo(options, io);
}
