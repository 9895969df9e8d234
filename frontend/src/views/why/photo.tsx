/** The photo: sharp, in colour where the evidence lies, or with what each region adds. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { number } from "../../core/numbers";
import { type Rgba, squeezed } from "../../core/paint";
import { ramp } from "../../core/ramps";
import { type Chosen, useSession, useTheme } from "../../core/session";
import { middlesOf } from "../../core/region";
import { useStore } from "../../core/store";
import { rowOf } from "../../core/tensors";
import { type Blocks, blockAt, cellPixels, DARK, DIM, litStrengths, paintSharp, type Shading, sharpPixels, strengths } from "./sharp";

/** The photo as pixels, sharp where it is known so; null until it was read. */
export function useSharp(chosen: Chosen, side: number): ImageData | null {
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

/** From this part of the largest value on, what speaks against is hatched where patterns are wanted: a line in so many pixels. */
const [FAINT, HATCH] = [0.05, 9];

export interface PhotoProps {
  photo: ImageData | null;
  /** What is shown: the photo, where the evidence lies, or what regions add. */
  layer: "photo" | "evidence" | "regions";
  map: Evidence | null;
  truth: Payload<"truth"> | null;
  /** Blocks that were tested and hold, lit in place of the evidence itself: inside and outside can't be confused. */
  tested: Tested | null;
  /** The class explained. */
  about: string;
  /** What lies over it. */
  children?: ComponentChildren;
}

export function Photo({ photo, layer, map, truth, tested, about, children }: PhotoProps): JSX.Element {
  const theme = useTheme();
  const patterned = useStore(useSession().patterns);
  const shading = useMemo(
    () => (photo && map && layer === "evidence" ? shadingOf(photo, map, tested) : null),
    [photo, map?.values, layer, tested?.best],
  );
  const regions = useMemo(
    () => (photo && truth && layer === "regions" ? regionsOn(photo, truth, ramp("evidence", theme), patterned, about) : null),
    [photo, truth, layer, theme, patterned, about],
  );
  if (!photo) return <div class="photo none" />;
  // One canvas for all layers: what lies over it stays where it is while it is painted on.
  return (
    <Canvas
      photo={photo}
      paint={
        regions?.paint ??
        ((out) => {
          paintSharp(out, photo, shading);
          if (shading && tested) drawOutlines(out, photo, closed(photo, tested.best), tested.sure ? null : DASH);
        })
      }
      of={[photo, shading, regions, tested?.sure]}
      label={regions?.label ?? (shading ? `The photo, in colour where the evidence for ${about} lies` : "The photo that the model sees")}
    >
      {regions?.written}
      {children}
    </Canvas>
  );
}

/** Blocks about which the model was asked again, and whether they clearly do what the map says. */
export interface Tested {
  best: Payload<"check">["arrays"]["best"];
  sure: boolean;
}

/** All colour in what was tested, and none elsewhere; as much as there is evidence before that. */
export function shadingOf({ width, height }: ImageData, map: Evidence, tested: Tested | null): Shading {
  if (tested) return { strength: litStrengths(tested.best, width, height), dim: DARK };
  return { strength: strengths(map.values, map.rows, map.columns, width, height), dim: DIM };
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

export interface Evidence {
  values: Float32Array;
  rows: number;
  columns: number;
}

/** The class evidence for a class, less that for the one that it is set against; null where it is not known. */
export function evidenceOf(arrays: Payload<"evidence">["arrays"] | undefined, target: number, versus: number | null): Evidence | null {
  if (!arrays) return null;
  const [, rows, columns] = arrays.evidence.shape;
  const [at, other] = [target, versus ?? -1].map((index) => arrays.classes.data.indexOf(index));
  if (at < 0) return null;
  const own = rowOf(arrays.evidence, at);
  const less = other < 0 ? null : rowOf(arrays.evidence, other);
  return { values: less ? own.map((value, i) => value - less[i]) : own, rows, columns };
}

interface OnPhoto {
  paint: (out: Rgba) => void;
  label: string;
  written: JSX.Element[];
}

type Labels = (x: number, y: number) => number;

/** Blocks with nothing around the photo, so that their outlines are closed. */
function closed({ width, height }: ImageData, lit: Blocks): Labels {
  const at = blockAt(lit, width, height);
  return (x, y) => (Math.min(x, y, width - 1 - x, height - 1 - y) < 1 ? 0 : at(x, y));
}

/** Pixels of a dash, and of the gap behind it. */
const DASH = 8;

/** A light line with a dark one beside it where labels change, so that outlines are seen on any photo; perhaps dashed. */
function drawOutlines(out: Rgba, photo: ImageData, at: Labels, dash: number | null = null): void {
  for (let y = 0; y < photo.height; y++) {
    for (let x = 0; x < photo.width; x++) {
      const own = at(x, y);
      const differs = (by: number): boolean => (x >= by && at(x - by, y) !== own) || (y >= by && at(x, y - by) !== own);
      const gap = dash !== null && Math.floor((x + y) / dash) % 2 === 1;
      const line = gap ? null : differs(1) ? 255 : differs(2) ? 0 : null;
      if (line !== null) out.fill(line, 4 * (y * photo.width + x), 4 * (y * photo.width + x) + 3);
    }
  }
}

/** What each region adds, as colour over a grey photo, with its number in the middle. */
function regionsOn(photo: ImageData, truth: Payload<"truth">, colours: ReturnType<typeof ramp>, patterned: boolean, about: string): OnPhoto {
  const { labels, values } = truth.arrays;
  const [height, width] = labels.shape;
  const means = meansOf(values);
  const limit = Math.max(...means.map(Math.abs)) || 1;
  const unsure = truth.meta.unsure as number[];
  const middles = middlesOf(labels.data, height, width, means.length);
  const paint = (out: Rgba): void => {
    const at = blockAt(labels, photo.width, photo.height);
    for (let y = 0; y < photo.height; y++) {
      for (let x = 0; x < photo.width; x++) {
        const i = 4 * (y * photo.width + x);
        const t = means[at(x, y)] / limit;
        const line = patterned && t < -FAINT && (x + y) % HATCH === 0 ? 255 : null;
        const opacity = 0.8 * Math.abs(t);
        const grey = squeezed(photo.data[i], photo.data[i + 1], photo.data[i + 2]);
        const colour = t < 0 ? 0 : colours.length - 3;
        for (let c = 0; c < 3; c++) out[i + c] = line ?? (1 - opacity) * grey + opacity * colours[colour + c];
        out[i + 3] = 255;
      }
    }
    drawOutlines(out, photo, at);
  };
  const written = means.map((mean, i) => `${number(Math.abs(mean) < limit / 20 ? 0 : mean, true)}${unsure.includes(i) ? " ?" : ""}`);
  const names = truth.meta.names as string[];
  return {
    paint,
    label: `What each region adds to ${about}: ${names.map((name, i) => `${name} ${written[i]}`).join(", ")} ${truth.meta.unit}`,
    written: middles.flatMap((place, i) =>
      place
        ? [
            <span key={names[i]} class="region" aria-hidden="true" style={{ top: `${100 * place[0]}%`, left: `${100 * place[1]}%` }}>
              {briefly(names[i], i) && <small>{briefly(names[i], i)}</small>}
              {written[i]}
            </span>,
          ]
        : [],
    ),
  };
}

/** What tells a region's name on the photo: nothing where it is by its place alone. */
function briefly(name: string, region: number): string {
  return / part$/.test(name) ? String(region + 1) : name === "rest" ? name : (/\(\d+\)$/.exec(name)?.[0] ?? "");
}

/** Each region's mean over the fills. */
function meansOf({ data, shape: [fills, regions] }: { data: Float32Array; shape: readonly number[] }): number[] {
  return Array.from({ length: regions }, (_, region) => Array.from({ length: fills }, (__, fill) => data[fill * regions + region]).reduce((a, b) => a + b, 0) / fills);
}
