/** What JSX becomes (see `oxc` in vite.config.ts). */
import { type ComponentChild, h, type VNode } from "preact";

export { Fragment } from "preact";

/**
 * `h`, which takes a text for `{ class: text }` as well.
 *
 * Nobody writes that by hand: the build makes it of the elements that have a class and nothing else, which are most
 * (`shrink/elements.ts`).
 */
export const makeElement = (type: string, props: object | string | null, ...children: ComponentChild[]): VNode<object> =>
  h(type, typeof props === "string" ? { class: props } : props, ...children) as VNode<object>;
