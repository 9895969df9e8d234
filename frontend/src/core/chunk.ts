/**
 * A part of the viewer that most people never open, as a script of its own: a server gives it when it is first wanted, a
 * file that needs it holds it. It leaves one function behind, which draws into an element of this page.
 */
import type { Session } from "./session";

/** Draws with what this page has; returns how to take it away. */
export type Draw = (root: HTMLElement, session: Session) => () => void;

const loading = new Map<string, Promise<Draw>>();

export function chunk(name: "dataset"): Promise<Draw> {
  const drawing = (): Draw | undefined => (globalThis as { innerviewParts?: Record<string, Draw> }).innerviewParts?.[name];
  const known = drawing();
  if (known) return Promise.resolve(known);
  const load = (): Promise<Draw> =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const style = document.createElement("link");
      Object.assign(style, { rel: "stylesheet", href: `${name}.css` });
      const failed = (): void => {
        loading.delete(name);
        script.remove();
        style.remove();
        reject(new Error("This part of the page could not be loaded: the server does not answer. Start it again with `innerview serve`."));
      };
      const drawn = new Promise((styled) => Object.assign(style, { onload: styled, onerror: styled }));
      script.src = `${name}.js`;
      script.onerror = failed;
      script.onload = () => void drawn.then(() => ((found) => (found ? resolve(found) : failed()))(drawing()));
      document.head.append(style, script);
    });
  const found = loading.get(name) ?? load();
  loading.set(name, found);
  return found;
}
