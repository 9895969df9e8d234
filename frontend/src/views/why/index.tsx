/** Why this answer: where the evidence lies on the sharp photo, each class's own, and the test by taking regions away. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { chanceText, className, count, number } from "../../core/numbers";
import { type Rgba, squeezed } from "../../core/paint";
import { ramp } from "../../core/ramps";
import { type Chosen, type Shown, useAnswer, useChosen, useLink, useSession, useTheme } from "../../core/session";
import { rowOf } from "../../core/tensors";
import { Radios } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { ImagePixels, Pixels } from "../../parts/pixels";
import { AnswerState, Stale } from "../../parts/states";
import { SIGNS, truthOf, type Verdict } from "../../parts/verdict";
import type { View } from "../view";
import { cellPixels, fullEvidence, paintSharp, sharpPixels, strengths } from "./sharp";
import { useAsk } from "./ask";
import "./why.css";

/** Pixels along the longer side of the photo, and of a class's own small one. */
const SIDE = 384;
const SMALL = 64;
/** Classes that have a row, unless another one was chosen. */
const ROWS = 3;

const LAYERS = [
  ["photo", "photo"],
  ["evidence", "evidence"],
  ["regions", "regions"],
] as const;
type Layer = (typeof LAYERS)[number][0];

interface Part {
  name: "alone" | "without";
  regions: number[];
  says: string;
  fill: string;
  same: number;
  sets: number;
}

function Why(): JSX.Element {
  const chosen = useChosen();
  const { model, image, target, versus, method, baseline } = chosen;
  const about = model && image ? { model: model.id, image } : null;
  const evidence = useAnswer(about && { kind: "evidence" as const, ...about });
  const truth = useAnswer(about && target !== null ? { kind: "truth" as const, ...about, target, versus, method, baseline } : null);
  const { judged } = useSession();
  const known = truth.payload && !truth.previous ? truthOf({ ...about, target, versus }) : null;
  useEffect(() => {
    if (known && !judged.value.includes(known)) judged.set([...judged.value, known]);
  }, [known]);
  const [layer, setLayer] = useState<Layer>("evidence");
  const has = { photo: true, evidence: evidence.payload !== null, regions: truth.payload !== null };
  // What is there first is shown first; whoever chose stays with it.
  const shown = has[layer] ? layer : has.regions ? "regions" : "photo";
  const asking = useAsk(chosen);
  const options = LAYERS.map(([name, words]) => [name, words, !has[name]] as const);
  return (
    <div class="why">
      <div class="panes">
        <figure class="shown-photo">
          <Photo chosen={chosen} evidence={evidence} truth={truth} layer={shown}>
            {asking.over}
          </Photo>
          <Radios label="Show" value={shown} options={options} onChange={setLayer} />
          <figcaption>{CAPTIONS[shown](target === null ? "this class" : className(target, chosen.classes), truth.payload?.meta.unit ?? "")}</figcaption>
          {asking.panel}
        </figure>
        <div class="told">
          <Classes chosen={chosen} evidence={evidence} />
          <Test truth={truth} />
        </div>
      </div>
      <Tables chosen={chosen} truth={truth} />
      <Explain of="why" />
    </div>
  );
}

const CAPTIONS: Record<Layer, (target: string, unit: string) => string> = {
  photo: () => "The part of the photo that the model sees.",
  evidence: (target) => `In colour: where the evidence for “${target}” lies. Grey: none, or against.`,
  regions: (target, unit) => `What each region adds to “${target}”, in ${unit}: blue adds, red takes away; ? depends on what is put there instead.`,
};

