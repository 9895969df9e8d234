/**
 * What a program says often, said once: texts, names of members and keys, functions of the language.
 *
 * Each gets a constant at the top, and the minifier, which comes after this, gives constants the shortest names. The
 * program does the same as before: `x.replace` becomes `x[a]` with `a = "replace"`. So nothing has to be known about
 * who else says a name, which is why this was taken and not shorter names of properties (docs/decisions/said-once.md).
 */
import { edited, type Edit, nameOf, type Node, textOf, tree, walk } from "./trees.ts";

/** A place that can say a constant instead. */
interface Place {
  edit: (constant: string) => Edit;
  /** Characters that this saves with a constant of no length. */
  saves: number;
}

/** Functions that need no `this`. */
const FUNCTIONS = /^(Math\.[a-z]\w*|Number\.\w+|Array\.(from|isArray)|JSON\.\w+|Object\.(entries|assign|keys|values|is|fromEntries))$/;

/** Length of a constant's name in the mean, and what one must save to be worth having. */
const NAME = 1.6;
const LEAST = 4;

/** Between texts in the list of all; a text with it, or with what needs escapes, stays where it is. */
const BETWEEN = "|";
const AWKWARD = /[|\\`$\n]/;

function member(node: Node, code: string): Place {
  const { end } = node.object as Node;
  const dot = end + code.slice(end, node.end).search(/\?\.|\./);
  const before = code[dot] === "?" ? "?.[" : "[";
  return { edit: (constant) => ({ start: dot, end: node.end, text: `${before}${constant}]` }), saves: node.end - dot - before.length - 1 };
}

function key(node: Node): Place {
  const { start, end } = node.key as Node;
  const edit: Place["edit"] = node.shorthand
    ? (constant) => ({ start, end: start, text: `[${constant}]: ` })
    : (constant) => ({ start, end, text: `[${constant}]` });
  return { edit, saves: end - start - 2 };
}

function text({ start, end }: Node, code: string): Place {
  // `case"a"` and `return"a"` need no space, with a constant they do.
  const before = /[\w$]/.test(code[start - 1] ?? "") ? " " : "";
  return { edit: (constant) => ({ start, end, text: before + constant }), saves: end - start - before.length };
}

const isTypeof = (side: unknown): boolean => (side as Node).type === "UnaryExpression" && (side as Node).operator === "typeof";

/** Texts that are no values: where from and what to import, names of methods, "use strict", what engines compare with `typeof`. */
const isFixed = (node: Node, [parent]: readonly Node[]): boolean =>
  /^(Import|Export|TaggedTemplate)/.test(parent.type) ||
  "directive" in parent ||
  (parent.key === node && !parent.computed) ||
  (parent.type === "BinaryExpression" && (isTypeof(parent.left) || isTypeof(parent.right)));

function placeOf(node: Node, around: readonly Node[], code: string): [string, Place] | null {
  const name = nameOf(node);
  if (node.type === "MemberExpression" && name !== undefined && (node.property as Node).type === "Identifier") return [name, member(node, code)];
  // `__proto__` as a key is no member's name; methods and accessors keep theirs.
  if (node.type === "Property" && name !== undefined && name !== "__proto__" && node.kind === "init" && !node.method) return [name, key(node)];
  const said = textOf(node);
  return said === undefined || isFixed(node, around.slice(-1)) ? null : [said, text(node, code)];
}

export function sayOnce(code: string): string {
  const places = new Map<string, Place[]>();
  const functions = new Map<string, Node[]>();
  const add = <T>(to: Map<string, T[]>, name: string, found: T): unknown => to.get(name)?.push(found) ?? to.set(name, [found]);
  walk(tree(code), (node, around) => {
    const parent = around.at(-1);
    if (!parent) return;
    const said = code.slice(node.start, node.end);
    if (node.type === "MemberExpression" && parent.callee === node && FUNCTIONS.test(said)) return void add(functions, said, node);
    const found = placeOf(node, around, code);
    if (found) add(places, ...found);
  });

  const edits: Edit[] = [];
  let made = 0;
  const fresh = (): string => {
    const constant = `$once${made++}`;
    if (code.includes(constant)) throw new Error(`The bundle already has a name ${constant}: choose another prefix in frontend/shrink/once.ts.`);
    return constant;
  };
  const head: string[] = [];
  for (const [said, nodes] of functions) {
    if (nodes.length < 2) continue;
    const constant = fresh();
    head.push(`${constant} = ${said}`);
    edits.push(...nodes.map(({ start, end }) => ({ start, end, text: constant })));
  }
  const texts: [string, string][] = [];
  for (const [said, all] of places) {
    if (AWKWARD.test(said)) continue;
    const worth = all.filter(({ saves }) => saves > NAME);
    const cost = said.length + BETWEEN.length + NAME + 1;
    if (worth.reduce((sum, { saves }) => sum + saves - NAME, -cost) < LEAST) continue;
    const constant = fresh();
    texts.push([constant, said]);
    edits.push(...worth.map(({ edit }) => edit(constant)));
  }
  // One text to be split, because a minifier puts constants with a value of their own back into their places. Each goes
  // through the keys of an object, which engines keep once only: members are then found by it as fast as by their name.
  const [constants, said] = [0, 1].map((part) => texts.map((each) => each[part]));
  const split = `${JSON.stringify(said.join(BETWEEN))}.split(${JSON.stringify(BETWEEN)}).map((text) => Object.keys({ [text]: 0 })[0])`;
  if (texts.length) head.push(`[${constants.join()}] = ${split}`);
  return head.length ? `const ${head.join(", ")};\n${edited(code, edits)}` : code;
}
