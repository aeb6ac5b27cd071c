import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { expect, it } from "vitest";
import { configurationSchemaFile } from "../../script/schema.ts";
import { configurationSchema } from "../../src/config/schema/json.ts";

it("is committed as the code has it", () => {
  expect(JSON.parse(readFileSync(configurationSchemaFile, "utf8"))).toEqual(configurationSchema());
});

it("lets an editor tell right from wrong", () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(configurationSchema());
  const examples = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8").matchAll(
    /```yaml\n(.*?)```/gs,
  );
  const texts = [...examples].map(([, text = ""]) => text);
  expect(texts.length).toBeGreaterThan(0);
  for (const text of texts)
    expect([text, validate(parse(text)), validate.errors]).toEqual([text, true, null]);
  expect(
    validate({ version: 2, updates: [{ "package-ecosystem": "npm", schedule: { interval: "hourly" } }] }),
  ).toBe(false);
  expect(validate({ grups: {} })).toBe(false);
});
