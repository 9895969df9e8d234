/** The model sees only the chosen pixels: by a fraction of a ranking, or painted; its prediction follows at once. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { EXPLANATIONS } from "../../core/explanations";
import { ORDERS } from "../../core/link";
import { useMapFacts } from "../../core/maps";
import { decodeMask, filled, gridOf, keptFirst, pixelsOf } from "../../core/mask";
import { chanceText, className, count, number, percent } from "../../core/numbers";
import { nearest } from "../../core/path";
import { inOrder, type Said, saidFirst, saidOf } from "../../core/said";
import { ownLimit } from "../../core/scale";
import { type Chosen, mapRequest, useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { rowOf } from "../../core/tensors";
import { useBrushed } from "../../parts/brushed";
import { Choice, Radios } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels, ImagePixels } from "../../parts/pixels";
import { Slider } from "../../parts/slider";
import { SaidList } from "../../parts/said";
import { AnswerState, Stale } from "../../parts/states";
import type { View } from "../view";
import { useBrush } from "./brush";
import { MaskingChart, MaskingTable } from "./chart";
import "./masking.css";

const WORDS: Record<(typeof ORDERS)[number], string> = { highest: "highest first", strongest: "largest |value| first", lowest: "lowest first", random: "random" };

/** The answers to masked images, read by order and fraction. */
export class MaskingAnswers {
  readonly orders: string[];
  readonly payload: Payload<"masking">;

  constructor(payload: Payload<"masking">) {
    this.payload = payload;
    this.orders = payload.meta.orders as string[];
  }

  /** One order's values of one class over the fractions; null if the class is not in the table. */
  course(of: "logits" | "probabilities", order: number, target: number): Float32Array | null {
    const { classes, fractions } = this.payload.arrays;
    const at = classes.data.indexOf(target);
    if (at < 0) return null;
    const n = classes.data.length;
    const row = rowOf(this.payload.arrays[of], order);
    return Float32Array.from(fractions.data, (_, k) => row[k * n + at]);
  }

  /** Orders of this name: one, or the five random ones. */
  indices(order: string): number[] {
    return this.orders.flatMap((name, i) => (name === order || (order === "random" && name.startsWith("random")) ? [i] : []));
  }

  /** The prediction at a fraction; for random, the mean of the five. */
  said(order: string, at: number): Said {
    const { classes, logits, probabilities, predicted, confidence } = this.payload.arrays;
    const row = this.orders.indexOf(order);
    const cell = (row < 0 ? predicted.shape[0] - 1 : row) * predicted.shape[1] + at; // the last row is of the random ones
    const n = classes.data.length;
    const rows = this.indices(order);
    const mean = (data: Float32Array, i: number): number =>
      rows.reduce((sum, row) => sum + data[(row * logits.shape[1] + at) * n + i], 0) / rows.length;
    const shown = inOrder(
      classes.data,
      Array.from(classes.data, (_, i) => mean(logits.data, i)),
      Array.from(classes.data, (_, i) => mean(probabilities.data, i)),
    );
    return saidFirst(predicted.data[cell], confidence.data[cell], shown);
  }
}

