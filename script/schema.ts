// Writes the JSON Schemas: of what `scan --json` and `update --json` print, and of the configuration. npm run schema.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { configurationSchema } from "../src/config/schema/json.ts";
import { scanReport } from "../src/reports/contract.ts";

export const schemaFile: string = fileURLToPath(new URL("../docs/schema/scan.schema.json", import.meta.url));
export const configurationSchemaFile: string = fileURLToPath(
  new URL("../docs/schema/steeplejack.schema.json", import.meta.url),
);

/** It lets unknown fields pass, since fields may be added. */
export function scanSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(scanReport, { io: "input" });
  return { $schema, title: "Steeplejack scan report, schema 1", ...rest };
}

if (import.meta.main) {
  mkdirSync(new URL("../docs/schema/", import.meta.url), { recursive: true });
  writeFileSync(schemaFile, `${JSON.stringify(scanSchema(), null, 2)}\n`);
  writeFileSync(configurationSchemaFile, `${JSON.stringify(configurationSchema(), null, 2)}\n`);
}
