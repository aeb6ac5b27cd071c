import type { Ecosystem } from "./ecosystem.ts";
import { npm, type NpmOptions } from "./npm/index.ts";

/** What the operator decides for each ecosystem. */
export interface EcosystemOptions {
  readonly npm?: NpmOptions;
}

/** Every ecosystem that is supported. */
export function ecosystems(options: EcosystemOptions = {}): readonly Ecosystem[] {
  return [npm(options.npm)];
}
