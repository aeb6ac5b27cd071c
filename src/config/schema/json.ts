import { z } from "zod";
import { fileShape } from "./file.ts";

/** The JSON Schema of a configuration file, for editors. It knows less than `config validate` does. */
export function configurationSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(fileShape, { io: "input", reused: "ref" });
  return {
    $schema,
    title: "Steeplejack configuration",
    description: "For .github/steeplejack.yml, and for .github/dependabot.yml, which may say a part of it.",
    ...rest,
  };
}
