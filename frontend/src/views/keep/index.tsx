/** The network sees only the chosen pixels: by a share of a ranking, or painted; its answer follows at once. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { EXPLANATIONS } from "../../core/explanations";
import { ORDERS } from "../../core/link";
import { useMapFacts } from "../../core/maps";
import { decodeMask, filled, gridOf, keptFirst, pixelsOf } from "../../core/mask";
import { chanceText, className, count, number, share } from "../../core/numbers";
import { nearest } from "../../core/path";
import { inOrder, type Said, saidFirst, saidOf } from "../../core/said";
import { ownLimit } from "../../core/scale";
import { type Chosen, mapRequest, useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { rowOf } from "../../core/tensors";
import { Choice, Radios } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels, PicturePixels } from "../../parts/pixels";
import { Slider } from "../../parts/slider";
import { SaidList } from "../../parts/said";
import { AnswerState, Stale } from "../../parts/states";
import type { View } from "../view";
import { useBrush } from "./brush";
import { KeepChart, KeepTable } from "./chart";
import "./keep.css";

const WORDS: Record<(typeof ORDERS)[number], string> = { highest: "for first", strongest: "strongest", lowest: "least first", random: "random" };

/** The keep table, read by order and share. */
export class KeepAnswers {
  readonly orders: string[];
  readonly payload: Payload<"keep">;

  constructor(payload: Payload<"keep">) {
    this.payload = payload;
    this.orders = payload.meta.orders as string[];
  }

  /** One order's values of one class over the shares; null if the class is not in the table. */
  course(of: "logits" | "probabilities", order: number, target: number): Float32Array | null {
    const { classes, shares } = this.payload.arrays;
    const at = classes.data.indexOf(target);
    if (at < 0) return null;
    const n = classes.data.length;
    const row = rowOf(this.payload.arrays[of], order);
    return Float32Array.from(shares.data, (_, k) => row[k * n + at]);
  }

  /** Orders of this name: one, or the five random ones. */
  indices(order: string): number[] {
    return this.orders.flatMap((name, i) => (name === order || (order === "random" && name.startsWith("random")) ? [i] : []));
  }

  /** What is said at a share; for random, the mean of the five. */
  said(order: string, at: number): Said {
    const { classes, logits, probabilities, answer, chance } = this.payload.arrays;
    const row = this.orders.indexOf(order);
    const place = (row < 0 ? answer.shape[0] - 1 : row) * answer.shape[1] + at; // the last row is of the random ones
    const n = classes.data.length;
    const rows = this.indices(order);
    const mean = (data: Float32Array, i: number): number =>
      rows.reduce((sum, row) => sum + data[(row * logits.shape[1] + at) * n + i], 0) / rows.length;
    const shown = inOrder(
      classes.data,
      Array.from(classes.data, (_, i) => mean(logits.data, i)),
      Array.from(classes.data, (_, i) => mean(probabilities.data, i)),
    );
    return saidFirst(answer.data[place], chance.data[place], shown);
  }
}

