import type { Impact } from "../../../domain/impact.ts";
import { messageOf, RateLimitError } from "../../../domain/errors.ts";
import type { HttpClient, Tools } from "../../../domain/ports.ts";
import type { ReleaseStep, UsageReader } from "../../ecosystem.ts";
import type { UsageQuestion } from "./tool.ts";

const tool = new URL("tool.ts", import.meta.url);
const limits = { seconds: 60, megabytes: 1_024 };

/**
 * Reads JavaScript and TypeScript: what sources import, and what the archives of two releases export. Code of strangers is
 * parsed, never run, and in a process of its own: what takes too long or too much there ends that alone.
 */
export const usage: UsageReader = {
  claims: (path) =>
    /\.(?:[cm]?[jt]sx?|vue|svelte)$/.test(path) &&
    !/(?:^|\/)(?:node_modules|dist|build|out|vendor|coverage|\.yarn|__snapshots__)\//.test(path) &&
    !/\.min\.\w+$|\.bundle\.\w+$/.test(path),

  async compare(steps, sources, { http, tools }) {
    const texts = Object.values(sources);
    const found = await Promise.all(
      steps.map(async (step) =>
        // What nothing names is in no need of archives.
        texts.some((text) => text.includes(step.name)) ? releasesOf(step, http) : unused,
      ),
    );
    const asked = found.flatMap((one) => ("kind" in one ? [] : [one]));
    const answers = asked.length === 0 ? [] : await ask({ steps: asked, sources }, tools);
    const left = answers.values();
    return found.map((one) => ("kind" in one ? one : (left.next().value ?? untold("nothing was answered"))));
  },
};

const unused: Impact = { kind: "known", used: 0, breaks: [], unseen: [] };

function untold(why: string): Impact {
  return { kind: "unknown", why };
}

async function releasesOf(
  { name, before, after }: ReleaseStep,
  http: HttpClient,
): Promise<UsageQuestion["steps"][number] | Impact> {
  // Loaded with the first question: a scan asks none.
  const { filesOf } = await import("./release.ts");
  try {
    const [old, fresh] = await Promise.all([before, after].map((archive) => filesOf(http, archive)));
    if (old === undefined || fresh === undefined) return untold("an archive of it is not in the registry");
    return { name, before: old, after: fresh };
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    return untold(`an archive of it could not be read: ${messageOf(error)}`);
  }
}

async function ask(question: UsageQuestion, tools: Tools): Promise<readonly Impact[]> {
  try {
    return await tools.call<readonly Impact[]>(tool, question, limits);
  } catch (error) {
    const why = `the code could not be read: ${messageOf(error)}`;
    return question.steps.map(() => untold(why));
  }
}
