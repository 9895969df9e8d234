/**
 * `function f(x) { return x; }` becomes `const f = (x) => { return x; };`, of which the minifier makes `f=x=>x`.
 *
 * Only for functions at the top that are nothing but called: without `this`, `arguments` and `new`, and never set anew.
 * They all move to the start, since what stands above a function may call it.
 */
import { edited, type Edit, type Node, tree, walk } from "./trees.ts";

const OWN = /^(ThisExpression|MetaProperty|Super)$/;

/** Whether a function means itself by `this`, `arguments` or `new.target`; arrows in it mean it too, functions do not. */
function meansItself(node: Node): boolean {
  let found = false;
  walk([node.params, node.body], (each, around) => {
    const inner = around.some(({ type }) => type === "FunctionExpression" || type === "FunctionDeclaration");
    found ||= !inner && (OWN.test(each.type) || (each.type === "Identifier" && each.name === "arguments"));
  });
  return found;
}

/** Names that something is made of with `new` or `extends`, or that are set anew. */
function others(program: Node): Set<unknown> {
  const names = new Set<unknown>();
  walk(program, ({ type, callee, superClass, left, argument }) => {
    const target = type === "NewExpression" ? callee : type.startsWith("Class") ? superClass : type === "AssignmentExpression" ? left : type === "UpdateExpression" ? argument : null;
    names.add((target as Node | null)?.name);
  });
  // `x instanceof f` and `f.prototype` need what only functions have.
  walk(program, ({ type, right, object, operator }) => {
    if (type === "BinaryExpression" && operator === "instanceof") names.add((right as Node).name);
    if (type === "MemberExpression") names.add((object as Node).name);
  });
  return names;
}

export function asArrows(code: string): string {
  const program = tree(code);
  const left = others(program);
  const edits: Edit[] = [];
  const arrows: string[] = [];
  for (const node of program.body as Node[]) {
    const name = (node.id as Node | null)?.name;
    if (node.type !== "FunctionDeclaration" || node.generator || left.has(name) || meansItself(node)) continue;
    const body = node.body as Node;
    const parameters = code.slice(code.indexOf("(", (node.id as Node).end), body.start);
    arrows.push(`${String(name)} = ${node.async ? "async " : ""}${parameters.trimEnd()} => ${code.slice(body.start, body.end)}`);
    edits.push({ start: node.start, end: node.end, text: "" });
  }
  return arrows.length ? `const ${arrows.join(",\n")};\n${edited(code, edits)}` : code;
}
