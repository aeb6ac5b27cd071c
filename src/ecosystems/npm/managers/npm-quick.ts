import semver from "semver";

const noAddress = Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" });

/**
 * For a process that does nothing but npm's work. What npm asks a hundred thousand times for one lockfile is answered
 * alike in a fraction of the time: an exception comes with its trace, which took a third of the work.
 */
export function answerQuickly(): void {
  // Every requirement is tried as an address.
  const NativeUrl = URL;
  globalThis.URL = class extends NativeUrl {
    constructor(input: string | URL, base?: string | URL) {
      if (!NativeUrl.canParse(String(input), base?.toString())) throw noAddress;
      super(input, base);
    }
  };

  // And as a version, which semver tells by an exception, too. A version begins with a digit.
  const { valid } = semver;
  Object.assign(semver, {
    valid: (version: unknown, options: unknown) =>
      typeof version === "string" && !/^[\s=v]*\d/.test(version)
        ? null
        : Reflect.apply(valid, semver, [version, options]),
  });

  // Packages are looked up by the normal form of their names, nearly always themselves, each all over a tree.
  // oxlint-disable-next-line typescript/unbound-method -- it is called on texts below
  const { normalize } = String.prototype;
  let last = "";
  Object.assign(String.prototype, {
    normalize(this: string, form?: string) {
      if (form !== "NFKD") return Reflect.apply(normalize, this, [form]);
      if (this === last) return last;
      const normal = Reflect.apply(normalize, this, [form]);
      if (normal === this) last = normal;
      return normal;
    },
  });
}
