declare module "npm-registry-fetch/lib/default-opts.js" {
  const defaults: { readonly registry: string };
  export default defaults;
}

/** The published types lag behind by four major versions. */
declare module "@npmcli/arborist" {
  export interface Node {
    readonly name: string;
    readonly version: string | undefined;
    readonly edgesIn: ReadonlySet<{ readonly from: Node | null }>;
    /** By name. */
    readonly edgesOut: ReadonlyMap<string, Edge>;
  }
  export interface Edge {
    readonly type: "prod" | "dev" | "optional" | "peer" | "peerOptional" | "workspace";
    readonly to: Node | null;
    /** Whether what is there will do; also where nothing is and nothing need be. */
    readonly valid: boolean;
  }
  export interface Tree {
    /** By location, such as `node_modules/a`. */
    readonly inventory: ReadonlyMap<string, Node>;
  }
  export default class Arborist {
    constructor(options: Readonly<Record<string, unknown>>);
    buildIdealTree(options: Readonly<Record<string, unknown>>): Promise<Tree>;
    loadVirtual(options?: Readonly<Record<string, unknown>>): Promise<Tree>;
    reify(options: Readonly<Record<string, unknown>>): Promise<unknown>;
  }
}
