import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { ConfigurationSource } from "../domain/ports.ts";
import { localFiles } from "./local.ts";

/** Configuration files of other repositories, from a folder that holds them as `owner/name`. Refs are not looked at. */
export function folderConfiguration(folder: string): ConfigurationSource {
  return {
    async read({ owner, name }, path) {
      const checkout = join(folder, owner, name);
      const found = await stat(checkout).catch(() => undefined);
      return owner !== "" && found?.isDirectory() === true ? localFiles(checkout).read(path) : undefined;
    },
  };
}
