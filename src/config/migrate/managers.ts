/** What Renovate's managers, data sources and categories are called here, several names for one among them. */
const names: Readonly<Record<string, readonly string[]>> = {
  npm: ["npm", "bun", "node", "js", "node-version", "nvm", "nodenv"],
  "github-actions": ["github-actions", "ci"],
  docker: ["dockerfile", "docker"],
  "docker-compose": ["docker-compose"],
  devcontainers: ["devcontainer"],
  gomod: ["gomod", "go", "golang"],
  pip: [
    "pip_requirements",
    "pip_setup",
    "pip-compile",
    "pipenv",
    "poetry",
    "pep621",
    "setup-cfg",
    "pypi",
    "python",
  ],
  cargo: ["cargo", "crate", "rust"],
  maven: ["maven", "maven-wrapper"],
  gradle: ["gradle", "gradle-wrapper", "gradle-version"],
  nuget: ["nuget", "dotnet"],
  composer: ["composer", "packagist", "php"],
  bundler: ["bundler", "rubygems", "ruby"],
  terraform: ["terraform", "terraform-module", "terraform-provider", "terragrunt"],
  helm: ["helmv3", "helm", "helm-values", "helmfile"],
  gitsubmodule: ["git-submodules", "git-refs"],
  "pre-commit": ["pre-commit"],
  pub: ["pub", "dart"],
  swift: ["swift"],
  mix: ["mix", "hex", "elixir"],
};

const known = new Map(Object.entries(names).flatMap(([id, all]) => all.map((name) => [name, id] as const)));

/** The ecosystems that are meant; `undefined` where one of them is not known. `java` is two. */
export function ecosystemsOf(texts: readonly string[]): readonly string[] | undefined {
  const found = texts.flatMap((text) => (text === "java" ? ["maven", "gradle"] : [known.get(text)]));
  const ids = found.filter((id) => id !== undefined);
  return ids.length === found.length && ids.length > 0 ? [...new Set(ids)] : undefined;
}
