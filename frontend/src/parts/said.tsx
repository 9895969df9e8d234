/** What the model says: the likeliest classes with bars, and those that are being explained. */
import type { JSX } from "preact";
import { chanceText, className } from "../core/numbers";
import type { Said } from "../core/said";

export interface SaidListProps {
  said: Said;
  /** Names of the answers. */
  answers: readonly string[];
  target: number | null;
  /** How many at most, beside the one that is explained. */
  top: number;
  label: string;
}

export function SaidList({ said, answers, target, top, label }: SaidListProps): JSX.Element {
  return (
    <ol class="answer" aria-label={label} data-says>
      {said
        .filter(([name], i) => i < top || name === target)
        .map(([name, logit, chance], i) => (
          <li key={name} class={i === 0 ? "first" : ""}>
            <span>
              {className(name, answers)}
              {name === target && <span class="mark for"> for</span>}
            </span>
            <Bar chance={chance} />
            <span>{chanceText(chance, logit)}</span>
          </li>
        ))}
    </ol>
  );
}

export const Bar = ({ chance }: { chance: number }): JSX.Element => (
  <span class="bar" aria-hidden="true">
    <span style={{ width: `${Number.isFinite(chance) ? 100 * chance : 0}%` }} />
  </span>
);
