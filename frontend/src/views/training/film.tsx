/** One picture through the training: what was said, which pixels were used, what layers kept, at every snapshot. */
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
import { MapPixels, PicturePixels } from "../../parts/pixels";
import { SaidList } from "../../parts/said";

export interface FilmProps {
  film: Payload<"film">;
  times: Times;
  at: number;
  onMove: (at: number) => void;
  chosen: Chosen;
}

interface Reel {
  name: string;
  height: number;
  width: number;
  /** By snapshot, by channel. */
  frames: Float32Array[][];
  /** One for each channel, the same at every snapshot. */
  limits: number[];
  /** Places of the snapshots at which the layer was not kept. */
  missing: readonly number[];
}

/** Channels of the layers, decoded: a scale for every snapshot and channel. */
function reels({ arrays, meta }: Payload<"film">): Reel[] {
  return (meta.layers as { name: string; missing?: number[] }[]).flatMap(({ name, missing = [] }, j): Reel[] => {
    const found = arrays[`activation/${j}`];
    if (!found) return [];
    const [snapshots, height, width, channels] = found.shape;
    const scales = arrays[`activation/${j}/scale`]!.data;
    const size = height * width;
    const frames = Array.from({ length: snapshots }, (_, e) =>
      Array.from({ length: channels }, (_, c) =>
        Float32Array.from({ length: size }, (_, i) => scales[e * channels + c] * EXPANDED[found.data[(e * size + i) * channels + c] & 255]),
      ),
    );
    const limits = Array.from({ length: channels }, (_, c) => Math.max(...frames.filter((_, e) => !missing.includes(e)).map((each) => ownLimit(each[c]))));
    return [{ name, height, width, frames, limits, missing }];
  });
}

export function Film({ film, times, at, onMove, chosen }: FilmProps): JSX.Element {
  const [link] = useLink();
  const { arrays, meta } = film;
  const { classes, answers } = chosen;
  const [height, width] = arrays.maps.shape.slice(1);
  const frames = useMemo(() => times.at.map((_, e) => frame(arrays, "maps", e)), [film]);
  const layers = useMemo(() => reels(film), [film]);
  const own = useMemo(() => Math.max(...frames.map(ownLimit)), [frames]);
  const pinned = typeof link.scale === "number";
  const limit = pinned ? (link.scale as number) : own;
  const best = (e: number): Said => {
    const logits = rowOf(arrays.logits, e);
    return saidFirst(arrays.answer.data[e], arrays.chance.data[e], inOrder([...logits.keys()], logits, rowOf(arrays.probabilities, e)));
  };
  const says = (e: number): string => `says ${className(best(e)[0][0], answers)} ${probability(best(e)[0][2])}`;
  const target = meta.target === null ? meta.target_words : className(meta.target, classes);
  const map = (e: number, size: number, label: string): JSX.Element => (
    <MapPixels values={frames[e]} {...{ height, width, limit, label, size }} picture={arrays.picture} overlay={link.overlay} {...(label ? {} : { fixed: true, grid: null })} />
  );
  return (
    <section class="film" aria-label={`${meta.name} through the training`}>
      <div class="now">
        <figure>
          <PicturePixels picture={arrays.picture} label={`Picture: ${meta.name}`} size={128} />
          <figcaption>
            {meta.name}
            {meta.truth !== null && ` · truth ${className(meta.truth, classes)}`}
          </figcaption>
        </figure>
        <figure>
          <SaidList said={best(at)} answers={answers} target={meta.target} top={4} label="Prediction at this snapshot" />
        </figure>
        <figure>
          {map(at, 192, `Attribution for ${target} at ${times.words(at)}, ±${limitText(limit)} ${meta.unit}`)}
          <Legend scale={{ limit, mode: pinned ? "pinned" : "film" }} unit={meta.unit} values={frames[at]} ends={[`against ${target}`, `for ${target}`]} />
        </figure>
        {layers.map(({ name, height: h, width: w, frames: all, limits, missing }) => (
          <figure key={name}>
            <div class="four" aria-hidden={missing.includes(at)}>
              {all[at].map((values, c) => (
                <MapPixels key={c} values={values} height={h} width={w} limit={limits[c]} ramp="value" label={`${name}, channel ${c + 1} of 4, ±${limitText(limits[c])}`} size={64} fixed grid={[height, width]} />
              ))}
            </div>
            <figcaption>{missing.includes(at) ? `${name}: not kept at ${times.words(at)}` : `${name}: four channels, each on one scale for all epochs`}</figcaption>
          </figure>
        ))}
      </div>
      <ol class="strip" aria-label="All snapshots">
        {frames.map((_, e) => (
          <li key={e}>
            <button type="button" aria-pressed={e === at} aria-label={`${times.words(e)}: ${says(e)}`} onClick={() => onMove(e)}>
              {map(e, 64, "")}
              <span>{times.unit === "snapshot" ? e : number(times.at[e])}</span>
            </button>
          </li>
        ))}
      </ol>
      <p class="second facts">All maps on one scale. {meta.target_words.replace(/\.$/, "")}.</p>
      <Data
        title={`${meta.name} through the training`}
        columns={[times.unit, "says", "probability", `p(${target})`]}
        rows={() =>
          times.at.map((_, e) => {
            const [[first, , chance]] = best(e);
            return [times.words(e), className(first, answers), probability(chance), meta.target === null ? "–" : probability(rowOf(arrays.probabilities, e)[meta.target])];
          })
        }
        file={`film-${meta.name}`}
      />
    </section>
  );
}
