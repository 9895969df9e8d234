/** The photo: sharp, in colour where the evidence lies, or with what each region adds. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { number } from "../../core/numbers";
import { type Rgba, squeezed } from "../../core/paint";
import { ramp } from "../../core/ramps";
import { type Chosen, useTheme } from "../../core/session";
import { rowOf } from "../../core/tensors";
import { cellPixels, paintSharp, sharpPixels, strengths } from "./sharp";

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

export interface PhotoProps {
  photo: ImageData | null;
  /** What is shown: the photo, where the evidence lies, or what regions add. */
  layer: "photo" | "evidence" | "regions";
  map: Evidence | null;
  truth: Payload<"truth"> | null;
  /** The class explained. */
  about: string;
  /** What lies over it. */
  children?: ComponentChildren;
}

export function Photo({ photo, layer, map, truth, about, children }: PhotoProps): JSX.Element {
  const theme = useTheme();
  const strength = useMemo(
    () => (photo && map && layer === "evidence" ? strengths(map.values, map.rows, map.columns, photo.width, photo.height) : null),
    [photo, map?.values, layer],
  );
  if (!photo) return <div class="photo none" />;
  if (layer === "regions" && truth) return <Regions photo={photo} truth={truth} colours={ramp("evidence", theme)} about={about} over={children} />;
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

function Regions({ photo, truth, colours, about, over }: { photo: ImageData; truth: Payload<"truth">; colours: ReturnType<typeof ramp>; about: string; over: ComponentChildren }): JSX.Element {
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

