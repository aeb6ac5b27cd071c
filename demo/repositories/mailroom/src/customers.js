const _ = require("lodash");
const fetch = require("node-fetch");

/** Customers who ordered after a time, each once, with their orders. */
exports.customers = async function customers(after) {
  const response = await fetch(`${process.env.SHOP_URL}/orders?after=${after}`);
  const orders = await response.json();
  return _.map(_.groupBy(orders, "customer.id"), (own) => ({ ...own[0].customer, orders: own }));
};