/** The photo as pixels, sharp where it is known so; null until it was read. */
function useSharp(chosen: Chosen, side: number): ImageData | null {
  const arrays = chosen.subject.payload?.arrays ?? null;
  const [read, setRead] = useState<{ of: unknown; pixels: ImageData } | null>(null);
  const file = arrays?.photo?.data ?? null;
  useEffect(() => {
    let wanted = true;
    if (file) void sharpPixels(file, side).then((pixels) => wanted && setRead({ of: file, pixels }));
    return () => {
      wanted = false;
    };
  }, [file, side]);
  const cells = useMemo(() => (arrays && !file ? cellPixels(arrays.image, side) : null), [arrays?.image, file, side]);
  return cells ?? (read?.of === file ? read.pixels : null);
}

interface PhotoProps {
  chosen: Chosen;
  evidence: Shown<"evidence">;
  truth: Shown<"truth">;
  layer: Layer;
  /** What lies over it. */
  children?: ComponentChildren;
}

function Photo({ chosen, evidence, truth, layer, children }: PhotoProps): JSX.Element | null {
  const photo = useSharp(chosen, SIDE);
  const theme = useTheme();
  const { target, versus, classes } = chosen;
  const map = target === null ? null : evidenceOf(evidence, target, versus);
  const strength = useMemo(
    () => (photo && map && layer === "evidence" ? strengths(map.values, map.rows, map.columns, photo.width, photo.height) : null),
    [photo, map?.values, layer],
  );
  if (!photo) return <p class="second">Reading the photo …</p>;
  const about = target === null ? "the image" : className(target, classes);
  if (layer === "regions" && truth.payload) return <Regions photo={photo} truth={truth.payload} colours={ramp("evidence", theme)} about={about} over={children} />;
  return (
    <Canvas
      photo={photo}
      paint={(out) => paintSharp(out, photo, strength)}
      of={[photo, strength]}
      label={layer === "evidence" ? `The photo, in colour where the evidence for ${about} lies` : "The photo that the model sees"}
    >
      {children}
    </Canvas>
  );
}

interface CanvasProps {
  photo: ImageData;
  paint: (out: Rgba) => void;
  of: readonly unknown[];
  label: string;
  children?: ComponentChildren;
}

/** A photo as wide as there is room: unlike a map it may be scaled smoothly, since no cell of it is a number. */
function Canvas({ photo, paint, of, label, children }: CanvasProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const out = new Uint8ClampedArray(photo.data.length);
    paint(out);
    canvas.current!.getContext("2d")!.putImageData(new ImageData(out, photo.width, photo.height), 0, 0);
  }, of);
  return (
    <div class="photo">
      <canvas ref={canvas} width={photo.width} height={photo.height} role="img" aria-label={label} />
      {children}
    </div>
  );
}

interface Evidence {
  values: Float32Array;
  rows: number;
  columns: number;
}

/** The evidence for a class, less that for the one that it is set against; null where it is not known. */
function evidenceOf(evidence: Shown<"evidence">, target: number, versus: number | null): Evidence | null {
  const arrays = evidence.payload?.arrays;
  if (!arrays) return null;
  const [, rows, columns] = arrays.evidence.shape;
  const [at, other] = [target, versus ?? -1].map((index) => arrays.classes.data.indexOf(index));
  if (at < 0) return null;
  const own = rowOf(arrays.evidence, at);
  const less = other < 0 ? null : rowOf(arrays.evidence, other);
  return { values: less ? own.map((value, i) => value - less[i]) : own, rows, columns };
}

