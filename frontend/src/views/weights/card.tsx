/** One layer's histograms: as ridges (the newest in front), as a heat map, or the first beside the chosen one. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { areaPath, linePath } from "../../core/curves";
import type { Link } from "../../core/link";
import { count, number, percent, probability } from "../../core/numbers";
import { ENTRIES, ramp, type Theme } from "../../core/ramps";
import type { Times } from "../../core/runs";
import { useTheme } from "../../core/session";
import { type Axis, Plot, type Room } from "../../parts/chart";
import { Slider } from "../../parts/slider";
import { Remark } from "../../parts/states";
import { type LayerWeights, moved, outsideWords } from "./facts";

/** How many rows high the tallest ridge is. */
const OVERLAP = 2.5;
/** Of the chart: at least, and for every row. */
const HEIGHT = 190;
const ROW = 14;
const MARGIN = { right: 12, left: 64 };

export interface CardProps {
  layer: LayerWeights;
  times: Times;
  /** The chosen checkpoint. */
  at: number;
  way: Link["histogram"];
  log: boolean;
  /** The axis of all layers; null for its own. */
  axis: readonly [number, number] | null;
}

export function Card({ layer, times, at, way, log, axis }: CardProps): JSX.Element {
  const { name, edges, counts, totals, mean, std } = layer;
  const [bin, setBin] = useState<number | null>(null);
  const bend = log ? Math.log1p : (n: number): number => n;
  const most = useMemo(() => Math.max(1, ...counts.map((row) => Math.max(...row))), [counts]);
  const bins = edges.length - 1;
  const find = (value: number): number => Math.max(0, Math.min(bins - 1, edges.findIndex((edge) => edge > value) - 1));
  const shown = bin ?? find(mean[at] || 0);
  const inBin = (e: number): string => `${count(counts[e][shown])} (${probability(counts[e][shown] / totals[e])})`;
  const place = `${number(edges[shown], true)} to ${number(edges[shown + 1], true)}`;
  const heights = log ? "log(1 + count)" : "count";
  const y: Axis =
    way === "before and after"
      ? { title: log ? "weights, log(1 + n)" : "weights", domain: [0, most * 1.04], kind: log ? "symlog" : "linear", count: 4 }
      : {
          title: `${times.unit}, ${way === "ridges" ? "height" : "grey"}: ${heights}`,
          domain: way === "ridges" ? [counts.length - 1, -OVERLAP] : [counts.length - 0.5, -0.5],
          ticks: (room) => labelled(counts.length, at, room),
          format: (e) => (times.unit === "checkpoint" ? times.words(e) : number(times.at[e])),
        };
  const outside = outsideWords(layer, at);
  return (
    <figure class="card">
      <h2 data-print>
        {name}{" "}
        <span class="second">
          {moved(layer) >= 0 && `moved by ${percent(moved(layer))} · `}
          {count(totals[at])} weights
        </span>
      </h2>
      <Plot
        title={`Weights of ${name}`}
        says={`${times.words(at)}: mean ${number(mean[at], true)}, standard deviation ${number(std[at])}; the largest bin holds ${count(most)}.`}
        x={{ title: "weight", domain: axis ?? [edges[0], edges[bins]] }}
        y={y}
        height={Math.max(HEIGHT, way === "ridges" ? 50 + (counts.length + OVERLAP) * ROW : 0)}
        margin={MARGIN}
        onX={(value) => setBin(find(value))}
        hovers
      >
        {(room) => (
          <>
            {way === "ridges" && <Ridges {...{ room, layer, at, bend, top: bend(most) }} />}
            {way === "heat map" && <Heat {...{ room, layer, at, bend, top: bend(most) }} />}
            {way === "before and after" && <Outlines {...{ room, layer, at }} />}
            <line class="cursor" x1={room.x((edges[shown] + edges[shown + 1]) / 2)} x2={room.x((edges[shown] + edges[shown + 1]) / 2)} y2={room.height} stroke-dasharray="2 2" />
          </>
        )}
      </Plot>
      <div class="bins">
        <Slider label="bin" max={bins - 1} value={shown} onChange={setBin} spoken={`${place}: ${inBin(at)} at ${times.words(at)}`} output="" />
      </div>
      <p class="facts" data-bin data-print>
        {place}: {way === "before and after" && counts.length > 1 && `${count(counts[0][shown])} before, `}
        {inBin(at)} at {times.words(at)}
      </p>
      <p class="second facts">
        mean {number(mean[at], true)} · std {counts.length > 1 && `${number(std[0])} → `}
        {number(std[at])} · largest bin: {count(most)}
        {outside && ` · ${outside}`}
      </p>
      {layer.findings.map((words) => (
        <Remark key={words} says={words} />
      ))}
    </figure>
  );
}