function Keep(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const hello = useStore(session.hello);
  const chosen = useChosen();
  const { network, picture, target, versus, method, baseline } = chosen;
  const fill = link.fill !== null && hello.baselines.includes(link.fill) ? link.fill : baseline;
  const request =
    network && picture && target !== null ? ({ kind: "keep", network: network.id, picture, target, versus, method, baseline, fill } as const) : null;
  const answer = useAnswer(request);
  const map = useAnswer(mapRequest(chosen, link.tolerance));
  const facts = useMapFacts(map.payload);
  const keep = useMemo(() => (answer.payload ? new KeepAnswers(answer.payload) : null), [answer.payload]);
  const subject = chosen.subject.payload;
  const bytes = subject?.arrays.picture ?? null;
  const paintable = request !== null && session.source.can({ kind: "kept", network: request.network, picture: request.picture, fill });

  const height = bytes?.shape[0] ?? 1;
  const width = bytes?.shape[1] ?? 1;
  const grid = gridOf(height, width);
  const mask = useMemo(() => (link.mask ? decodeMask(link.mask, grid[0] * grid[1]) : null), [link.mask, grid[0], grid[1]]);
  const kept = useAnswer(
    mask && paintable && network && picture ? { kind: "kept", network: network.id, picture, mask: link.mask, cells: grid, fill } : null,
  );
  const at = keep ? nearest(keep.payload.arrays.shares.data, link.share / 100) : 0;
  const ranking = keep ? ["strongest", "highest", "lowest"].indexOf(link.order) : -1;
  const fits = keep !== null && bytes !== null && keep.payload.arrays.fill.data.length === bytes.data.length;
  const shown = useMemo(() => {
    if (!fits) return null;
    if (mask) return pixelsOf(mask, grid, [height, width]);
    return ranking < 0 ? null : keptFirst(rowOf(keep.payload.arrays.rankings, ranking), keep.payload.arrays.kept.data[at]);
  }, [keep, fits, mask, ranking, at, height, width]);
  const seen = useMemo(() => (shown && bytes && keep && fits ? filled(bytes, keep.payload.arrays.fill, shown) : null), [shown, bytes, keep, fits]);
  const brush = useBrush({ grid, shown, height, width, mask, enabled: paintable });

  if (!keep || !bytes || !fits || target === null) {
    return (
      <>
        <AnswerState answer={answer} what="Asking the network with parts of the picture" />
        <Explain of="keep" />
      </>
    );
  }
  const stops = keep.payload.arrays.shares.data.length;
  const pixels = shown ? shown.reduce((n, on) => n + on, 0) : keep.payload.arrays.kept.data[at];
  const part = mask ? pixels / (height * width) : keep.payload.arrays.shares.data[at];
  const painted = mask !== null;
  const said: Said | null = painted
    ? kept.payload
      ? saidOf(kept.payload.arrays)
      : null
    : keep.said(link.order, at);
  const best = said?.[0];
  const spokenSays = best ? `, says ${className(best[0], chosen.answers)}, ${chance(best)}` : "";
  const hidden = facts && shown && facts.values.length === shown.length ? facts.values.map((v, i) => (shown[i] ? v : 0)) : null;
  return (
    <div class="keep">
      <Stale when={answer.previous}>
        <div class="panes">
          <div class="choice">
          <figure class="seen-by-network">
            <h2>What the network sees</h2>
            {seen ? (
              <PicturePixels
                picture={seen}
                label={`What the network sees: ${count(pixels)} of ${count(height * width)} pixels, the rest is ${keep.payload.meta.fill}`}
                size={640}
                grid={paintable ? grid : undefined}
                keyboard
                onCell={paintable ? brush.onCell : undefined}
              >
                {brush.corner && <span class="corner" style={brush.corner} />}
              </PicturePixels>
            ) : (
              <p class="empty">Five random choices of {count(pixels)} pixels each: their mean answer is shown, none of them is drawn.</p>
            )}
            <p class="second facts">
              {count(pixels)} of {count(height * width)} pixels ({share(part)}), the rest {keep.payload.meta.fill}
              {painted ? " · your own choice" : ""}
            </p>
          </figure>
            <Slider
              label="Share shown"
              max={stops - 1}
              value={at}
              onChange={(next) => go({ share: Math.round(100 * keep.payload.arrays.shares.data[next]), mask: "" })}
              spoken={`${share(keep.payload.arrays.shares.data[at])}, ${count(keep.payload.arrays.kept.data[at])} pixels${spokenSays}`}
              output={share(keep.payload.arrays.shares.data[at])}
            />
            <div class="row settings">
              <Radios
                label="Order"
                value={painted ? "" : link.order}
                options={ORDERS.map((order) => [order as string, WORDS[order]] as const)}
                onChange={(order) => go({ order: order as (typeof ORDERS)[number], mask: "" })}
              />
              {session.source.state === "file" ? (
                <span class="facts">Fill {keep.payload.meta.fill}</span>
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
                Painting what the network may see needs the network: <code>innerview serve</code>
              </p>
            )}
          </div>
          <div class="aside">
            <div>
              <h2>It says</h2>
              {said && (
                <div class={painted && kept.previous ? "waited-for" : ""}>
                  <SaidList said={said} answers={chosen.answers} target={target} top={5} label="Prediction from these pixels" />
                </div>
              )}
              {painted && <AnswerState answer={kept} what="Asking the network" />}
              {subject && <Whole chosen={chosen} />}
            </div>
            {facts && hidden && (
              <figure>
                <h2>The map, kept part</h2>
                <MapPixels
                  values={hidden}
                  height={facts.height}
                  width={facts.width}
                  limit={ownLimit(facts.values)}
                  ramp={facts.ramp}
                  picture={bytes}
                  overlay={link.overlay}
                  label={`The kept part of the map holds ${share(keptPart(hidden, facts.total))} of its size`}
                  size={448}
                />
                <Legend scale={{ limit: ownLimit(facts.values), mode: "own" }} unit={map.payload!.meta.unit} name={facts.ramp} />
              </figure>
            )}
            <KeepChart
              keep={keep}
              chosen={chosen}
              target={target}
              at={at}
              painted={painted && said ? { part, said } : null}
              onShare={(k) => go({ share: k, mask: "" })}
            />
          </div>
        </div>
      </Stale>
      <AnswerState answer={answer} what="Asking the network with parts of the picture" />
      <KeepTable keep={keep} chosen={chosen} target={target} />
      <Explain of="keep" />
    </div>
  );
}

const keptPart = (hidden: Float32Array, total: number): number => (total ? hidden.reduce((sum, v) => sum + Math.abs(v), 0) / total : 0);

const chance = ([, logit, part]: Said[number]): string => (Number.isFinite(part) ? `${Math.round(100 * part)} percent` : `logit ${number(logit)}`);

function Whole({ chosen }: { chosen: Chosen }): JSX.Element | null {
  const { subject, answers, network } = chosen;
  if (!subject.payload || subject.previous || !network.decides) return null;
  const [[best, logit, likely]] = saidOf(subject.payload.arrays);
  return (
    <p class="second facts">
      Of the whole picture it says {className(best, answers)} {chanceText(likely, logit)}.
    </p>
  );
}

export const view: View = {
  key: "3",
  name: "keep",
  title: EXPLANATIONS.keep.title,
  question: () => EXPLANATIONS.keep.question,
  Component: Keep,
};
