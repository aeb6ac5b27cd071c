const weights = new Map<string, number>();
const unknown = Number.NaN;

/**
 * One number in the order of versions for what nearly all are: three small numbers, and perhaps a prerelease, whose
 * weight is below zero. NaN for every other, valid or not.
 */
export function weightOf(version: string): number {
  const known = weights.get(version);
  if (known !== undefined) return known;
  const weight = weigh(version);
  if (weights.size > 200_000) weights.clear();
  weights.set(version, weight);
  return weight;
}

const [zero, nine, dot, hyphen] = [0x30, 0x39, 0x2e, 0x2d];
const identifier = String.raw`(?:0|[1-9]\d{0,8}|\d*[A-Za-z-][\dA-Za-z-]*)`;
const prerelease = new RegExp(String.raw`^(?=.{1,200}$)${identifier}(?:\.${identifier})*$`);

function weigh(version: string): number {
  let weight = 0;
  let at = 0;
  for (let part = 0; part < 3; part++) {
    if (part > 0 && version.charCodeAt(at++) !== dot) return unknown;
    const start = at;
    let number = 0;
    for (let code = version.charCodeAt(at); code >= zero && code <= nine; code = version.charCodeAt(++at))
      number = number * 10 + code - zero;
    const length = at - start;
    if (length === 0 || length > 5 || (length > 1 && version.charCodeAt(start) === zero)) return unknown;
    weight = weight * 1e5 + number;
  }
  if (at === version.length) return weight;
  return version.charCodeAt(at) === hyphen && prerelease.test(version.slice(at + 1)) ? -1 - weight : unknown;
}

/** The weight of what a prerelease leads to, or of a release itself. */
export function releaseOf(weight: number): number {
  return weight < 0 ? -1 - weight : weight;
}

/** The first two numbers of what has this weight. */
export function partsOf(weight: number): { readonly major: number; readonly minor: number } {
  const release = releaseOf(weight);
  return { major: Math.floor(release / 1e10), minor: Math.floor(release / 1e5) % 1e5 };
}
