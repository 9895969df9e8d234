import type { JSX } from "preact";
import { type Explained, EXPLANATIONS } from "../core/explanations";

/** A view's plain sentences with their source, folded. */
export function Explain({ of, title = "What am I looking at?" }: { of: Explained; title?: string }): JSX.Element {
  const { text, source } = EXPLANATIONS[of];
  return (
    <details class="explain">
      <summary>{title}</summary>
      <p>{text}</p>
      <p class="second">{source}</p>
    </details>
  );
}
