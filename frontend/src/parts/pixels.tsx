/**
 * A canvas with one cell per array element, shown at a whole number of device pixels per cell, never smoothed.
 *
 * `Pixels` draws whatever its `paint` fills in; `MapPixels`, `ImagePixels` and `RgbPixels` are the three that views
 * use. The linked cursor lies over it as its own element, so that hovering draws no map again.
 */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { cover, type Pixel, samePixel } from "../core/cursor";
import type { Link, Overlay } from "../core/link";
import { paintMap, paintOverlay, paintImage, paintRgb, type ImageBytes, type Rgba, shrink, visible } from "../core/paint";
import { ramp, type RampName } from "../core/ramps";
import { useLink, useSession, useTheme } from "../core/session";
import { useStore } from "../core/store";

export interface PixelsProps {
  height: number;
  width: number;
  /** Fills height × width × 4 bytes. */
  paint: (out: Rgba) => void;
  /** When to paint again. */
  of: readonly unknown[];
  /** The accessible name: what the image shows, with its numbers. Empty for decoration. */
  label: string;
  /** Largest width and height on the page, CSS pixels. */
  size: number;
  /** Take `size` as it is instead of measuring the room (grids of many tiles). */
  fixed?: boolean;
  /** Cells to hatch (non-finite, or within the error). */
  hatched?: Uint8Array | null;
  /** Let what is hatched shine through. */
  veiled?: boolean;
  /** Cells to mark with a pattern, where colours are not to tell them apart. */
  marked?: Uint8Array | null;
  /** The grid in which the linked cursor counts; this one's own if not given; null for no cursor. */
  grid?: readonly [number, number] | null;
  /** What the cursor outlines, when that is coarser than what is drawn: rows and columns. */
  cells?: readonly [number, number];
  /** Give this one the keyboard's pixel cursor (one per view). */
  keyboard?: boolean;
  /** Instead of pinning: what a press, drag or Enter on a cell does (a brush). */
  onCell?: (cell: Pixel, phase: "down" | "move" | "up" | "enter") => void;
  smooth?: boolean;
  class?: string;
  children?: ComponentChildren;
}

/** CSS size of one cell, and by how many cells a shown one is a mean. */
function fit(room: number, cells: number): { cell: number; factor: number } {
  const ratio = globalThis.devicePixelRatio || 1;
  const whole = Math.floor((room * ratio) / cells + 1e-6);
  if (whole >= 1) return { cell: whole / ratio, factor: 1 };
  const factor = Math.ceil(cells / Math.max(1, room * ratio));
  return { cell: 1 / ratio, factor };
}

export function Pixels(props: PixelsProps): JSX.Element {
  const { height, width, paint, of, label, size, fixed, hatched, veiled, keyboard, smooth, onCell } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const hatch = useRef<HTMLCanvasElement>(null);
  const marks = useRef<HTMLCanvasElement>(null);
  const { marked } = props;
  const [room, setRoom] = useState(size);

  useLayoutEffect(() => {
    if (fixed) return undefined;
    const parent = box.current!.parentElement!;
    const measure = (): void => {
      // What the parent's content box offers.
      const style = getComputedStyle(parent);
      const inner = parent.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
      if (inner > 0) setRoom(Math.min(size, inner));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(parent);
    return () => observer.disconnect();
  }, [size, fixed]);

  const longest = Math.max(width, (height * room) / Math.min(size, room));
  const { cell, factor } = fit(fixed ? size : room, longest);
  const rows = Math.ceil(height / factor);
  const columns = Math.ceil(width / factor);

  useLayoutEffect(() => {
    const surface = canvas.current!;
    if (surface.width !== columns) surface.width = columns;
    if (surface.height !== rows) surface.height = rows;
    const bytes = new Uint8ClampedArray(height * width * 4);
    paint(bytes);
    const shown = factor === 1 ? bytes : shrink(bytes, height, width, factor).data;
    surface.getContext("2d")!.putImageData(new ImageData(shown, columns, rows), 0, 0);
  }, [height, width, rows, columns, ...of]);

  useLayoutEffect(() => {
    // Legends and names beside it are as wide as it is.
    box.current!.closest("figure")?.style.setProperty("--wide", `${columns * cell}px`);
    if (hatch.current && hatched) drawHatch(hatch.current, hatched, height, width, cell / factor, veiled);
    if (marks.current && marked) drawHatch(marks.current, marked, height, width, cell / factor, true);
  }, [hatched, veiled, marked, cell, factor, height, width]);

  return (
    <div
      ref={box}
      class={`pixels ${props.class ?? ""}`}
      style={{ width: `${columns * cell}px`, height: `${rows * cell}px` }}
      title={factor > 1 ? `Shown at 1/${factor}: each dot is the mean of ${factor} × ${factor} pixels.` : undefined}
    >
      <canvas ref={canvas} role={label ? "img" : "presentation"} aria-label={label || undefined} style={smooth ? { imageRendering: "auto" } : undefined} />
      {hatched && <canvas ref={hatch} role="presentation" class="hatch" />}
      {marked && <canvas ref={marks} role="presentation" class="hatch marks" />}
      {props.children}
      {props.grid !== null && <Cursor height={props.cells?.[0] ?? height} width={props.cells?.[1] ?? width} grid={props.grid ?? [height, width]} keyboard={keyboard} onCell={onCell} />}
      {factor > 1 && <span class="shrunk">shown at 1/{factor}</span>}
    </div>
  );
}

/** Diagonal lines over single cells, drawn in device pixels; `veiled`, what is under them shines through. */
export function drawHatch(surface: HTMLCanvasElement, cells: Uint8Array, height: number, width: number, cell: number, veiled = false): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const side = Math.max(1, Math.round(cell * ratio));
  surface.width = width * side;
  surface.height = height * side;
  const context = surface.getContext("2d")!;
  const step = Math.max(3, Math.round((veiled ? 7 : 4) * ratio));
  const tile = new OffscreenCanvas(step, step);
  const brush = tile.getContext("2d")!;
  brush.fillStyle = "#8A8F99";
  if (!veiled) brush.fillRect(0, 0, step, step);
  // A dark line beside the light one, so that they are seen on any colour.
  for (const [colour, aside] of veiled ? ([["#00000090", 1], ["#FFFFFFB0", 0]] as const) : ([["#FFFFFF", 0]] as const)) {
    brush.strokeStyle = colour;
    brush.lineWidth = ratio;
    brush.beginPath();
    for (const shift of [-step, 0, step]) {
      brush.moveTo(shift + aside * ratio, step);
      brush.lineTo(shift + step + aside * ratio, 0);
    }
    brush.stroke();
  }
  context.fillStyle = context.createPattern(tile, "repeat")!;
  cells.forEach((on, i) => {
    if (on) context.fillRect((i % width) * side, Math.floor(i / width) * side, side, side);
  });
}

