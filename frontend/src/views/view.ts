/**
 * How a view is written: a folder `views/<name>/` whose `index.tsx` exports `view`; it is found by itself.
 *
 * A component takes no props. It reads the link (`useLink`), what is really chosen (`useChosen`), asks for payloads
 * (`useAnswer(request)`: `payload` is null until the first one is there, `previous` while it answers an older
 * question) and draws with the parts: MapPixels, Legend, Plot and Lines, Slider, Player, Data, Explain.
 */
import type { ComponentType } from "preact";
import type { ViewName } from "../core/link";

export interface View {
  /** The key that opens it, one sign, which is also the order. */
  key: string;
  name: ViewName;
  title: string;
  /** The heading: which question the view answers, about a class of this name where it is about one. */
  question: (target: string) => string;
  Component: ComponentType;
}

const found = import.meta.glob<View>("./*/index.tsx", { eager: true, import: "view" });

export const views: readonly View[] = Object.values(found).sort((a, b) => (a.key < b.key ? -1 : 1));
