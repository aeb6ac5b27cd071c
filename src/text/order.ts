/** The order of two texts by their code units, the same on every machine: for `sort` and its like. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
