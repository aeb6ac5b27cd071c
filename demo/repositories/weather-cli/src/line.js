import chalk from "chalk";
import dayjs from "dayjs";
import stringWidth from "string-width";

const width = 40;

/** `Mon 4 Oct  Rain ........ 11°`, always as wide as the terminal's narrowest column. */
export function lineFor({ date, sky, degrees }) {
	const day = dayjs(date).format("ddd D MMM");
	const heat = `${Math.round(degrees)}°`;
	const dots = Math.max(3, width - stringWidth(`${day}  ${sky}${heat}`));
	const colour = degrees < 5 ? chalk.blue : degrees > 25 ? chalk.red : chalk.green;
	return `${day}  ${sky} ${chalk.dim(".".repeat(dots))} ${colour(heat)}`;
}
