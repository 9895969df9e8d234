/**
 * How a view is written: a folder `views/<name>/` whose `index.tsx` exports `view`; it is found by itself.
 *
 * A component takes no props. It reads the link (`useLink`), what is really chosen (`useChosen`), asks for payloads
 * (`useAnswer(request)`: `payload` is null until the first one is there, `previous` while it answers an older
 * question) and draws with the parts: MapPixels, Legend, Plot and Lines, Slider, Player, Data, Explain.
 */
import type { ComponentType } from "preact";
import type { Kind } from "../generated/payloads";
import type { ViewName } from "../core/link";

/** What people ask, in order; each view answers a part of one. */
export const GROUPS = ["Why", "Try it", "Inside", "How it learnt", "Its mistakes", "Data set", "Compare"] as const;

export interface View {
  /** The key that opens it, a digit or a capital letter, which is also the order. */
  key: string;
  name: ViewName;
  title: string;
  group: (typeof GROUPS)[number];
  /** What is shown: a page without it has nothing to show here. */
  shows: Kind;
  /** The heading: which question the view answers, about a class of this name where it is about one. */
  question: (target: string) => string;
  /** It draws its own heading, which says what is predicted, and needs no strip with the image. */
  whole?: boolean;
  Component: ComponentType;
}

const found = import.meta.glob<View>("./*/index.tsx", { eager: true, import: "view" });

export const views: readonly View[] = Object.values(found).sort((a, b) => (a.key < b.key ? -1 : 1));
