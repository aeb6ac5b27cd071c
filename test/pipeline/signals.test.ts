import { describe, expect, it } from "vitest";
import type { ReleaseDetails } from "../../src/domain/types.ts";
import { npm } from "../../src/ecosystems/npm/index.ts";
import { signalsOf } from "../../src/pipeline/signals.ts";
import { cannedHttp } from "../fakes.ts";

const plain: ReleaseDetails = {
  license: "MIT",
  publisher: "ada",
  isTrusted: false,
  installScripts: [],
  hasProvenance: true,
  engines: { node: ">=18" },
};

describe("what changed between two releases besides the code", () => {
  it.each<[string, Partial<ReleaseDetails>, Partial<ReleaseDetails>, string[]]>([
    ["nothing", {}, {}, []],
    [
      "a new install script",
      {},
      { installScripts: ["preinstall", "postinstall"] },
      ["runs preinstall and postinstall when it is installed, which 1.0.0 did not"],
    ],
    ["an old install script", { installScripts: ["install"] }, { installScripts: ["install"] }, []],
    ["another publisher", {}, { publisher: "bob" }, ["was published by bob; 1.0.0 by ada"]],
    ["a trusted build", {}, { publisher: "GitHub Actions", isTrusted: true }, []],
    [
      "a person after a trusted build",
      { publisher: "GitHub Actions", isTrusted: true },
      {},
      ["was published by the account ada; 1.0.0 came from a trusted build"],
    ],
    [
      "lost provenance",
      {},
      { hasProvenance: false },
      ["has no provenance, which 1.0.0 had: nothing attests what it was built from"],
    ],
    ["another licence", {}, { license: "BUSL-1.1" }, ["is licensed under BUSL-1.1; it was MIT"]],
    ["another runtime", {}, { engines: { node: ">=20", npm: ">=10" } }, ["asks for node >=20; it was >=18"]],
  ])("tells %s", (_, before, after, told) => {
    const signals = signalsOf({ ...plain, ...before }, { ...plain, ...after }, "1.0.0");
    expect(signals.map(({ detail }) => detail)).toEqual(told);
  });

  it("says nothing of what a mirror leaves out", () => {
    const bare: ReleaseDetails = { isTrusted: false, installScripts: [], hasProvenance: false, engines: {} };
    expect(signalsOf(bare, bare, "1.0.0")).toEqual([]);
    expect(signalsOf(bare, { ...plain, engines: {}, hasProvenance: true }, "1.0.0")).toEqual([]);
  });
});

describe("what npm's registry says of one release", () => {
  const ecosystem = npm({ registry: "https://registry.test/" });

  it("is read of the release's own document", async () => {
    const http = cannedHttp({
      "https://registry.test/@acme%2Fa/1.0.0": {
        license: { type: "MIT" },
        _npmUser: { name: "GitHub Actions", trustedPublisher: { id: "github" } },
        scripts: { postinstall: "node build.js", test: "vitest" },
        engines: { node: ">=20", odd: 1 },
        dist: { attestations: { provenance: { predicateType: "https://slsa.dev/provenance/v1" } } },
      },
    });
    expect(await ecosystem.details?.({ name: "@acme/a" }, "1.0.0", http)).toEqual({
      license: "MIT",
      publisher: "GitHub Actions",
      isTrusted: true,
      installScripts: ["postinstall"],
      hasProvenance: true,
      engines: { node: ">=20" },
    });
  });

  it("is nothing where the registry does not know it, and plain where it says little", async () => {
    const http = cannedHttp({
      "https://registry.test/a/1.0.0": undefined,
      "https://registry.test/a/2.0.0": { license: 7, hasInstallScript: true, _npmUser: null },
    });
    expect(await ecosystem.details?.({ name: "a" }, "1.0.0", http)).toBeUndefined();
    expect(await ecosystem.details?.({ name: "a" }, "2.0.0", http)).toEqual({
      isTrusted: false,
      installScripts: ["install"],
      hasProvenance: false,
      engines: {},
    });
  });
});
