/** What never leaves the screen behind the first one: the image as the model sees it, what it says, and what is explained. */
import type { JSX } from "preact";
import { chanceText, className } from "../core/numbers";
import type { Payload } from "../generated/payloads";
import { ownLimit } from "../core/scale";
import { numbers } from "../core/tensors";
import { type Chosen, mapRequest, useChosen, useSession } from "../core/session";
import { useStore } from "../core/store";
import { saidOf } from "../core/said";
import { Bar } from "../parts/said";
import { AnswerState } from "../parts/states";
import { MapPixels, ImagePixels } from "../parts/pixels";
import { Explained } from "./explained";

const TOP = 3;
const SIDE = 64;

export function Strip(): JSX.Element {
  const session = useSession();
  const chosen = useChosen();
  const laid = useStore(session.lay);
  const { subject } = chosen;
  const payload = subject.previous ? null : subject.payload;
  const shape = payload?.arrays.image.shape;
  return (
    <aside class="rail" aria-label="Image and prediction">
      <div class="seen">
        {payload && shape && (
          <figure>
            {laid ? (
              <MapPixels values={laid.values} height={laid.height} width={laid.width} limit={laid.limit} ramp={laid.ramp} label={laid.says} size={SIDE} fixed grid={[shape[0], shape[1]]} />
            ) : (
              <ImagePixels image={payload.arrays.image} label={`Image: ${payload.meta.name}`} size={SIDE} fixed />
            )}
          </figure>
        )}
      </div>
      <div class="facts-of-image">
        <Says chosen={chosen} />
        {payload && <AboutImage payload={payload} />}
        <AnswerState answer={subject} what="Reading the image" />
      </div>
      {payload && <Prediction chosen={chosen} />}
      <Explained chosen={chosen} />
    </aside>
  );
}

/** "cat · 32 × 32 of 300 × 451". */
export function AboutImage({ payload }: { payload: Payload<"subject"> }): JSX.Element {
  const { shape } = payload.arrays.image;
  const original = payload.meta.original as [number, number] | null;
  return (
    <p class="second facts">
      {payload.meta.name} · {shape[1]} × {shape[0]}
      {original && (original[0] !== shape[0] || original[1] !== shape[1]) ? ` of ${original[1]} × ${original[0]}` : ""}
    </p>
  );
}

/** "Prediction cat 61.3 %", and the label. */
function Says({ chosen }: { chosen: Chosen }): JSX.Element | null {
  const { subject, model, answers } = chosen;
  if (!subject.payload || subject.previous) return null;
  const [[said, logit, chance]] = saidOf(subject.payload.arrays);
  const { label } = subject.payload.meta;
  return (
    <p class="says">
      <span>
        {model.decides ? "Prediction" : "Score of"} <strong>{className(said, answers)}</strong>{" "}
        {Number.isFinite(chance) || Number.isFinite(logit) ? chanceText(chance, logit) : ""}
      </span>{" "}
      {label !== null && (
        <span class="second">
          label{"\u00a0"}{className(label, answers)}
          {model.decides && label === said ? "\u00a0✓" : ""}
        </span>
      )}
    </p>
  );
}

/** The likeliest classes, and those that are being explained if they are not among them. */
function Prediction({ chosen }: { chosen: Chosen }): JSX.Element {
  const session = useSession();
  const hovered = useStore(session.hoverClass);
  // A hovered class speaks everywhere: its bar, its curves, and its map if that was worked out already.
  const hover = (i: number | null): void => {
    session.hoverClass.set(i);
    const request = i === null ? null : mapRequest({ ...chosen, target: i, versus: null }, session.link.value.tolerance);
    const known = (request && session.answers.known(request)?.payload) as Payload<"map"> | null | undefined;
    const values = known && numbers(known.arrays, "heatmap");
    const [height, width] = known?.arrays.heatmap.shape ?? [];
    session.lay.set(values ? { values, height, width, limit: ownLimit(values), ramp: known!.meta.meaning === "contribution" ? "evidence" : "value", says: `Map for ${className(i!, chosen.classes)}` } : null);
  };
  const { subject, ranking, classes, target, versus } = chosen;
  const { probabilities, logits } = subject.payload!.arrays;
  const top = ranking.slice(0, TOP);
  const rows = [...top, ...[target, versus].filter((i): i is number => i !== null && ranking.length > 0 && !top.includes(i))];
  return (
    <ol class="prediction" aria-label="Prediction">
      {rows.map((i) => (
        <li key={i} class={hovered === i ? "lit" : ""} onPointerEnter={() => hover(i)} onPointerLeave={() => hover(null)}>
          <span class="name">
            <span class="cut">{className(i, classes)}</span>
            {i === target && <span class="mark for"> for</span>}
            {i === versus && <span class="mark against"> versus</span>}
          </span>
          <Bar chance={probabilities.data[i]} />
          <span class="figure">{chanceText(probabilities.data[i], logits.data[i])}</span>
        </li>
      ))}
    </ol>
  );
}