function Regions({ photo, truth, colours, about, over }: { photo: ImageData; truth: NonNullable<Shown<"truth">["payload"]>; colours: ReturnType<typeof ramp>; about: string; over: ComponentChildren }): JSX.Element {
  const { labels, values } = truth.arrays;
  const [height, width] = labels.shape;
  const means = meansOf(values);
  const limit = Math.max(...means.map(Math.abs)) || 1;
  const unsure = truth.meta.unsure as number[];
  const paint = (out: Rgba): void => {
    const at = (x: number, y: number): number => labels.data[Math.floor((y * height) / photo.height) * width + Math.floor((x * width) / photo.width)];
    for (let y = 0; y < photo.height; y++) {
      for (let x = 0; x < photo.width; x++) {
        const i = 4 * (y * photo.width + x);
        const region = at(x, y);
        const edge = (x > 0 && at(x - 1, y) !== region) || (y > 0 && at(x, y - 1) !== region);
        const t = means[region] / limit;
        const opacity = 0.8 * Math.abs(t);
        const grey = squeezed(photo.data[i], photo.data[i + 1], photo.data[i + 2]);
        const colour = t < 0 ? 0 : colours.length - 3;
        for (let c = 0; c < 3; c++) out[i + c] = edge ? 255 : (1 - opacity) * grey + opacity * colours[colour + c];
        out[i + 3] = 255;
      }
    }
  };
  const written = means.map((mean, i) => `${number(Math.abs(mean) < limit / 20 ? 0 : Number(mean.toPrecision(2)), true)}${unsure.includes(i) ? " ?" : ""}`);
  const names = truth.meta.names as string[];
  return (
    <Canvas
      photo={photo}
      paint={paint}
      of={[photo, labels, values, colours]}
      label={`What each region adds to ${about}: ${names.map((name, i) => `${name} ${written[i]}`).join(", ")} ${truth.meta.unit}`}
    >
      {middlesOf(labels.data, height, width, means.length).map(([top, left], i) => (
        <span key={names[i]} class="region" aria-hidden="true" style={{ top: `${100 * top}%`, left: `${100 * left}%` }}>
          {written[i]}
        </span>
      ))}
      {over}
    </Canvas>
  );
}

/** Each region's mean over the fills. */
function meansOf({ data, shape: [fills, regions] }: { data: Float32Array; shape: readonly number[] }): number[] {
  return Array.from({ length: regions }, (_, region) => Array.from({ length: fills }, (__, fill) => data[fill * regions + region]).reduce((a, b) => a + b, 0) / fills);
}

/** Where each region's middle lies, as fractions of height and width. */
function middlesOf(labels: Uint16Array, height: number, width: number, regions: number): [number, number][] {
  const sums = Array.from({ length: regions }, () => [0, 0, 0]);
  labels.forEach((region, i) => {
    sums[region][0] += Math.floor(i / width) + 0.5;
    sums[region][1] += (i % width) + 0.5;
    sums[region][2] += 1;
  });
  return sums.map(([down, across, size]) => [down / size / height, across / size / width]);
}

