/** How often a step from one version of a package to another has passed and failed, each repository once. */
export interface Evidence {
  readonly passed: number;
  readonly failed: number;
}

/** From 0 to 1: between which bounds the share of repositories lies in which a step passes, with nine chances in ten. */
export interface Confidence {
  readonly low: number;
  readonly high: number;
}

/**
 * What evidence allows to say: before any, every share is as likely as every other (Beta(1, 1)), and each pass and each
 * failure counts once. The bounds leave out one chance in twenty on each side; where nothing failed there is no upper one,
 * and where nothing passed no lower one.
 */
export function confidenceOf({ passed, failed }: Evidence): Confidence {
  const [a, b] = [passed + 1, failed + 1];
  return {
    low: passed === 0 ? 0 : quantile(a, b, 0.05),
    high: failed === 0 ? 1 : quantile(a, b, 0.95),
  };
}

/** Such as `5 of 5 here (61–100 %)`; empty without evidence. */
export function evidenceText(evidence: Evidence): string {
  const total = evidence.passed + evidence.failed;
  if (total === 0) return "";
  const { low, high } = confidenceOf(evidence);
  return `${evidence.passed} of ${total} here (${Math.round(low * 100)}–${Math.round(high * 100)} %)`;
}

/** Where a beta distribution with whole parameters has this much below it, to a thousandth. */
function quantile(a: number, b: number, share: number): number {
  let [low, high] = [0, 1];
  while (high - low > 0.0005) {
    const middle = (low + high) / 2;
    if (below(a, b, middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How much of it lies below `x`: as likely as `a` hits or more in `a + b - 1` throws that hit with chance `x`. */
function below(a: number, b: number, x: number): number {
  const throws = a + b - 1;
  let total = 0;
  for (let hits = a; hits <= throws; hits++)
    total += Math.exp(logChoose(throws, hits) + hits * Math.log(x) + (throws - hits) * Math.log(1 - x));
  return total;
}

function logChoose(n: number, k: number): number {
  let total = 0;
  for (let at = 1; at <= Math.min(k, n - k); at++) total += Math.log(n - at + 1) - Math.log(at);
  return total;
}