/** The first, the chosen and the last row, and others where there is room. */
function labelled(rows: number, at: number, room: number): number[] {
  const every = Math.ceil((rows * 16) / room);
  const found = [at];
  for (const e of [rows - 1, 0, ...Array.from({ length: rows }, (_, i) => i)]) if (found.every((other) => Math.abs(other - e) >= every)) found.push(e);
  return found;
}

interface Drawn {
  room: Room;
  layer: LayerWeights;
  at: number;
  bend: (n: number) => number;
  /** The bent height of the fullest bin. */
  top: number;
}

function Ridges({ room, layer, at, bend, top }: Drawn): JSX.Element {
  const { x, y } = room;
  const { edges, counts } = layer;
  const outline = (e: number): [number, number, number][] =>
    Array.from(counts[e], (n, i) => [x((edges[i] + edges[i + 1]) / 2), y(e), y(e - (OVERLAP * bend(n)) / top)]);
  return (
    <>
      {counts.map((_, e) => (
        // Two paths: what is behind must not shine through, and the older is paler.
        <g key={e}>
          <path class="ridge" d={areaPath(outline(e))} />
          <path class="filled" fill-opacity={0.25 + (0.75 * e) / Math.max(1, counts.length - 1)} d={areaPath(outline(e))} />
        </g>
      ))}
      <path class="ridge line" d={linePath(outline(at).map(([left, , high]) => [left, high]))} />
    </>
  );
}

function heatUrl({ counts }: LayerWeights, bend: (n: number) => number, top: number, theme: Theme): string {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [counts[0].length, counts.length];
  const colours = ramp("amount", theme);
  const image = new ImageData(canvas.width, canvas.height);
  counts.forEach((row, e) =>
    row.forEach((n, i) => {
      const entry = 3 * Math.round((bend(n) / top) * (ENTRIES - 1));
      image.data.set([colours[entry], colours[entry + 1], colours[entry + 2], 255], 4 * (e * row.length + i));
    }),
  );
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

function Heat({ room, layer, at, bend, top }: Drawn): JSX.Element {
  const theme = useTheme();
  const urls = useMemo(() => ({ href: heatUrl(layer, bend, top, theme), "data-light": heatUrl(layer, bend, top, "light") }), [layer, top, theme]);
  const row = room.height / layer.counts.length;
  return (
    <>
      <image {...urls} width={room.width} height={room.height} preserveAspectRatio="none" style={{ imageRendering: "pixelated" }} />
      <rect class="ridge line" y={at * row} width={room.width} height={row} />
    </>
  );
}

function Outlines({ room, layer, at }: Pick<Drawn, "room" | "layer" | "at">): JSX.Element {
  const { x, y, height } = room;
  const { edges, counts } = layer;
  const steps = (e: number): [number, number, number][] =>
    Array.from(counts[e]).flatMap((n, i): [number, number, number][] => [
      [x(edges[i]), height, y(n)],
      [x(edges[i + 1]), height, y(n)],
    ]);
  return (
    <>
      <path class="first" d={areaPath(steps(0))} />
      <path class="ridge line" d={linePath(steps(at).map(([left, , high]) => [left, high]))} />
    </>
  );
}
