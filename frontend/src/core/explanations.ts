/** "What am I looking at?": a few sentences for every view, with the works that introduced it; the same as on the pages. */
import { views } from "../../../src/innerview/viewer/explanations.json";

export interface Explanation {
  title: string;
  question: string;
  text: string;
  source: string;
}

export type Explained = keyof typeof views;

export const EXPLANATIONS: Record<Explained, Explanation> = views;
