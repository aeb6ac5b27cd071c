declare module "npm-registry-fetch/lib/default-opts.js" {
  const defaults: { readonly registry: string };
  export default defaults;
}

/** The published types lag behind by four major versions. */
declare module "@npmcli/arborist" {
  export default class Arborist {
    constructor(options: Readonly<Record<string, unknown>>);
    buildIdealTree(options: Readonly<Record<string, unknown>>): Promise<unknown>;
    reify(options: Readonly<Record<string, unknown>>): Promise<unknown>;
  }
}
