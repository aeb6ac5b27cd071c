/** A text of code in a file. */
export interface Script {
  /** Its ending tells the language. */
  readonly path: string;
  /** On the lines where it stands in the file. */
  readonly text: string;
  /** Whether nothing else in the file can use what it binds. */
  readonly isWhole: boolean;
}

/** The code of a source; of a component of Vue or Svelte its scripts. */
export function scriptsIn(path: string, text: string): readonly Script[] {
  if (!isComponent(path)) return [{ path, text, isWhole: true }];
  const scripts = text.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script\s*>/gi);
  return [...scripts].map(({ 0: whole, 1: attributes = "", 2: code = "", index }) => {
    const start = index + whole.indexOf(">", attributes.length) + 1;
    const before = text.slice(0, start).replace(/[^\n]/g, "");
    const language = /\blang\s*=\s*["']?(tsx?|jsx)/i.exec(attributes)?.[1]?.toLowerCase() ?? "js";
    return { path: `${path}.${language}`, text: before + code, isWhole: false };
  });
}

function isComponent(path: string): boolean {
  return /\.(?:vue|svelte)$/.test(path);
}
