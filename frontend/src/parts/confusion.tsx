/** The confusion matrix: a row is a label, a column a prediction; a cell can be picked, and the errors that are most frequent are listed. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { className, count, percent } from "../core/numbers";
import { roundUp } from "../core/scale";
import { Data } from "./data";
import { Strip } from "./legend";
import { MapPixels } from "./pixels";
import "./confusion.css";

const PAIRS = 6;
/** Classes at most whose names stand beside the rows and over the columns. */
const NAMED = 20;

export interface ConfusionProps {
  /** Images by label and prediction, row by row. */
  cells: Uint32Array;
  classes: readonly string[];
  /** The cell that is picked: label × number of classes + prediction. */
  picked: number | null;
  onPick: (cell: number) => void;
  /** What is counted: "test images". */
  what: string;
  /** Under the heading. */
  children?: ComponentChildren;
}

export function Confusion({ cells: data, classes, picked, onPick, what, children }: ConfusionProps): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const n = Math.round(Math.sqrt(data.length));
  const totals = Array.from({ length: n }, (_, label) => data.subarray(label * n, (label + 1) * n).reduce((a, b) => a + b, 0));
  const pairs: { i: number; many: number }[] = [];
  data.forEach((many, i) => void (many > 0 && Math.floor(i / n) !== i % n && pairs.push({ i, many })));
  pairs.sort((a, b) => b.many - a.many);
  const says = (i: number): string => {
    const [label, predicted] = [Math.floor(i / n), i % n];
    return `${className(label, classes)} predicted as ${className(predicted, classes)}: ${count(data[i])} of ${count(totals[label])} (${percent(data[i] / totals[label])})`;
  };
  const shown = at ?? picked ?? pairs[0]?.i;
  // The correct ones would leave no grey for the errors.
  const limit = roundUp(pairs[0]?.many ?? 1);
  const right = Array.from({ length: n }, (_, i) => data[i * n + i]).reduce((a, b) => a + b, 0);
  const all = totals.reduce((a, b) => a + b, 0);
  const cell = (event: PointerEvent | MouseEvent): number => {
    // The matrix may be smaller than the place that it has.
    const box = (event.currentTarget as HTMLElement).querySelector("canvas")!.getBoundingClientRect();
    const place = (part: number): number => Math.max(0, Math.min(n - 1, Math.floor(part * n)));
    return place((event.clientY - box.top) / box.height) * n + place((event.clientX - box.left) / box.width);
  };
  return (
    <section class="confusion" aria-label="Confusion matrix">
      <h2>{all ? `Confusion matrix: ${percent(right / all)} of ${count(all)} ${what} correct` : "Confusion matrix: no label to compare a prediction with"}</h2>
      {children}
      <div class="matrix">
        <figure>
          <p class="second facts">row: label · column: prediction, in the same order</p>
          {n <= NAMED &&
            ["names heads", "names"].map((where) => (
              <ol class={where} aria-hidden="true">
                {totals.map((_, i) => (
                  <li key={i}>{className(i, classes)}</li>
                ))}
              </ol>
            ))}
          <div class="cells" onPointerMove={(event) => setAt(cell(event))} onPointerDown={(event) => setAt(cell(event))} onPointerLeave={() => setAt(null)} onClick={(event) => onPick(cell(event))}>
            <MapPixels values={Float32Array.from(data)} height={n} width={n} limit={limit} ramp="amount" label={`Confusion of ${n} classes; most often ${pairs[0] ? says(pairs[0].i) : "none"}`} size={Math.min(420, Math.max(160, 40 * n))} grid={null} />
            {n <= NAMED && (
              <svg class="counts" aria-hidden="true" viewBox={`0 0 ${n} ${n}`}>
                {Array.from(data, (many, i) => (
                  <text key={i} x={(i % n) + 0.5} y={Math.floor(i / n) + 0.6} class={many > limit / 2 ? "dark" : ""}>
                    {many || ""}
                  </text>
                ))}
                {totals.map((_, i) => (
                  <rect key={i} x={i + 0.04} y={i + 0.04} width={0.92} height={0.92} />
                ))}
              </svg>
            )}
          </div>
          {n <= NAMED && <p class="second facts">outlined: correct</p>}
          <Strip name="amount" />
          <p class="facts ends">
            <span>0 images</span>
            <span>{count(limit)} and more</span>
          </p>
        </figure>
        <div>
          <p data-cell>{shown === undefined ? "" : says(shown)}</p>
          <ol class="facts">
            {pairs.slice(0, PAIRS).map(({ i }) => (
              <li key={i}>
                <button class="small" aria-pressed={i === picked} onClick={() => onPick(i)}>
                  {says(i)}
                </button>
              </li>
            ))}
          </ol>
        </div>
      </div>
      <Data
        title="confusion matrix"
        columns={["label", ...Array.from({ length: n }, (_, i) => className(i, classes)), "all"]}
        rows={() => totals.map((total, label) => [className(label, classes), ...Array.from(data.subarray(label * n, (label + 1) * n), count), count(total)])}
        file="confusion"
      />
    </section>
  );
}
