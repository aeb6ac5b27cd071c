import { isWithinInterval } from "date-fns";
import Decimal from "decimal.js";

/** A price as the shop writes it: `12.50 €`. */
export function show(price) {
  return `${new Decimal(price).toFixed(2)} €`;
}

/** A price less ten per cent while the sale is on. */
export function inSale(price, sale, now) {
  return isWithinInterval(now, sale) ? new Decimal(price).times("0.9") : new Decimal(price);
}
