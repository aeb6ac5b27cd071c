const fs = require("fs");
const path = require("path");
const minimist = require("minimist");
const mkdirp = require("mkdirp");
const ms = require("ms");
const { customers } = require("./customers");
const { letter } = require("./letter");

const { out = "letters", since = "7d" } = minimist(process.argv.slice(2));

async function main() {
  mkdirp.sync(out);
  for (const customer of await customers(Date.now() - ms(since))) {
    fs.writeFileSync(path.join(out, `${customer.id}.html`), letter(customer));
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
