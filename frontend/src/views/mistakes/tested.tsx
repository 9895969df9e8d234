/** The confusion matrix, and the most confident errors. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { className, count, probability, percent } from "../../core/numbers";
import { roundUp } from "../../core/scale";
import type { Shown } from "../../core/session";
import type { Payload } from "../../generated/payloads";
import { Data } from "../../parts/data";
import { Strip } from "../../parts/legend";
import { MapPixels, ImagePixels } from "../../parts/pixels";
import { AnswerState, Stale, worded } from "../../parts/states";
import type { RunFacts } from "../../sources/source";

const PAIRS = 6;
/** Classes at most whose names stand beside the rows and over the columns. */
const NAMED = 20;

export interface MistakesProps {
  answer: Shown<"tested">;
  /** The run, as it is now. */
  run: RunFacts;
  /** The image in the rail. */
  image: string | null;
  onMore: () => void;
  onAgain: () => void;
  onImage: (image: string) => void;
}

export function Mistakes({ answer, run, image, onMore, onAgain, onImage }: MistakesProps): JSX.Element {
  const { payload, previous } = answer;
  const [picked, pick] = useState<number | null>(null);
  const old = payload && answer.state === "done" && run.checkpoint !== undefined && run.checkpoint > payload.meta.step;
  return (
    <Stale when={previous}>
      {payload && <Confusion payload={payload} picked={picked} onPick={(i) => pick(i === picked ? null : i)} />}
      <p class="settings">
        {payload?.meta.more && answer.state === "done" && (
          <button class="small" onClick={onMore}>
            Test four times as many
          </button>
        )}
        {old && (
          <button class="small" onClick={onAgain}>
            Test step {count(run.checkpoint!)}
          </button>
        )}
      </p>
      <AnswerState answer={answer} what="Predicting test images" />
      {payload && <Wrong {...{ payload, image, onImage, picked }} />}
    </Stale>
  );
}

function Confusion({ payload: { arrays, meta }, picked, onPick }: { payload: Payload<"tested">; picked: number | null; onPick: (cell: number) => void }): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const { data, shape } = arrays.confusion;
  const classes = meta.classes as string[];
  const n = shape[0];
  const totals = Array.from({ length: n }, (_, label) => data.subarray(label * n, (label + 1) * n).reduce((a, b) => a + b, 0));
  const pairs = Array.from(data, (many, i) => ({ i, many }))
    .filter(({ i, many }) => Math.floor(i / n) !== i % n && many > 0)
    .sort((a, b) => b.many - a.many);
  const says = (i: number): string => {
    const [label, predicted] = [Math.floor(i / n), i % n];
    return `${className(label, classes)} predicted as ${className(predicted, classes)}: ${count(data[i])} of ${count(totals[label])} (${percent(data[i] / totals[label])})`;
  };
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
    <section class="mistakes" aria-label="Confusion matrix">
      <h2>Confusion matrix: {percent(right / all)} of {count(all)} test images correct</h2>
      <p class="second facts">{worded(meta.about)}</p>
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
          <p data-cell>{says(at ?? picked ?? pairs[0]?.i ?? 0)}</p>
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

function Wrong({ payload: { arrays, meta }, image, onImage, picked }: { payload: Payload<"tested">; picked: number | null } & Pick<MistakesProps, "image" | "onImage">): JSX.Element | null {
  const [classes, names, held] = [meta.classes, meta.names, meta.held] as string[][];
  const [predicted, label, chance] = [arrays.predicted, arrays.label, arrays.probability].map(({ data }) => data);
  const { data, shape } = arrays.images ?? { data: new Uint8Array(), shape: [0] };
  const [, height = 0, width, channels] = shape;
  const size = height && height * width * channels;
  const only = picked === null ? null : [Math.floor(picked / classes.length), picked % classes.length];
  const chosen = [...names.keys()].filter((i) => !only || (label[i] === only[0] && predicted[i] === only[1]));
  if (!names.length && !meta.mistakes_about) return null;
  return (
    <section aria-label="Most confident errors">
      <h2>Most confident errors</h2>
      {meta.mistakes_about && <p class="second facts">{worded(meta.mistakes_about)}</p>}
      {only && (
        <p class="facts" data-picked>
          {chosen.length ? `${count(chosen.length)} of these` : "None of these"}: {className(only[0], classes)} predicted as {className(only[1], classes)}.
        </p>
      )}
      <ul class="wrong">
        {chosen.map((i) => {
          const name = names[i];
          const words = `${className(predicted[i], classes)} ${probability(chance[i])}`;
          const shown = (
            <>
              {size ? (
                <ImagePixels
                  image={{ data: data.subarray(i * size, (i + 1) * size), shape: [height, width, channels] }}
                  label={`Label ${className(label[i], classes)}, prediction ${words}`}
                  size={96}
                  fixed
                  grid={null}
                />
              ) : (
                name
              )}
              <span>{words}</span>
              <span class="second">label {className(label[i], classes)}</span>
            </>
          );
          return (
            <li key={`${name} ${i}`}>
              {held[i] ? (
                <button type="button" aria-pressed={held[i] === image} title={`Explain ${name}`} onClick={() => onImage(held[i])}>
                  {shown}
                </button>
              ) : (
                shown
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
