/** A program as a tree, and how to change its text in places. */
import { parseSync } from "vite";

export interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

export interface Edit {
  start: number;
  end: number;
  text: string;
}

export function tree(code: string): Node {
  const { program, errors } = parseSync("bundle.js", code);
  if (errors.length) throw new Error(`The bundle can't be read: ${errors[0].message}`);
  return program as unknown as Node;
}

/** Every node, the outer before the inner, with those around it: the nearest is last. */
export function walk(found: unknown, visit: (node: Node, around: readonly Node[]) => void, around: readonly Node[] = []): void {
  if (Array.isArray(found)) return found.forEach((each) => walk(each, visit, around));
  const node = found as Node | null;
  if (typeof node?.type !== "string") return;
  visit(node, around);
  const inside = [...around, node];
  for (const value of Object.values(node)) if (typeof value === "object") walk(value, visit, inside);
}

/** What a key or a member is called; undefined for what is worked out while the program runs, and for numbers. */
export function nameOf({ type, key, property, computed }: Node): string | undefined {
  const said = (type === "MemberExpression" ? property : key) as Node | undefined;
  if (!said || computed) return undefined;
  return said.type === "Identifier" ? (said.name as string) : textOf(said);
}

/** The text that a node stands for: quoted, or between backticks with nothing to fill in. */
export function textOf({ type, value, quasis, expressions }: Node): string | undefined {
  if (type === "Literal") return typeof value === "string" ? value : undefined;
  if (type !== "TemplateLiteral" || (expressions as Node[]).length) return undefined;
  return ((quasis as Node[])[0].value as { cooked: string }).cooked;
}

/** The text with its changes; two changes of one place are a mistake. */
export function edited(code: string, edits: readonly Edit[]): string {
  let at = 0;
  let out = "";
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start)) {
    if (start < at) throw new Error(`Two changes of one place in the bundle: ${code.slice(start, end)}`);
    out += code.slice(at, start) + text;
    at = end;
  }
  return out + code.slice(at);
}
