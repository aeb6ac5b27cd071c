#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { program } from "commander";
import { lineFor } from "./line.js";

program
	.name("weather")
	.description("Today's weather, in one line")
	.argument("<file>", "a forecast, as the station writes it")
	.option("--celsius", "degrees in Celsius", true)
	.parse();

const forecast = JSON.parse(readFileSync(program.args[0], "utf8"));
console.log(lineFor(forecast, program.opts()));
