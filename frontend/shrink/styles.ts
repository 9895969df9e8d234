/** What the style sheet's minifier leaves: `& ` where browsers need none, properties of our own that nobody reads, and their long names. */

const PROPERTY = /--[a-z][\w-]*/g;

/**
 * Nested rules mean what is inside the outer one, with or without `& ` (the browsers of `cssTarget` know that), unless
 * the selector says `&` in another place too.
 */
const withoutAnd = (styles: string): string => styles.replace(/(?<=[{},;])&(?: |(?=>))(?=[^&{},;]+[,{])/g, "");

/** Names from a to z, then from aa, for the properties that are read in the styles or the script, the most frequent first. */
function shortNames(styles: string, script: string): Map<string, string> {
  const said = new Map<string, number>();
  for (const [name] of `${styles} ${script}`.matchAll(PROPERTY)) said.set(name, (said.get(name) ?? 0) + 1);
  const read = [...said.keys()].filter((name) => [styles, script].some((text) => text.includes(`var(${name})`)));
  const often = read.sort((a, b) => said.get(b)! - said.get(a)!);
  return new Map(often.map((name, i) => [name, `--${i < 26 ? "" : String.fromCharCode(96 + Math.floor(i / 26))}${String.fromCharCode(97 + (i % 26))}`]));
}

/** Styles and script with short names for the styles' own properties; the script says them as `var(--name)`, or sets them by `"--name"`. */
export function shortStyles(styles: string, script: string): { styles: string; script: string } {
  const names = shortNames(styles, script);
  const short = (name: string): string => {
    const found = names.get(name);
    if (!found || !styles.includes(`${name}:`)) throw new Error(`The property ${name} is read and never set: is it a slip in the styles?`);
    return found;
  };
  const used = styles.replace(/(--[a-z][\w-]*):[^;{}]*(;|(?=\}))/g, (all, name: string) => (names.has(name) ? all : ""));
  return {
    styles: withoutAnd(used.replace(/\/\*.*?\*\//g, "")).replace(PROPERTY, short),
    script: script.replace(/(?<=var\(|["'`])--[a-z][\w-]*(?=[)"'`])/g, short),
  };
}
