import { diskCache } from "../../src/cache/disk.ts";

/** Writes a hundred entries, in pieces, into a cache that others write to. */
const [folder = "", name = ""] = process.argv.slice(2);
const faults: string[] = [];
const cache = diskCache(folder, { onFault: (message) => faults.push(message) });
for (let index = 0; index < 100; index++) {
  await cache.set(`${name} ${index}`, `${name} ${index} `.repeat(1_000));
  if (index % 10 === 9) await new Promise((resolve) => setImmediate(resolve));
}
cache.close();
process.stdout.write(faults.join("\n"));
