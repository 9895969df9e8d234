/**
 * `makeElement("p", { class: "note" }, …)` becomes `makeElement("p", "note", …)`, and `makeElement("p", null, …)`
 * `makeElement("p", 0, …)`; src/core/element.ts takes them all.
 */
import { edited, type Edit, nameOf, type Node, tree, walk } from "./trees.ts";

const ELEMENT = "makeElement";

const isText = ({ type, value }: Node): boolean => type === "TemplateLiteral" || (type === "Literal" && typeof value === "string");

export function shortElements(code: string): string {
  const edits: Edit[] = [];
  walk(tree(code), ({ type, callee, arguments: given }) => {
    if (type !== "CallExpression" || (callee as Node).name !== ELEMENT) return;
    const props = (given as Node[])[1];
    if (props?.type === "Literal" && props.value === null) edits.push({ start: props.start, end: props.end, text: "0" });
    if (props?.type !== "ObjectExpression") return;
    const [only, ...more] = props.properties as Node[];
    if (!only || more.length || only.type !== "Property" || nameOf(only) !== "class") return;
    const { start, end } = only.value as Node;
    if (isText(only.value as Node)) edits.push({ start: props.start, end: props.end, text: code.slice(start, end) });
  });
  return edited(code, edits);
}