interface CursorProps {
  height: number;
  width: number;
  grid: readonly [number, number];
  keyboard?: boolean;
  onCell?: PixelsProps["onCell"];
}

const MOVES: Record<string, readonly [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-8, 0],
  PageDown: [8, 0],
};

/** The layer that hears pointer and keys, and draws the two squares: where the pointer is, and what is pinned. */
export function Cursor({ height, width, grid, keyboard, onCell }: CursorProps): JSX.Element {
  const { hover, link: store, speech } = useSession();
  const at = useStore(hover);
  const [link, go] = useLink("pixel");
  const held = useRef<{ key: string; from: number } | null>(null);
  const shape = [height, width] as const;

  const cellAt = (event: PointerEvent): Pixel => {
    const area = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const place = (part: number, cells: number): number => Math.max(0, Math.min(cells - 1, Math.floor(part * cells)));
    return [place((event.clientY - area.top) / area.height, height), place((event.clientX - area.left) / area.width, width)];
  };
  const toGrid = (cell: Pixel): Pixel => cover(cell, shape, grid);
  const pin = (pixel: Pixel): void => go({ pixel: samePixel(store.value.pixel, pixel) ? null : pixel });

  const onKeyDown = (event: KeyboardEvent): void => {
    const start: Pixel = hover.value ?? store.value.pixel ?? [Math.floor(grid[0] / 2), Math.floor(grid[1] / 2)];
    const move = MOVES[event.key];
    if (move) {
      event.preventDefault();
      hover.set([Math.max(0, Math.min(grid[0] - 1, start[0] + move[0])), Math.max(0, Math.min(grid[1] - 1, start[1] + move[1]))]);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      hover.set([start[0], event.key === "Home" ? 0 : grid[1] - 1]);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (onCell) onCell(cover(start, grid, shape), "enter");
      else {
        pin(start);
        speech.say(`Row ${start[0] + 1}, column ${start[1] + 1} ${store.value.pixel ? "pinned" : "no longer pinned"}`);
      }
    }
  };

  return (
    <>
      <Square pixel={link.pixel} grid={grid} shape={shape} kind="pinned" />
      <Square pixel={at} grid={grid} shape={shape} kind="passing" />
      <div
        class="hit"
        {...(keyboard
          ? {
              role: "application",
              tabIndex: 0,
              "data-pixel-cursor": "",
              "aria-label": onCell
                ? "Brush: arrow keys move, Enter changes a cell"
                : "Pixel cursor: arrow keys move, Enter pins, Escape clears",
              onKeyDown,
              onFocus: () => hover.value ?? hover.set(store.value.pixel ?? [Math.floor(grid[0] / 2), Math.floor(grid[1] / 2)]),
              onBlur: () => hover.set(null),
            }
          : {})}
        onPointerDown={(event) => {
          if (onCell) {
            event.currentTarget.setPointerCapture(event.pointerId);
            held.current = { key: "", from: event.pointerId };
            onCell(cellAt(event), "down");
          }
          hover.set(toGrid(cellAt(event)));
        }}
        onPointerMove={(event) => {
          const cell = cellAt(event);
          const pixel = toGrid(cell);
          if (!samePixel(hover.value, pixel)) hover.set(pixel);
          if (onCell && held.current) onCell(cell, "move");
        }}
        onPointerUp={(event) => {
          if (onCell && held.current) onCell(cellAt(event), "up");
          held.current = null;
        }}
        onPointerCancel={() => {
          held.current = null;
        }}
        onPointerLeave={(event) => {
          // A finger that is lifted leaves too: what it showed stays.
          if (event.pointerType === "mouse") hover.set(null);
        }}
        onClick={(event) => {
          if (!onCell) pin(toGrid(cellAt(event as unknown as PointerEvent)));
        }}
      />
    </>
  );
}

