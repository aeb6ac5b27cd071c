const fs = require("fs");
const path = require("path");
const { AllHtmlEntities } = require("html-entities");
const Mustache = require("mustache");

const entities = new AllHtmlEntities();
const template = fs.readFileSync(path.join(__dirname, "letter.mustache"), "utf8");

/** The letter for one customer, as HTML. */
exports.letter = function letter({ name, orders }) {
  return Mustache.render(template, { name: entities.decode(name), orders });
};
