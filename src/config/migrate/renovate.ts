import { isTable, listOfTexts } from "../../text/data.ts";
import { defaultPolicy } from "../../domain/policy.ts";
import type { ConfigurationFile } from "../schema/file.ts";
import { expanded, merged, type Unmatched } from "./expand.ts";
import { toRegistries } from "./hosts.ts";
import { ecosystemsOf } from "./managers.ts";
import { toOptions } from "./options.ts";
import type { Table } from "./presets.ts";
import { ignoredEverywhere, isSized, toRules } from "./rules.ts";

/** A file of ours, what is to be said of some of its keys, and what has no equal in it. */
export interface Draft {
  readonly file: ConfigurationFile;
  /** By key. */
  readonly comments: Readonly<Record<string, string>>;
  readonly unmatched: readonly Unmatched[];
}

const mostRules = 900;

/**
 * Renovate's configuration as ours. Where Renovate behaves in another way than an empty file of ours, that is said: it
 * groups nothing and leaves out nothing unless it is told to.
 */
export function fromRenovate(values: Table, supported: readonly string[]): Draft {
  const { pieces, unmatched } = expanded(values);
  const whole = merged(pieces);
  const top = whole.values;
  const { options, unmatched: lost } = toOptions(whole, top, (key) => isElsewhere(key, top));
  const { enabled, group: _group, ...general } = options;
  const vulnerabilities = ofVulnerabilities(top["vulnerabilityAlerts"]);
  const placed = [
    ...enabledManagers(top, supported),
    ...Object.entries(top).flatMap(([key, value]) =>
      isTable(value) && ecosystemsOf([key]) !== undefined
        ? [{ place: whole.placeOf(key), values: { matchManagers: [key], ...ofManager(value) } }]
        : [],
    ),
    ...Object.entries(top).flatMap(([key, value]) =>
      isSized(key) && isTable(value)
        ? [{ place: whole.placeOf(key), values: { matchUpdateTypes: [key], ...value } }]
        : [],
    ),
    ...whole.rules,
    ...(Object.keys(vulnerabilities).length > 0
      ? [
          {
            place: whole.placeOf("vulnerabilityAlerts"),
            values: { matchVulnerabilities: true, ...vulnerabilities },
          },
        ]
      : []),
  ];
  const made = placed.map((piece) => toRules(piece, top));
  const rules = [
    ...(enabled === false ? [{ match: {}, enabled }] : []),
    ...made.flatMap((each) => each.rules),
  ];
  const ignore = ignoredEverywhere(top);
  const hosts = toRegistries(top);
  const dashboard = top["dependencyDashboard"];
  return {
    file: {
      "default-groups": false,
      ...(typeof dashboard === "boolean" ? { dashboard } : {}),
      cooldown: { "default-days": defaultPolicy.cooldown.days },
      ...("ignorePaths" in top ? {} : { "exclude-paths": [] }),
      ...general,
      ...(Object.keys(hosts.registries).length === 0 ? {} : { registries: hosts.registries }),
      ...(ignore.length === 0 ? {} : { ignore }),
      ...(rules.length === 0 ? {} : { rules: rules.slice(0, mostRules) }),
    },
    comments: {
      "default-groups":
        "Renovate groups only what it is told to. Without this line small updates travel together.",
      ...("cooldown" in general
        ? {}
        : { cooldown: "Renovate takes a release at once unless it is told to wait: 0 does so too." }),
      ...("ignorePaths" in top
        ? {}
        : { "exclude-paths": "Without this line tests, fixtures, examples and vendored code are left out." }),
    },
    unmatched: [
      ...unmatched,
      ...lost,
      ...hosts.unmatched,
      ...made.flatMap((each) => each.unmatched),
      ...(rules.length > mostRules
        ? [{ place: "packageRules", why: `only the first ${mostRules} rules are taken` }]
        : []),
    ],
  };
}

function isElsewhere(key: string, top: Table): boolean {
  const isManager = isTable(top[key]) && ecosystemsOf([key]) !== undefined;
  return isManager || isSized(key) || ["ignoreDeps", "enabledManagers", "hostRules"].includes(key);
}

/** What is not among `enabledManagers` is turned off. */
function enabledManagers(top: Table, supported: readonly string[]) {
  const wanted = listOfTexts(top["enabledManagers"]);
  if (wanted === undefined) return [];
  const ids = wanted.flatMap((name) => ecosystemsOf([name]) ?? []);
  return supported
    .filter((id) => !ids.includes(id))
    .map((id) => ({ place: "enabledManagers", values: { matchManagers: [id], enabled: false } }));
}

/** What a manager is told; where its files are is found out. */
function ofManager(value: Table): Table {
  const kept = Object.entries(value).filter(
    ([key, said]) =>
      !["fileMatch", "managerFilePatterns"].includes(key) && !(key === "enabled" && said === true),
  );
  return Object.fromEntries(kept);
}

function ofVulnerabilities(value: unknown): Table {
  if (!isTable(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "enabled"));
}
