import { total } from "@acme/cart";
import { show } from "@acme/prices";
import clsx from "clsx";
import { h } from "preact";

/** The basket in the page's corner. */
export function Basket({ lines, open }) {
  return h(
    "aside",
    { class: clsx("basket", { open, empty: lines.length === 0 }) },
    lines.map(({ name, amount }) => h("p", {}, `${amount} × ${name}`)),
    h("strong", {}, show(total(lines))),
  );
}
