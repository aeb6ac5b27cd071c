import { join } from "node:path";
import type { NativeRun, Program, ToolLimits } from "../domain/ports.ts";
import { openGateway } from "./gateway.ts";
import { runAtDesk } from "./program.ts";

/**
 * Runs a program of machine code in a folder with the given files. Nothing holds it but what it is told: an environment
 * with an empty home, no path to other programs, and a proxy that is its whole network. Throws `ProgramError`.
 */
export async function runNative(
  folder: string,
  program: Program,
  order: NativeRun,
  limits: ToolLimits,
): Promise<Readonly<Record<string, string>>> {
  const gateway = await openGateway(order.answer);
  try {
    return await runAtDesk(program, order, limits, (base) => ({
      file: join(folder, program.entry),
      args: order.args,
      environment: {
        PATH: join(base, "home", "no-programs"),
        HTTP_PROXY: gateway.address,
        HTTPS_PROXY: gateway.address,
        http_proxy: gateway.address,
        https_proxy: gateway.address,
      },
    }));
  } finally {
    await gateway.close();
  }
}
