import stringWidth from "string-width";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { lineFor } from "../src/line.js";

test("fills the column", () => {
	const line = lineFor({ date: "2021-10-04", sky: "Rain", degrees: 11.2 });
	assert.match(line, /Mon 4 Oct/);
	assert.is(stringWidth(line), 42);
});

test.run();
