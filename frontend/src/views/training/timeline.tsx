/** One image through the training: its predictions, which pixels were used, what layers did, at every checkpoint. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { EXPANDED } from "../../core/companding";
import { className, limitText, number, probability } from "../../core/numbers";
import type { Times } from "../../core/runs";
import { inOrder, type Said, saidFirst } from "../../core/said";
import { ownLimit } from "../../core/scale";
import { type Chosen, useLink } from "../../core/session";
import { frame, rowOf } from "../../core/tensors";
import type { Payload } from "../../generated/payloads";
import { Data } from "../../parts/data";
import { Legend } from "../../parts/legend";
import { MapPixels, ImagePixels } from "../../parts/pixels";
import { SaidList } from "../../parts/said";

export interface TimelineProps {
  timeline: Payload<"timeline">;
  times: Times;
  at: number;
  onMove: (at: number) => void;
  chosen: Chosen;
}

interface LayerTimeline {
  name: string;
  height: number;
  width: number;
  /** By checkpoint, by channel. */
  frames: Float32Array[][];
  /** One for each channel, the same at every checkpoint. */
  limits: number[];
  /** Positions of the checkpoints at which the layer was not recorded. */
  missing: readonly number[];
}

/** Channels of the layers, decoded: a scale for every checkpoint and channel. */
function layerTimelines({ arrays, meta }: Payload<"timeline">): LayerTimeline[] {
  return (meta.layers as { name: string; missing?: number[] }[]).flatMap(({ name, missing = [] }, j): LayerTimeline[] => {
    const found = arrays[`activation/${j}`];
    if (!found) return [];
    const [checkpoints, height, width, channels] = found.shape;
    const scales = arrays[`activation/${j}/scale`]!.data;
    const size = height * width;
    const frames = Array.from({ length: checkpoints }, (_, e) =>
      Array.from({ length: channels }, (_, c) =>
        Float32Array.from({ length: size }, (_, i) => scales[e * channels + c] * EXPANDED[found.data[(e * size + i) * channels + c] & 255]),
      ),
    );
    const limits = Array.from({ length: channels }, (_, c) => Math.max(...frames.filter((_, e) => !missing.includes(e)).map((each) => ownLimit(each[c]))));
    return [{ name, height, width, frames, limits, missing }];
  });
}

export function Timeline({ timeline, times, at, onMove, chosen }: TimelineProps): JSX.Element {
  const [link] = useLink();
  const { arrays, meta } = timeline;
  const { classes, answers } = chosen;
  const [height, width] = arrays.heatmaps.shape.slice(1);
  const frames = useMemo(() => times.at.map((_, e) => frame(arrays, "heatmaps", e)), [timeline]);
  const layers = useMemo(() => layerTimelines(timeline), [timeline]);
  const own = useMemo(() => Math.max(...frames.map(ownLimit)), [frames]);
  const pinned = typeof link.scale === "number";
  const limit = pinned ? (link.scale as number) : own;
  const best = (e: number): Said => {
    const logits = rowOf(arrays.logits, e);
    return saidFirst(arrays.predicted.data[e], arrays.confidence.data[e], inOrder([...logits.keys()], logits, rowOf(arrays.probabilities, e)));
  };
  const says = (e: number): string => `predicts ${className(best(e)[0][0], answers)} ${probability(best(e)[0][2])}`;
  const target = meta.target === null ? meta.target_words : className(meta.target, classes);
  const map = (e: number, size: number, label: string): JSX.Element => (
    <MapPixels values={frames[e]} {...{ height, width, limit, label, size }} image={arrays.image} overlay={link.overlay} {...(label ? {} : { fixed: true, grid: null })} />
  );
  return (
    <section class="timeline" aria-label={`${meta.name} through the training`}>
      <div class="now">
        <figure>
          <ImagePixels image={arrays.image} label={`Image: ${meta.name}`} size={128} />
          <figcaption>
            {meta.name}
            {meta.label !== null && ` · label ${className(meta.label, classes)}`}
          </figcaption>
        </figure>
        <figure>
          <SaidList said={best(at)} answers={answers} target={meta.target} top={4} label="Prediction at this checkpoint" />
        </figure>
        <figure>
          {map(at, 192, `Attribution for ${target} at ${times.words(at)}, ±${limitText(limit)} ${meta.unit}`)}
          <Legend scale={{ limit, mode: pinned ? "pinned" : "timeline" }} unit={meta.unit} values={frames[at]} ends={[`against ${target}`, `for ${target}`]} />
        </figure>
        {layers.map(({ name, height: h, width: w, frames: all, limits, missing }) => (
          <figure key={name}>
            <div class="four" aria-hidden={missing.includes(at)}>
              {all[at].map((values, c) => (
                <MapPixels key={c} values={values} height={h} width={w} limit={limits[c]} ramp="value" label={`${name}, channel ${c + 1} of 4, ±${limitText(limits[c])}`} size={64} fixed grid={[height, width]} />
              ))}
            </div>
            <figcaption>{missing.includes(at) ? `${name}: not recorded at ${times.words(at)}` : `${name}: four channels, one scale each for all epochs`}</figcaption>
          </figure>
        ))}
      </div>
      <ol class="strip" aria-label="All checkpoints">
        {frames.map((_, e) => (
          <li key={e}>
            <button type="button" aria-pressed={e === at} aria-label={`${times.words(e)}: ${says(e)}`} onClick={() => onMove(e)}>
              {map(e, 64, "")}
              <span>{times.unit === "checkpoint" ? e : number(times.at[e])}</span>
            </button>
          </li>
        ))}
      </ol>
      <p class="second facts">All maps on one scale; they are not judged. {meta.target_words.replace(/\.$/, "")}.</p>
      <Data
        title={`${meta.name} through the training`}
        columns={[times.unit, "prediction", "probability", `p(${target})`]}
        rows={() =>
          times.at.map((_, e) => {
            const [[first, , chance]] = best(e);
            return [times.words(e), className(first, answers), probability(chance), meta.target === null ? "–" : probability(rowOf(arrays.probabilities, e)[meta.target])];
          })
        }
        file={`timeline-${meta.name}`}
      />
    </section>
  );
}