/** A row for each likely class: its evidence, its score, its probability; choosing one makes it the one explained. */
function Classes({ chosen, evidence }: { chosen: Chosen; evidence: Shown<"evidence"> }): JSX.Element | null {
  const [, go] = useLink("target");
  const photo = useSharp(chosen, SMALL);
  const { source } = useSession();
  const subject = chosen.subject.payload;
  const outputs = evidence.payload?.arrays.outputs.data ?? null;
  if (!subject || !chosen.ranking.length) return null;
  const rows = [...new Set([...chosen.ranking.slice(0, ROWS), ...(chosen.target === null ? [] : [chosen.target])])];
  const { logits, probabilities } = subject.arrays;
  const low = Math.min(0, ...rows.map((index) => logits.data[index]));
  const high = Math.max(...rows.map((index) => logits.data[index]), low + 1e-9);
  const maps = rows.map((index) => evidenceOf(evidence, index, null));
  const full = Math.min(...maps.map((map) => (map ? fullEvidence(map.values) : Number.POSITIVE_INFINITY)));
  return (
    <section class="classes" aria-label="Classes">
      {rows.map((index, i) => {
        const map = maps[i];
        return (
          <button key={index} aria-pressed={index === chosen.target} onClick={() => go({ target: index })}>
            {photo && map && (
              <Pixels
                height={photo.height}
                width={photo.width}
                paint={(out) => paintSharp(out, photo, strengths(map.values, map.rows, map.columns, photo.width, photo.height, full))}
                of={[photo, map.values, full]}
                label=""
                size={SMALL}
                fixed
                grid={null}
              />
            )}
            <span class="name">{className(index, chosen.classes)}</span>
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${(100 * (logits.data[index] - low)) / (high - low)}%` }} />
            </span>
            <span class="score">{number(logits.data[index], true)}</span>
            <span class="chance second">{chanceText(probabilities.data[index], Number.NaN)}</span>
          </button>
        );
      })}
      {outputs ? (
        <p class="second facts">
          {evidence.payload!.meta.says} The small photos share one scale. A position shows where it lies; what it has seen reaches further.
        </p>
      ) : (
        evidence.state === "failed" &&
        source.state !== "file" && <p class="second facts">This model has no class evidence: {evidence.message}</p>
      )}
    </section>
  );
}

/** What is predicted of parts, in pictures and lines, and how far maps agree. */
function Test({ truth }: { truth: Shown<"truth"> }): JSX.Element {
  const { payload } = truth;
  const parts = payload ? (payload.meta.parts as Part[]) : [];
  const images = payload?.arrays.parts;
  return (
    <section class="test">
      <h2>Does it hold? The model is shown every combination of regions.</h2>
      <AnswerState answer={truth} what="Taking regions away" />
      {payload && (
        <Stale when={truth.previous}>
          {images && (
            <div class="parts">
              {parts.map((part, i) => (
                <figure key={part.name}>
                  <ImagePixels
                    image={{ ...images, data: images.data.subarray((i * images.data.length) / parts.length, ((i + 1) * images.data.length) / parts.length), shape: images.shape.slice(1) } as typeof images}
                    label={`${part.name === "alone" ? "Only" : "Without"} ${part.regions.length} of ${(payload.meta.names as string[]).length} regions: ${part.says}`}
                    size={160}
                    grid={null}
                  />
                  <figcaption>
                    {part.name === "alone" ? "Only" : "Without"} {part.regions.length} of {(payload.meta.names as string[]).length}: <strong>{part.says}</strong>
                    <br />
                    {part.same} of all {part.sets} such sets {part.name === "alone" ? "do the same" : "change it too"}; the rest: {part.fill}
                  </figcaption>
                </figure>
              ))}
            </div>
          )}
          {(payload.meta.lines as string[]).map((line) => (
            <p key={line}>{line}</p>
          ))}
          <Verdicts verdicts={payload.meta.verdicts as Record<string, Verdict>} />
          <p class="second facts">{count(payload.meta.n_evaluations)} forward passes; {payload.meta.target_words}.</p>
        </Stale>
      )}
    </section>
  );
}

function Verdicts({ verdicts }: { verdicts: Record<string, Verdict> }): JSX.Element {
  return (
    <ul class="verdicts">
      {Object.entries(verdicts).map(([name, { kind, says }]) => (
        <li key={name}>
          <span aria-hidden="true">{SIGNS[kind]}</span> The map by {name.replace(/-/g, " ")} {says}.
        </li>
      ))}
    </ul>
  );
}

function Tables({ chosen, truth }: { chosen: Chosen; truth: Shown<"truth"> }): JSX.Element | null {
  const { payload } = truth;
  if (!payload) return null;
  const { values } = payload.arrays;
  const fills = payload.meta.fills as string[];
  const names = payload.meta.names as string[];
  const rows = (): number[][] => names.map((_, region) => fills.map((__, fill) => values.data[fill * names.length + region]));
  return (
    <Data
      title={`what each region adds, ${payload.meta.unit}`}
      columns={["region", ...fills]}
      rows={() => rows().map((row, i) => [names[i], ...row.map((value) => number(value, true))])}
      csv={() => ({ columns: ["region", ...fills], rows: rows().map((row, i) => [names[i], ...row]) })}
      file={`regions-${chosen.image ?? "image"}-${payload.meta.target ?? "score"}`}
    />
  );
}

export const view: View = {
  key: "0",
  name: "why",
  title: EXPLANATIONS.why.title,
  question: (target) => `Why “${target}”?`,
  Component: Why,
};
