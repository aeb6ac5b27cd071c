/** The file that a repository without a configuration is offered: what holds anyway, written out, and what could be said. */
export const offeredFile = `# How Steeplejack keeps the dependencies of this repository fresh. Every line can go:
# without it the same holds, unless it says otherwise. \`steeplejack config show\` tells what holds.

# mode: report # opens nothing, and logs what it would open

# Small updates share a pull request, majors have their own. Groups of your own:
# groups:
#   lint: { patterns: ["eslint*", "prettier"] }

# How old a release must be. What mends an advisory never waits.
cooldown:
  default-days: 3

# New pull requests come at any time. Or:
# schedule: before 5am on monday

# How many pull requests for version updates may be open.
open-pull-requests-limit: 10

# ignore:
#   - dependency-name: "left-pad"
#   - dependency-name: "react"
#     update-types: ["version-update:semver-major"]
`;
