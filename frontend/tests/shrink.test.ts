/** What the build does to the bundle on its way to the minifier: programs do the same before and after. */
import { minifySync } from "vite";
import { describe, expect, test } from "vitest";
import { asArrows } from "../shrink/arrows";
import { shortElements } from "../shrink/elements";
import { sayOnce } from "../shrink/once";
import { shortStyles } from "../shrink/styles";

const run = (code: string): unknown => new Function(`${code}\nreturn result;`)();
const minified = (code: string): string => minifySync("bundle.js", code, { compress: true, mangle: true, codegen: true }).code;

/** Each way in which a program can say a text or a name, with names long enough and often enough to be said once. */
const PROGRAM = `
"use strict";
const picture = { values: [3, 1, 2], label: "a picture", "data-label": "a picture", 7: "seven", values2: null };
class Shown {
  static values = "a picture";
  #values = 4;
  label = "a picture";
  get values() { return this.#values; }
  set values(found) { this.#values = found; }
  "data-label"() { return this.values + this.label.length; }
}
const shown = new Shown();
shown.values = 5;
shown.values++;
const { values, label: said = "a picture", missing = "a picture", ...others } = picture;
const { values: [first, ...more] } = picture;
const read = ({ label, values }) => ({ label, values });
const kind = (text) => { switch (text) { case"a picture":return"a picture";default:return\`a picture\`.label } };
const inherits = { __proto__: { label: "a picture" } };
const method = { values() { return this.label; }, get label() { return "a picture"; } };
const raw = String.raw\`a picture\`;
delete picture.values2;
const loose = (0, picture.values.concat)(1).length;
const result = JSON.stringify([
  picture, values, said, missing, others, first, more, read(picture), kind("a picture"), kind("x"), inherits.label, Object.keys(inherits),
  method.values(), method.label, raw, shown.values, shown["data-label"](), Shown.values, picture?.label?.length, picture.nothing?.label.length,
  typeof picture === "object", "label" in picture, \`\${picture.label} has \${picture.values.length}\`, Math.max(1, 2), Math.max(...picture.values),
  Math.min(1, 2), Math.min(3), Number.isFinite(3), Number.isFinite(NaN), Object.keys(picture), 1..toFixed(2), 2..toFixed(3), picture.values.toString().length,
  picture["label"], picture[7], (picture).label, picture . label, picture
    .label,
]);`.replace("(0, picture.values.concat)(1).length", "[1].concat(picture.values).length");

describe("said once", () => {
  test("does the same, minified too", () => {
    const once = sayOnce(PROGRAM);
    for (const code of [once, minified(once)]) expect(run(code)).toBe(run(PROGRAM));
    for (const gone of [".label", ".values", "Math.max(", '"data-label"']) expect(once.split(gone).length).toBeLessThan(PROGRAM.split(gone).length);
    // The list, the raw text, the method's own name and what is part of a longer text.
    expect(minified(once).split("a picture").length - 1).toBe(2);
  });

  test("makes a program that says much shorter", () => {
    const [once, before] = [sayOnce(PROGRAM), PROGRAM].map((code) => minifySync("bundle.js", code, { module: true, mangle: { toplevel: true } }).code);
    expect(once.length).toBeLessThan(before.length);
  });

  test("leaves what is said seldom, and what a list can't hold", () => {
    const seldom = 'const a = "seldom"; const b = a.seldom;';
    expect(sayOnce(seldom)).toBe(seldom);
    const awkward = `const result = [${'"one | or the other", "a line\\n and another", '.repeat(9)}];`;
    expect(sayOnce(awkward)).toBe(awkward);
  });

  test("leaves texts that are no values", () => {
    const modules = `import { a } from "./a-long-name"; import { b } from "./a-long-name"; export { c } from "./a-long-name"; export * from "./a-long-name";`;
    expect(sayOnce(modules)).toBe(modules);
    const types = 'const f = (x) => [typeof x === "undefined", typeof x == "undefined", "undefined" != typeof x, typeof x === "undefined"];';
    expect(sayOnce(types)).toBe(types);
    expect(sayOnce(PROGRAM)).toContain("{ __proto__: {");
  });

  test("refuses a program that has its names already", () => {
    expect(() => sayOnce(`const $once0 = 1; ${PROGRAM}`)).toThrow("$once0");
  });
});

describe("arrows", () => {
  const FUNCTIONS = `
const before = twice(4);
function twice(x) { return 2 * x; }
async function later(x, y = 3) { return x + y; }
function counts() { return arguments.length; }
function knows() { return this?.name ?? (() => this)(); }
function inner() { return (function () { return this === undefined || arguments.length; })(); }
function Made() {}
function made() { return new.target === undefined; }
function* steps() { yield 1; }
function changed() { return 1; }
changed = function () { return 2; };
function Base() {}
Base.prototype.say = () => "base";
class Built extends Base {}
const result = JSON.stringify([before, twice(1), counts(1, 2), String(knows.call("me")), inner(), new Made() instanceof Made, made(), [...steps()], changed(), new Built().say()]);
`;

  test("only of functions that are nothing but called", () => {
    const arrows = asArrows(FUNCTIONS);
    expect(run(arrows)).toBe(run(FUNCTIONS));
    expect(run(minified(arrows))).toBe(run(FUNCTIONS));
    expect([...arrows.matchAll(/^(?:const )?(\w+) = (?:async )?\(/gm)].map(([, name]) => name)).toEqual(["twice", "later", "inner"]);
    for (const kept of ["counts", "knows", "Made", "made", "steps", "changed", "Base"]) expect(arrows).toMatch(new RegExp(`function\\*? ${kept}\\(`));
  });
});

describe("elements", () => {
  test("have a text for a class alone, and 0 for nothing", () => {
    const long = 'makeElement("p", { class: "note" }, makeElement(Part, null), makeElement("a", { class: `b ${c}` }), makeElement("i", { class: c }), makeElement("b", { class: "d", id: "e" }), other("p", { class: "note" }, null));';
    expect(shortElements(long)).toBe(
      'makeElement("p", "note", makeElement(Part, 0), makeElement("a", `b ${c}`), makeElement("i", { class: c }), makeElement("b", { class: "d", id: "e" }), other("p", { class: "note" }, null));',
    );
  });
});

describe("styles", () => {
  const STYLES = ".a{--long:1px;--longer:2px;--unread:3px;color:var(--long);& .b,& :focus{width:var(--longer);height:var(--longer)}&>p{margin:0}&[x] .c{margin:0}& .d &{margin:0}}/*end*/";

  test("say no `& ` that means nothing, and name their properties shortly, in the script too", () => {
    expect(shortStyles(STYLES, "f(`var(--long)`)")).toEqual({
      styles: ".a{--a:1px;--b:2px;color:var(--a);.b,:focus{width:var(--b);height:var(--b)}>p{margin:0}&[x] .c{margin:0}& .d &{margin:0}}",
      script: "f(`var(--a)`)",
    });
  });

  test("refuse a property that nobody sets", () => {
    expect(shortStyles(".a{--long:1px;width:var(--long)}", `f("--long")`).script).toBe(`f("--a")`);
    expect(() => shortStyles(STYLES, "f(`var(--lung)`)")).toThrow("--lung");
    expect(() => shortStyles(".a{color:var(--lung)}", "")).toThrow("--lung");
  });
});
