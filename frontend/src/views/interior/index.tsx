/** The image fades in: gradient, contribution, sum so far and answer at every alpha, moved by one slider in the browser. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { className, limitText, number, place, spoken } from "../../core/numbers";
import { nearest, Path } from "../../core/path";
import type { Scale } from "../../core/scale";
import { type Chosen, mapRequest, useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { OverlayChoice, useMapKeys } from "../../parts/overlay";
import { Radios } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels, ImagePixels, RgbPixels } from "../../parts/pixels";
import { SaidList } from "../../parts/said";
import { Player } from "../../parts/slider";
import { AnswerState, Stale } from "../../parts/states";
import { VerdictLine } from "../../parts/verdict";
import type { View } from "../view";
import { AlphaSlider } from "./alpha";
import { PathPlots } from "./plots";
import { PathTable } from "./table";
import { Ten } from "./ten";
import "./interior.css";

function Interior(): JSX.Element {
  const [link, go] = useLink();
  const chosen = useChosen();
  const { model, image, target, versus, baseline } = chosen;
  const answer = useAnswer(
    model && image && target !== null ? { kind: "path", model: model.id, image, target, versus, baseline } : null,
  );
  const bytes = chosen.subject.payload?.arrays.image ?? null;
  const path = useMemo(() => {
    // The subject of another image must not be mixed with this path.
    const fits = answer.payload && bytes && bytes.data.length === answer.payload.arrays.baseline.data.length;
    return fits ? new Path(answer.payload!, bytes) : null;
  }, [answer.payload, bytes]);
  const stop = path ? nearest(path.stops, link.alpha) : 0;
  const move = (to: number): void => void (path && go({ alpha: path.stops[Math.max(0, Math.min(path.stops.length - 1, to))] }));
  if (!path) {
    return (
      <>
        <AnswerState answer={answer} what="Computing the path" />
        <Explain of="interior" />
      </>
    );
  }
  const alpha = path.stops[stop];
  const index = path.at(alpha);
  const shown = { path, alpha, index, chosen };
  const [best] = path.says(index);
  const score = path.payload.arrays.scores.data[index];
  const chance = Number.isFinite(best[2]) ? `${Math.round(100 * best[2])} percent` : `logit ${number(best[1])}`;
  const said = `alpha ${spoken(alpha)}, ${path.payload.meta.unit} ${number(score)}, predicts ${className(best[0], chosen.answers)}, ${chance}`;
  return (
    <div class="interior">
      <Stale when={answer.previous || chosen.subject.previous}>
        <Panes {...shown} />
      </Stale>
      <div class="transport">
        <Player stops={path.stops.length} at={stop} onMove={move} of="alpha" />
        <label class="number">
          alpha{" "}
          <input
            type="number"
            min={0}
            max={1}
            step="any"
            value={alpha}
            onChange={(event) => {
              const wanted = event.currentTarget.valueAsNumber;
              if (wanted >= 0 && wanted <= 1) move(nearest(path.stops, wanted));
            }}
          />
        </label>
        <p class="state" data-score>
          score {number(score, true)} {path.payload.meta.unit}
          {path.alphas[index] !== alpha && <span class="second"> · nearest computed: alpha {place(path.alphas[index])}</span>}
        </p>
      </div>
      {alpha === 1 && <VerdictLine of={mapRequest(chosen, link.tolerance, { method: "integrated-gradients" })} />}
      <AlphaSlider path={path} stop={stop} onMove={move} spoken={said} output={place(alpha)} />
      <PathPlots {...shown} stop={stop} onMove={move} />
      {(answer.state === "level" || answer.state === "waiting") && (
        <p class="second facts">
          {path.alphas.length} of {path.stops.length} alphas are there; the others come in turn.
        </p>
      )}
      <AnswerState answer={answer} what="Computing the path" />
      <Ten path={path} answers={chosen.answers} onMove={move} />
      <PathTable path={path} chosen={chosen} />
      <Explain of="interior" />
    </div>
  );
}

export interface At {
  path: Path;
  alpha: number;
  /** Into the computed alphas. */
  index: number;
  chosen: Chosen;
}

