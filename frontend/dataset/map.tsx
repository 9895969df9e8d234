/** The map of the images: a point each, by its features. A drawn line picks images; so do four numbers, for those who draw none. */
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { className, count, number, probability } from "../src/core/numbers";
import { type Shown, useTheme } from "../src/core/session";
import { useStore } from "../src/core/store";
import { Choice } from "../src/parts/choice";
import { AnswerState, worded } from "../src/parts/states";
import { End } from "./filters";
import { classWords, Picture } from "./images";
import { NONE, type Points, type Rows, simplified } from "./rows";
import { COLOURS, CORNERS, type State } from "./state";
import { NEVER, type Tiles } from "./tiles";

/** Classes with a colour of their own; all others share one. */
const COLOURED = 11;
/** Pixels within which a point is meant. */
const NEAR = 8;
const EDGE = 12;

export interface MapProps {
  rows: Rows;
  state: State;
  change: (patch: Partial<State>) => void;
  answer: Shown<"embedding">;
  methods: readonly string[];
  points: Points | null;
  /** Rows that pass every filter but the line and the box, and those that pass these too. */
  passed: Uint8Array;
  kept: Uint8Array;
  tiles: Tiles | null;
  onOpen: (row: number) => void;
}

interface Extent {
  left: number;
  bottom: number;
  /** Units of the map in a pixel of the drawing, so that both axes have one scale. */
  unit: number;
}

const METHODS: Record<string, string> = { pca: "principal axes", umap: "UMAP" };

export function MapPanel({ rows, state, change, answer, methods, points, passed, kept, tiles, onOpen }: MapProps): JSX.Element {
  if (!methods.length) return <p class="empty">There is no map: the survey kept no features, since the model's layers were not known.</p>;
  const titles = (answer.payload?.meta.titles ?? ["", ""]) as [string, string];
  return (
    <div class="map">
      <div class="row">
        {methods.length > 1 && <Choice label="Placed by" value={state.method} options={methods.map((each) => [each as State["method"], METHODS[each] ?? each])} onChange={(method) => change({ method, lasso: null, box: null })} />}
        <Choice label="Colour" value={state.colour} options={COLOURS.map((each) => [each, { correct: "right and wrong", label: "label", prediction: "prediction" }[each]])} onChange={(colour) => change({ colour })} />
      </div>
      <AnswerState answer={answer} what="Placing the images by their features" />
      {points && <Drawing {...{ rows, state, change, points, passed, kept, titles, tiles, onOpen }} />}
      {points && (
        <form class="box" aria-label="Images within a box of the map" onSubmit={(event) => event.preventDefault()}>
          {["Across", "Up"].map((axis, i) => (
            <fieldset key={axis}>
              <legend>{axis}</legend>
              <End label={`${axis} from`} value={state.box?.[2 * i] ?? null} onChange={(value) => change({ box: boxed(state.box, 2 * i, value) })} />
              <End label={`${axis} to`} value={state.box?.[2 * i + 1] ?? null} onChange={(value) => change({ box: boxed(state.box, 2 * i + 1, value) })} />
            </fieldset>
          ))}
          {(state.lasso || state.box) && (
            <button class="small" type="button" onClick={() => change({ lasso: null, box: null })}>
              Let go
            </button>
          )}
        </form>
      )}
      {answer.payload && <p class="second facts">{worded(answer.payload.meta.words)}</p>}
    </div>
  );
}

export function boxed(box: State["box"], at: number, value: number | null): State["box"] {
  const next = [...(box ?? [null, null, null, null])];
  next[at] = value;
  return next.every((end) => end === null) ? null : next;
}

/** The part of the map that all points lie in, with one scale for both axes. */
function extentOf({ x, y }: Points, width: number, height: number): Extent {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let row = 0; row < x.length; row++) {
    if (x[row] < left) left = x[row];
    if (x[row] > right) right = x[row];
    if (y[row] < bottom) bottom = y[row];
    if (y[row] > top) top = y[row];
  }
  if (!(right >= left)) return { left: 0, bottom: 0, unit: 1 };
  const unit = Math.max((right - left) / Math.max(1, width - 2 * EDGE), (top - bottom) / Math.max(1, height - 2 * EDGE), 1e-9);
  return { left: (left + right) / 2 - (unit * width) / 2, bottom: (bottom + top) / 2 - (unit * height) / 2, unit };
}

type Rgb = readonly [number, number, number];

/** Colours as bytes, whatever the way in which they are written. */
function bytesOf(colours: readonly string[]): Rgb[] {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  return colours.map((colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b];
  });
}

interface Key {
  words: string;
  colour: string;
  /** The class; null of others. */
  index: number | null;
  /** How many there are, where that was counted. */
  many?: number;
}

