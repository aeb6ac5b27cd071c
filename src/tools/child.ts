import { guardNetwork } from "./guard.ts";

/** What a parent process sends: call `main` of a module. */
export interface Order {
  readonly module: string;
  readonly input: unknown;
  readonly trustedHosts: readonly string[];
}

/** What comes back. */
export type Outcome =
  | { readonly value: unknown }
  | {
      readonly name: string;
      readonly message: string;
      readonly code?: string | undefined;
      /** Names of what may be at fault, where `main` tells. */
      readonly suspects?: readonly string[];
    };

/** This file is the program of a tool's process; see tools.ts. */
process.on("message", (order: Order) => {
  guardNetwork(new Set(order.trustedHosts));
  void import(order.module)
    .then(async (module: { main(input: unknown): Promise<unknown> }): Promise<Outcome> => {
      return { value: await module.main(order.input) };
    })
    .catch((error: unknown): Outcome => {
      if (!(error instanceof Error)) return { name: "Error", message: String(error) };
      const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
      const suspects = "suspects" in error && Array.isArray(error.suspects) ? error.suspects.map(String) : [];
      return { name: error.name, message: error.message, code, suspects };
    })
    .then((outcome) => process.send?.(outcome));
});
process.on("disconnect", () => process.exit());