/** Four canvases that change in one frame. */
function Panes({ path, alpha, index, chosen }: At): JSX.Element {
  const [link, go] = useLink();
  const { overlay, scale: choice, channels } = link;
  const { unit } = path.payload.meta;
  const gradient = path.frame("gradients", alpha);
  const contribution = path.frame("contribution", alpha);
  const cumulative = path.frame("cumulative", alpha);
  const whole = choice === "shared";
  const scaleOf = (stack: "gradients" | "contribution" | "cumulative", own: number): Scale => {
    // A pinned scale is one of attribution; the gradient has another unit and keeps its own.
    if (typeof choice === "number" && stack !== "gradients") return { limit: choice, mode: "pinned" };
    return whole ? { limit: path.limit(stack), mode: "path" } : { limit: own, mode: "per-alpha" };
  };
  const scales = {
    gradient: scaleOf("gradients", gradient.limit),
    contribution: scaleOf("contribution", contribution.limit),
    cumulative: scaleOf("cumulative", cumulative.limit),
  };
  const summed = useMemo(() => path.sum(gradient.values), [path, gradient]);
  useMapKeys(scales.cumulative.limit);
  const { height, width } = path;
  const target = path.payload.meta.target;
  const name = target === null ? "it" : className(target, chosen.classes);
  const versus = path.payload.meta.versus;
  const ends = [versus === null ? `against ${name}` : `for ${className(versus, chosen.classes)}`, `for ${name}`] as const;
  const perPixel = `${unit} per unit`;
  const maps = [
    {
      title: "Gradient × (input − baseline)",
      ...contribution,
      scale: scales.contribution,
      unit: `${unit} per alpha`,
      says: `Gradient × (input − baseline) at alpha ${place(contribution.alpha)}, ±${limitText(scales.contribution.limit)} ${unit} per unit of alpha`,
    },
    {
      title: "Cumulative attribution",
      ...cumulative,
      scale: scales.cumulative,
      unit,
      says: `Cumulative attribution from alpha 0 to ${place(cumulative.alpha)}: Σ ${number(cumulative.values.reduce((a, b) => a + b, 0), true)} ${unit}`,
    },
  ];
  return (
    <>
      <div class="settings">
        <Radios
          label="Scale"
          value={String(choice)}
          options={[
            ["per-image", "per alpha"],
            ["shared", "shared over the path"],
          ]}
          onChange={(scale) => go({ scale: scale as "per-image" | "shared" })}
        />
        <OverlayChoice />
      </div>
      <div class="quartet">
        <figure>
          <h2>Image at {place(alpha)}</h2>
          <ImagePixels image={path.imageAt(alpha)} label={`The image at alpha ${place(alpha)}`} size={448} />
          <SaidList said={path.says(index)} answers={chosen.answers} target={null} top={3} label="Prediction at this alpha" />
        </figure>
        <figure>
          <h2>Gradient at {place(gradient.alpha)}</h2>
          {channels ? (
            <RgbPixels
              values={gradient.values}
              height={height}
              width={width}
              channels={path.channels}
              limit={scales.gradient.limit}
              label={`Gradient at alpha ${place(gradient.alpha)}, three channels, grey is zero, ±${limitText(scales.gradient.limit)} ${perPixel}`}
              size={448}
            />
          ) : (
            <MapPixels
              values={summed}
              height={height}
              width={width}
              limit={scales.gradient.limit}
              ramp="value"
              label={`Gradient at alpha ${place(gradient.alpha)}, summed over the channels, ±${limitText(scales.gradient.limit)} ${perPixel}`}
              size={448}
            />
          )}
          {channels ? (
            <p class="key">
              grey 0, black −{limitText(scales.gradient.limit)}, white +{limitText(scales.gradient.limit)} {perPixel}, by colour ·{" "}
              {scales.gradient.mode === "path" ? "one scale for the path" : "per-alpha scale"}
            </p>
          ) : (
            <Legend scale={scales.gradient} unit={perPixel} name="value" values={summed} />
          )}
          {path.channels === 3 && (
            <button class="small" onClick={() => go({ channels: !channels })}>
              {channels ? "Sum the colours" : "Show by colour"}
            </button>
          )}
        </figure>
        {maps.map(({ title, values, alpha: at, scale, unit: per, says }) => (
          <figure key={title}>
            <h2>
              {title} at {place(at)}
            </h2>
            <MapPixels
              values={values}
              height={height}
              width={width}
              limit={scale.limit}
              image={path.image}
              overlay={overlay}
              show={link.show}
              label={says}
              size={448}
              keyboard={values === cumulative.values}
            />
            <Legend scale={scale} unit={per} values={values} ends={ends} overlay={overlay} pin={values === cumulative.values} />
          </figure>
        ))}
      </div>
      <PixelLine path={path} alpha={alpha} summed={summed} />
    </>
  );
}

function PixelLine({ path, alpha, summed }: { path: Path; alpha: number; summed: Float32Array }): JSX.Element | null {
  const { hover } = useSession();
  const [link] = useLink();
  const pixel = useStore(hover) ?? link.pixel;
  if (!pixel || pixel[0] >= path.height || pixel[1] >= path.width) {
    return <p class="second facts">Point at a pixel for its numbers; pin it for its curve.</p>;
  }
  const i = pixel[0] * path.width + pixel[1];
  const { unit } = path.payload.meta;
  return (
    <p class="facts" data-readout>
      Row {pixel[0] + 1}, column {pixel[1] + 1}: gradient {number(summed[i], true)} {unit} per unit · × (input − baseline) {number(path.frame("contribution", alpha).values[i], true)} · cumulative{" "}
      {number(path.frame("cumulative", alpha).values[i], true)} {unit}
    </p>
  );
}

export const view: View = {
  key: "2",
  name: "interior",
  title: EXPLANATIONS.interior.title,
  group: "Why",
  shows: "path",
  question: (target) => `How does “${target}” build up as the image fades in, and where does the gradient vanish?`,
  Component: Interior,
};
