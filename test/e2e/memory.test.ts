import { afterEach, describe } from "vitest";
import { commanding } from "./commands.ts";
import { overseeing } from "./dashboards.ts";
import { following } from "./follows.ts";
import { holding } from "./holds.ts";
import { opening } from "./opens.ts";
import { shepherding } from "./shepherds.ts";
import { affecting } from "./impacts.ts";
import { closeStages } from "./stage.ts";

describe("with the queue in memory", { timeout: 60_000 }, () => {
  afterEach(closeStages);
  const where = () => ({});
  affecting(where);
  commanding(where);
  overseeing(where);
  opening(where);
  following(where);
  holding(where);
  shepherding(where);
});
