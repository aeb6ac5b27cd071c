/**
 * A text of ours with its commands as they are said to this App: it may be registered under another name than Steeplejack.
 * What comes from outside mentions nobody and stays as it is. `login` is the App's, such as `steeplejack[bot]`.
 */
export function addressed(text: string, login: string): string {
  return text.replaceAll("`@steeplejack ", `\`@${slugOf(login)} `);
}

/** What GitHub calls the App. */
export function slugOf(login: string): string {
  return login.replace(/\[bot\]$/, "");
}