/** What has which colour, and the colour of each row as a place in that list. */
function coloured(rows: Rows, by: State["colour"], shown: Uint8Array, dark: boolean): { keys: Key[]; of: (row: number) => number } {
  const grey = dark ? "#8d95a3" : "#757c8a";
  if (by === "correct") {
    const there = [0, 0, 0];
    for (let row = 0; row < shown.length; row++) there[rows.correct(row)] += shown[row];
    const keys: (Key & { many: number })[] = [
      { words: "wrong", colour: dark ? "#f0a24a" : "#b35c00", index: null, many: there[0] },
      { words: "right", colour: dark ? "#45c4b0" : "#00796b", index: null, many: there[1] },
      { words: "not known", colour: grey, index: null, many: there[2] },
    ];
    return { keys, of: rows.correct };
  }
  const field = by === "label" ? "label" : "predicted";
  const counts = rows.counts(field, shown);
  const most = [...rows.classes.keys()].filter((index) => counts[index]).sort((a, b) => counts[b] - counts[a] || a - b);
  const own = most.length <= COLOURED + 1 ? most : most.slice(0, COLOURED);
  own.sort((a, b) => a - b);
  const at = new Map(own.map((index, place) => [index, place]));
  // Neighbours in the list differ in lightness too, for those who tell hues apart badly.
  const keys: Key[] = own.map((index, i) => ({ words: className(index, rows.classes), colour: `oklch(${(dark ? [0.85, 0.68] : [0.42, 0.62])[i % 2]} 0.15 ${Math.round((360 * i) / own.length) + 20})`, index }));
  const others = most.length > own.length || counts[rows.classes.length] > 0;
  if (others) keys.push({ words: most.length > own.length ? `${count(most.length - own.length)} others` : "unknown", colour: grey, index: null });
  const value = field === "label" ? rows.label : rows.predicted;
  return { keys, of: (row) => at.get(value(row)) ?? keys.length - 1 };
}

interface DrawingProps extends Pick<MapProps, "rows" | "state" | "change" | "passed" | "kept" | "tiles" | "onOpen"> {
  points: Points;
  titles: readonly [string, string];
}

