import { differenceInHours } from "date-fns";
import Decimal from "decimal.js";
import { array, assert, integer, min, object, string } from "superstruct";

const Lines = array(object({ name: string(), price: string(), amount: min(integer(), 1) }));

/** The sum of a cart, exact to the cent. Throws on lines that are none. */
export function total(lines) {
  assert(lines, Lines);
  return lines.reduce((sum, { price, amount }) => sum.plus(new Decimal(price).times(amount)), new Decimal(0));
}

/** Whether a cart is old enough to be forgotten. */
export function isForgotten(touchedAt, now) {
  return differenceInHours(now, touchedAt) >= 72;
}