interface SquareProps {
  pixel: Pixel | null;
  grid: readonly [number, number];
  shape: readonly [number, number];
  kind: "pinned" | "passing";
}

function Square({ pixel, grid, shape, kind }: SquareProps): JSX.Element | null {
  if (!pixel || pixel[0] >= grid[0] || pixel[1] >= grid[1]) return null;
  const [row, column] = cover(pixel, grid, shape);
  const [height, width] = shape;
  return (
    <span
      class={`square ${kind}`}
      style={{ top: `${(100 * row) / height}%`, left: `${(100 * column) / width}%`, height: `${100 / height}%`, width: `${100 / width}%` }}
    />
  );
}

type Base = Pick<PixelsProps, "label" | "size" | "fixed" | "grid" | "cells" | "keyboard" | "onCell" | "smooth" | "class" | "children" | "hatched" | "veiled">;

export interface MapPixelsProps extends Base {
  values: Float32Array;
  height: number;
  width: number;
  limit: number;
  ramp?: RampName;
  /** Lay the map over this image (with `overlay`). */
  image?: ImageBytes | null;
  overlay?: Overlay;
  show?: Link["show"];
  /** Pixels shown, those with the largest |values|, per cent. */
  top?: number;
}

const PLAIN: Overlay = { style: "map", opacity: 100 };

/** Cells that are not finite, to be hatched; null if there are none. */
export function nonFinite(values: Float32Array): Uint8Array | null {
  if (values.every(Number.isFinite)) return null;
  return Uint8Array.from(values, (v) => (Number.isFinite(v) ? 0 : 1));
}

/** From this part of the scale on, a value below zero is marked: fainter ones are hardly seen in colours either. */
const FAINT = 0.08;

/** Cells that speak against. */
export const against = (values: Float32Array, limit: number): Uint8Array => Uint8Array.from(values, (v) => (v < -FAINT * limit ? 1 : 0));

/** A signed map (or amounts), plain or over its image. */
export function MapPixels(props: MapPixelsProps): JSX.Element {
  const { values, height, width, limit, ramp: name = "evidence", image, overlay = PLAIN, show = "both", top = 100, ...base } = props;
  const theme = useTheme();
  const patterned = useStore(useSession().patterns);
  const marked = useMemo(() => (patterned && name !== "amount" && overlay.style !== "image" ? against(visible(values, show, top), limit) : null), [patterned, name, values, show, top, limit, overlay.style]);
  const paint = (out: Rgba): void => {
    const shown = visible(values, show, top);
    const colours = ramp(name, theme);
    if (image) paintOverlay(out, shown, limit, image, overlay, colours, name);
    else paintMap(out, shown, limit, name, colours);
  };
  return (
    <Pixels
      {...base}
      height={height}
      width={width}
      paint={paint}
      of={[values, limit, name, image, overlay.style, overlay.opacity, show, top, theme]}
      hatched={props.hatched === undefined ? nonFinite(values) : props.hatched}
      marked={marked}
    />
  );
}

/** An image: height × width × 1 or 3 bytes. */
export function ImagePixels({ image, ...base }: Base & { image: ImageBytes }): JSX.Element {
  const [height, width] = image.shape;
  return <Pixels {...base} height={height} width={width} paint={(out) => paintImage(out, image)} of={[image]} />;
}

export interface RgbPixelsProps extends Base {
  /** height × width × channels, signed. */
  values: Float32Array;
  height: number;
  width: number;
  channels: number;
  limit: number;
}

/** Signed values of three channels at once, zero in mid-grey. */
export function RgbPixels({ values, height, width, channels, limit, ...base }: RgbPixelsProps): JSX.Element {
  return (
    <Pixels {...base} height={height} width={width} paint={(out) => paintRgb(out, values, limit, channels)} of={[values, limit]} />
  );
}
