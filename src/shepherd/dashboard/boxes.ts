/** What a box of the dashboard has done when somebody ticks it. */
export type Act =
  /** Opens the pull request of a group now, whatever its schedule and limits say; or tries once more. */
  | { readonly kind: "open" | "retry"; readonly key: string }
  | { readonly kind: "rebase"; readonly number: number }
  /** Takes back what people said about a package. */
  | { readonly kind: "unignore"; readonly name: string };

/** Nobody ticks more at a time. */
const mostActs = 100;

/** The beginning of a line with a box that nobody has ticked. */
export function boxOf(act: Act): string {
  return `- [ ] <!-- act:${act.kind} ${encoded(subjectOf(act))} -->`;
}

/** What the ticked boxes of a dashboard ask for. */
export function ticked(body: string): readonly Act[] {
  const lines = body.matchAll(/^- \[x\] <!-- act:(open|retry|rebase|unignore) (\S{1,700}) -->/gim);
  return [...lines].slice(0, mostActs).flatMap(([, kind = "", text = ""]) => {
    const subject = decoded(text);
    return subject === undefined ? [] : (actOf(kind.toLowerCase(), subject) ?? []);
  });
}

/** The same text with no box ticked. */
export function untick(body: string): string {
  return body.replace(/^- \[x\] (?=<!-- act:)/gim, "- [ ] ");
}

function subjectOf(act: Act): string {
  if (act.kind === "rebase") return String(act.number);
  return act.kind === "unignore" ? act.name : act.key;
}

function actOf(kind: string, subject: string): Act | undefined {
  switch (kind) {
    case "open":
    case "retry":
      return { kind, key: subject };
    case "unignore":
      return { kind, name: subject };
    case "rebase":
      return /^\d{1,9}$/.test(subject) ? { kind, number: Number(subject) } : undefined;
    default:
      return undefined;
  }
}

/** Neither a space nor the end of an HTML comment stands in it. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll("--", "-%2D");
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a box that was edited by hand asks for nothing
  }
}