function Drawing({ rows, state, change, points, passed, kept, titles, tiles, onOpen }: DrawingProps): JSX.Element {
  const dark = useTheme() === "dark";
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [line, setLine] = useState<(readonly [number, number])[] | null>(null);
  const [near, setNear] = useState<number | null>(null);
  const [held, hold] = useState<number | null>(null);
  const height = Math.round(Math.min(width, 460));
  const extent = useMemo(() => extentOf(points, width, height), [points, width, height]);
  const picked = state.lasso !== null || state.box !== null;
  const { keys, of } = useMemo(() => coloured(rows, state.colour, passed, dark), [rows, state.colour, passed, dark]);

  useLayoutEffect(() => {
    const measure = (): void => setWidth(box.current!.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (!width) return;
    const scale = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    const { current } = canvas;
    Object.assign(current!, { width: w, height: h });
    const context = current!.getContext("2d")!;
    const image = context.createImageData(w, h);
    const pixels = new Uint32Array(image.data.buffer);
    const colours = bytesOf(keys.map(({ colour }) => colour));
    const page = dark ? [0x12, 0x14, 0x17] : [0xff, 0xff, 0xff];
    const opaque = ([r, g, b]: readonly number[]): number => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
    const strong = colours.map(opaque);
    const faint = colours.map((rgb) => opaque(rgb.map((value, i) => Math.round(0.2 * value + 0.8 * page[i]))));
    const { x, y } = points;
    const dot = (row: number, side: number, colour: number): void => {
      const px = Math.round(((x[row] - extent.left) / extent.unit) * scale - side / 2);
      const py = Math.round((height - (y[row] - extent.bottom) / extent.unit) * scale - side / 2);
      if (!(px >= 0 && py >= 0 && px + side <= w && py + side <= h)) return;
      for (let dy = 0; dy < side; dy++) pixels.fill(colour, (py + dy) * w + px, (py + dy) * w + px + side);
    };
    let many = 0;
    for (let row = 0; row < kept.length; row++) many += passed[row];
    const side = Math.max(1, Math.round((many > 100_000 ? 1 : many > 10_000 ? 2 : many > 1_000 ? 3 : 5) * scale));
    // What is left out lies below what is in, and among these the errors on top.
    if (picked) for (let row = 0; row < kept.length; row++) if (passed[row] && !kept[row]) dot(row, side, faint[of(row)]);
    const late: number[] = [];
    for (let row = 0; row < kept.length; row++) {
      if (!kept[row]) continue;
      if (state.colour === "correct" && rows.correct(row) === 0) late.push(row);
      else dot(row, side, strong[of(row)]);
    }
    for (const row of late) dot(row, side + (many > 100_000 ? 0 : 1), strong[of(row)]);
    context.putImageData(image, 0, 0);
  }, [rows, points, passed, kept, picked, keys, extent, width, height, dark, state.colour]);

  const toMap = (px: number, py: number): readonly [number, number] => [extent.left + px * extent.unit, extent.bottom + (height - py) * extent.unit];
  const toScreen = ([x, y]: readonly [number, number]): string => `${(x - extent.left) / extent.unit},${height - (y - extent.bottom) / extent.unit}`;
  const place = (event: PointerEvent): readonly [number, number] => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const nearest = ([px, py]: readonly [number, number]): number | null => {
    const [mx, my] = toMap(px, py);
    let [found, least] = [-1, (NEAR * extent.unit) ** 2];
    for (let row = 0; row < kept.length; row++) {
      if (!kept[row]) continue;
      const distance = (points.x[row] - mx) ** 2 + (points.y[row] - my) ** 2;
      if (distance < least) [found, least] = [row, distance];
    }
    return found < 0 ? null : found;
  };
  const moving = useRef(0);
  const corners = line?.map(([x, y]) => `${x},${y}`) ?? state.lasso?.map(toScreen);
  const pinned = near ?? held;
  let shown = 0;
  for (let row = 0; row < kept.length; row++) shown += kept[row];
  return (
    <>
      <div ref={box} class="plane">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Map of ${count(shown)} images, coloured by ${state.colour === "correct" ? "whether they are predicted as labelled" : state.colour}; across: ${titles[0]}; up: ${titles[1]}`}
          style={{ width: `${width}px`, height: `${height}px` }}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture(event.pointerId);
            setLine([place(event)]);
          }}
          onPointerMove={(event) => {
            const at = place(event);
            if (line) {
              const [x, y] = line.at(-1)!;
              if (Math.hypot(at[0] - x, at[1] - y) >= 3) setLine([...line, at]);
            } else if (!moving.current) {
              moving.current = requestAnimationFrame(() => {
                moving.current = 0;
                setNear(nearest(at));
              });
            }
          }}
          onPointerLeave={() => setNear(null)}
          onPointerCancel={() => setLine(null)}
          onPointerUp={(event) => {
            if (!line) return;
            setLine(null);
            if (line.length >= 4) change({ lasso: simplified(line.map(([x, y]) => toMap(x, y)), CORNERS), box: null });
            else hold(nearest(place(event)));
          }}
        />
        <svg aria-hidden="true" width={width} height={height}>
          {corners && corners.length > 1 && <polygon points={corners.join(" ")} />}
          {state.box && <Box box={state.box} toScreen={toScreen} extent={extent} width={width} height={height} />}
          {pinned !== null && <circle cx={(points.x[pinned] - extent.left) / extent.unit} cy={height - (points.y[pinned] - extent.bottom) / extent.unit} r={6} />}
        </svg>
      </div>
      <p class="second facts axes">
        across: {titles[0]} · up: {titles[1]} · draw a line around images to pick them
      </p>
      <ul class="keys facts">
        {keys.map(({ words, colour, index, many }, i) => many !== 0 && (
          <li key={i}>
            <span class="swatch" aria-hidden="true" style={{ background: colour }} />
            {index === null ? (
              words
            ) : (
              <button class="small" type="button" aria-pressed={state[state.colour === "label" ? "label" : "predicted"] === index} onClick={() => change(state.colour === "label" ? { label: state.label === index ? null : index } : { predicted: state.predicted === index ? null : index })}>
                {words}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Readout {...{ rows, tiles, onOpen }} row={pinned} point={pinned === null ? null : [points.x[pinned], points.y[pinned]]} />
    </>
  );
}

function Box({ box, toScreen, extent, width, height }: { box: readonly (number | null)[]; toScreen: (at: readonly [number, number]) => string; extent: Extent; width: number; height: number }): JSX.Element {
  const [left, right, bottom, top] = [box[0] ?? extent.left, box[1] ?? extent.left + width * extent.unit, box[2] ?? extent.bottom, box[3] ?? extent.bottom + height * extent.unit];
  return <polygon points={[[left, bottom], [right, bottom], [right, top], [left, top]].map(([x, y]) => toScreen([x, y])).join(" ")} />;
}

/** The image under the pointer, or the one that was pressed. */
function Readout({ rows, tiles, row, point, onOpen }: { row: number | null; point: readonly [number, number] | null } & Pick<MapProps, "rows" | "tiles" | "onOpen">): JSX.Element {
  useStore(tiles?.came ?? NEVER);
  useLayoutEffect(() => {
    if (row !== null) tiles?.also(rows.index(row));
  }, [row, tiles]);
  if (row === null || !point) return <p class="point second facts">Hover over a point, or press it, to see its image.</p>;
  const chance = rows.number("probability", row);
  return (
    <div class="point facts">
      {tiles && <Picture tile={tiles.get(rows.index(row))} size={64} />}
      <p>
        <strong>{rows.predicted(row) === NONE ? "no answer" : classWords(rows, rows.predicted(row))}</strong> {Number.isNaN(chance) ? "" : probability(chance)}, label {classWords(rows, rows.label(row))}
        <br />
        <span class="second">
          {rows.name(row)} · at {number(point[0])}, {number(point[1])}
        </span>
        <br />
        <button class="small" type="button" onClick={() => onOpen(row)}>
          Why?
        </button>
      </p>
    </div>
  );
}