function Masking(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const hello = useStore(session.hello);
  const chosen = useChosen();
  const { model, image, target, versus, method, baseline } = chosen;
  const fill = link.fill !== null && hello.baselines.includes(link.fill) ? link.fill : baseline;
  const request =
    model && image && target !== null ? ({ kind: "masking", model: model.id, image, target, versus, method, baseline, fill } as const) : null;
  const answer = useAnswer(request);
  const map = useAnswer(mapRequest(chosen, link.tolerance));
  const facts = useMapFacts(map.payload);
  const masking = useMemo(() => (answer.payload ? new MaskingAnswers(answer.payload) : null), [answer.payload]);
  const subject = chosen.subject.payload;
  const bytes = subject?.arrays.image ?? null;
  const paintable = request !== null && session.source.can({ kind: "mask", model: request.model, image: request.image, fill });

  const height = bytes?.shape[0] ?? 1;
  const width = bytes?.shape[1] ?? 1;
  const grid = gridOf(height, width);
  const mask = useMemo(() => (link.mask ? decodeMask(link.mask, grid[0] * grid[1]) : null), [link.mask, grid[0], grid[1]]);
  const brushed = useBrushed(mask && paintable && model && image ? { model: model.id, image, mask: link.mask, cells: grid, fill } : null);
  const at = masking ? nearest(masking.payload.arrays.fractions.data, link.fraction / 100) : 0;
  const ranking = masking ? ["strongest", "highest", "lowest"].indexOf(link.order) : -1;
  const fits = masking !== null && bytes !== null && masking.payload.arrays.fill.data.length === bytes.data.length;
  const shown = useMemo(() => {
    if (!fits) return null;
    if (mask) return pixelsOf(mask, grid, [height, width]);
    return ranking < 0 ? null : keptFirst(rowOf(masking.payload.arrays.rankings, ranking), masking.payload.arrays.n_pixels.data[at]);
  }, [masking, fits, mask, ranking, at, height, width]);
  const seen = useMemo(() => (shown && bytes && masking && fits ? filled(bytes, masking.payload.arrays.fill, shown) : null), [shown, bytes, masking, fits]);
  const brush = useBrush({ grid, shown, height, width, mask, enabled: paintable });

  if (!masking || !bytes || !fits || target === null) {
    return (
      <>
        <AnswerState answer={answer} what="Asking the model with parts of the image" />
        <Explain of="masking" />
      </>
    );
  }
  const stops = masking.payload.arrays.fractions.data.length;
  const pixels = shown ? shown.reduce((n, on) => n + on, 0) : masking.payload.arrays.n_pixels.data[at];
  const part = mask ? pixels / (height * width) : masking.payload.arrays.fractions.data[at];
  const painted = mask !== null;
  const said: Said | null = painted
    ? brushed.payload
      ? saidOf(brushed.payload.arrays)
      : null
    : masking.said(link.order, at);
  const best = said?.[0];
  const spokenSays = best ? `, predicts ${className(best[0], chosen.answers)}, ${chance(best)}` : "";
  const hidden = facts && shown && facts.values.length === shown.length ? facts.values.map((v, i) => (shown[i] ? v : 0)) : null;
  return (
    <div class="masking">
      <Stale when={answer.previous}>
        <div class="panes">
          <div class="choice">
          <figure class="seen-by-model">
            <h2>What the model sees</h2>
            {seen ? (
              <ImagePixels
                image={seen}
                label={`What the model sees: ${count(pixels)} of ${count(height * width)} pixels, the rest is ${masking.payload.meta.fill}`}
                size={640}
                grid={paintable ? grid : undefined}
                keyboard
                onCell={paintable ? brush.onCell : undefined}
                hatched={shown!.map((on) => 1 - on)}
                veiled
              >
                {brush.corner && <span class="corner" style={brush.corner} />}
              </ImagePixels>
            ) : (
              <p class="empty">Five random orders, {count(pixels)} pixels each: shown is their mean prediction; no image is drawn.</p>
            )}
            <p class="second facts">
              {count(pixels)} of {count(height * width)} pixels ({percent(part)}), the rest (hatched) {masking.payload.meta.fill}
              {painted ? " · your own mask" : ""}
            </p>
          </figure>
            <Slider
              label="Fraction shown"
              max={stops - 1}
              value={at}
              onChange={(next) => go({ fraction: Math.round(100 * masking.payload.arrays.fractions.data[next]), mask: "" })}
              spoken={`${percent(masking.payload.arrays.fractions.data[at])}, ${count(masking.payload.arrays.n_pixels.data[at])} pixels${spokenSays}`}
              output={percent(masking.payload.arrays.fractions.data[at])}
            />
            <div class="row settings">
              <Radios
                label="Order"
                value={painted ? "" : link.order}
                options={ORDERS.map((order) => [order as string, WORDS[order]] as const)}
                onChange={(order) => go({ order: order as (typeof ORDERS)[number], mask: "" })}
              />
              {session.source.state === "file" ? (
                <span class="facts">Fill {masking.payload.meta.fill}</span>
              ) : (
                <Choice
                  label="Fill"
                  value={fill}
                  options={hello.baselines.map((name) => [name, name === baseline ? `${name} (the baseline)` : name] as const)}
                  onChange={(name) => go({ fill: name === baseline ? null : name })}
                />
              )}
            </div>
            {paintable ? (
              brush.tools
            ) : (
              <p class="second note">
                Painting a mask needs the model: <code>innerview serve</code>
              </p>
            )}
          </div>
          <div class="aside">
            <div>
              {target !== null && <OrderVerdict masking={masking} name={className(target, chosen.classes)} target={target} />}
              <h2>Prediction</h2>
              {said && (
                <div class={painted && brushed.previous ? "waited-for" : ""}>
                  <SaidList said={said} answers={chosen.answers} target={target} top={5} label="Prediction from these pixels" />
                </div>
              )}
              {painted && <AnswerState answer={brushed} what="Asking the model" />}
              {subject && <Whole chosen={chosen} />}
            </div>
            {facts && hidden && (
              <figure>
                <h2>The map of these pixels</h2>
                <MapPixels
                  values={hidden}
                  height={facts.height}
                  width={facts.width}
                  limit={ownLimit(facts.values)}
                  ramp={facts.ramp}
                  image={bytes}
                  overlay={link.overlay}
                  label={`These pixels hold ${percent(shownPart(hidden, facts.total))} of the map's Σ|value|`}
                  size={448}
                />
                <Legend scale={{ limit: ownLimit(facts.values), mode: "per-image" }} unit={map.payload!.meta.unit} name={facts.ramp} overlay={link.overlay} />
              </figure>
            )}
            <MaskingChart
              masking={masking}
              chosen={chosen}
              target={target}
              at={at}
              painted={painted && said ? { part, said } : null}
              onFraction={(k) => go({ fraction: k, mask: "" })}
            />
          </div>
        </div>
      </Stale>
      <AnswerState answer={answer} what="Asking the model with parts of the image" />
      <MaskingTable masking={masking} chosen={chosen} target={target} />
      <Explain of="masking" />
    </div>
  );
}

/** Area under a curve over the fraction shown, by trapezoids. */
const area = (fractions: Float32Array, course: Float32Array): number =>
  course.reduce((sum, value, k) => (k ? sum + ((value + course[k - 1]) / 2) * (fractions[k] - fractions[k - 1]) : 0), 0);

/** What the curves say of the map, in words: its best pixels first against every random order. */
function OrderVerdict({ masking, name, target }: { masking: MaskingAnswers; name: string; target: number }): JSX.Element | null {
  const [best] = masking.indices("highest");
  const course = best === undefined ? null : masking.course("probabilities", best, target);
  if (!course?.every(Number.isFinite)) return null;
  const fractions = masking.payload.arrays.fractions.data;
  const own = area(fractions, course);
  const random = masking.indices("random").map((i) => area(fractions, masking.course("probabilities", i, target)!));
  const [low, high] = [Math.min(...random), Math.max(...random)];
  const says = own > high ? "✓ Better than every random order" : own >= low ? "✗ No better than chance: don’t trust this map" : "✗ Worse than every random order: don’t trust this map";
  return (
    <p data-order-verdict>
      <strong>{says}.</strong>{" "}
      <span class="second facts">
        Mean p({name}) over all fractions, the map’s highest first: {percent(own)}; {random.length} random orders: {percent(low)} to {percent(high)}.
      </span>
    </p>
  );
}

const shownPart = (hidden: Float32Array, total: number): number => (total ? hidden.reduce((sum, v) => sum + Math.abs(v), 0) / total : 0);

const chance = ([, logit, part]: Said[number]): string => (Number.isFinite(part) ? `${Math.round(100 * part)} percent` : `logit ${number(logit)}`);

function Whole({ chosen }: { chosen: Chosen }): JSX.Element | null {
  const { subject, answers, model } = chosen;
  if (!subject.payload || subject.previous || !model.decides) return null;
  const [[best, logit, likely]] = saidOf(subject.payload.arrays);
  return (
    <p class="second facts">
      Prediction from the whole image: {className(best, answers)} {chanceText(likely, logit)}.
    </p>
  );
}

export const view: View = {
  key: "3",
  name: "masking",
  title: EXPLANATIONS.masking.title,
  group: "Try it",
  shows: "masking",
  question: () => EXPLANATIONS.masking.question,
  Component: Masking,
};
