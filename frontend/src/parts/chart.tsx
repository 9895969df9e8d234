/**
 * Small SVG charts: axes always with titles and units, labels at the lines instead of legend boxes, dash as well as
 * colour. Drawn at one SVG unit per CSS pixel, so that text keeps its size.
 *
 * `Plot` draws the frame and hands the two scales to its children; `Lines` is the usual content.
 */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { areaPath, linePath } from "../core/curves";
import { tick } from "../core/numbers";
import { type AxisKind, type Position, position, roundTicks } from "../core/positions";
import { useUnique } from "../core/unique";

/** Width of an element's content box, measured before the first paint. */
export function useWidth<E extends HTMLElement>(start = 640): [{ current: E | null }, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(start);
  useLayoutEffect(() => {
    const measured = element.current!;
    const measure = (): void => setWidth(measured.clientWidth || start);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, [start]);
  return [element, width];
}

export interface Axis {
  /** With its unit: "logit", "alpha (stops)". */
  title: string;
  domain: readonly [number, number];
  kind?: AxisKind;
  /** Given, or made for the room in pixels. */
  ticks?: readonly number[] | ((room: number) => readonly number[]);
  /** About how many ticks, when none are given. */
  count?: number;
  format?: (value: number) => string;
}

export interface Room {
  x: Position;
  y: Position;
  /** Of the inner area; (0, 0) is its upper left corner. */
  width: number;
  height: number;
}

export interface PlotProps {
  title: string;
  /** What the chart shows, in a sentence with numbers, for those who can't see it. */
  says: string;
  x: Axis;
  y: Axis;
  height?: number;
  /** Inner margins; the left one holds the y axis, the right one the lines' labels. */
  margin?: Partial<Record<"top" | "right" | "bottom" | "left", number>>;
  /** Without x ticks and title: for charts stacked on one axis. */
  bare?: boolean;
  /** A click or drag on the chart, in x units. */
  onX?: (value: number) => void;
  /** Hovering does the same as a click. */
  hovers?: boolean;
  children: (room: Room) => ComponentChildren;
}

const MARGIN = { top: 10, right: 72, bottom: 38, left: 56 };

export function ticksOf(axis: Axis, room: number, apart: number): readonly number[] {
  if (typeof axis.ticks === "function") return axis.ticks(room);
  return axis.ticks ?? roundTicks(axis.kind ?? "linear", axis.domain, axis.count ?? Math.max(2, Math.floor(room / apart)));
}

export function Plot({ title, says, x, y, height = 160, margin, bare, onX, hovers, children }: PlotProps): JSX.Element {
  const [box, width] = useWidth<HTMLDivElement>();
  const id = useUnique();
  const space = { ...MARGIN, ...(bare ? { bottom: 8 } : {}), ...margin };
  const inner = { width: Math.max(40, width - space.left - space.right), height: height - space.top - space.bottom };
  const room: Room = { ...inner, x: position(x.kind ?? "linear", x.domain, [0, inner.width]), y: position(y.kind ?? "linear", y.domain, [inner.height, 0]) };
  const xTicks = bare ? [] : ticksOf(x, inner.width, 72);
  const yTicks = ticksOf(y, inner.height, 34);
  const dragging = useRef(false);
  const report = (event: PointerEvent): void => {
    const left = (event.currentTarget as SVGElement).getBoundingClientRect().left + space.left;
    onX?.(room.x.invert(Math.max(0, Math.min(inner.width, event.clientX - left))));
  };
  const grab = onX && {
    style: { cursor: "ew-resize", touchAction: "pan-y" },
    onPointerDown: (event: PointerEvent) => {
      dragging.current = true;
      (event.currentTarget as SVGElement).setPointerCapture(event.pointerId);
      report(event);
    },
    onPointerMove: (event: PointerEvent) => (dragging.current || hovers) && report(event),
    onPointerUp: () => {
      dragging.current = false;
    },
  };
  return (
    <div ref={box} class="plot">
      <svg width={width} height={height} role="img" aria-labelledby={`${id}t ${id}d`} {...grab}>
        <title id={`${id}t`}>{title}</title>
        <desc id={`${id}d`}>{says}</desc>
        <g aria-hidden="true" transform={`translate(${space.left} ${space.top})`}>
          {yTicks.map((value) => (
            <g key={value} transform={`translate(0 ${room.y(value)})`}>
              <line x2={inner.width} class="grid" />
              <text x={-6} dy="0.34em" text-anchor="end">
                {(y.format ?? tick)(value)}
              </text>
            </g>
          ))}
          <text class="axis-title" transform={`translate(${12 - space.left} ${inner.height / 2}) rotate(-90)`} text-anchor="middle">
            {y.title}
          </text>
          <line y1={inner.height} y2={inner.height} x2={inner.width} class="axis" />
          {xTicks.map((value) => (
            <g key={value} transform={`translate(${room.x(value)} ${inner.height})`}>
              <line y2={4} class="axis" />
              <text y={17} text-anchor="middle">
                {(x.format ?? tick)(value)}
              </text>
            </g>
          ))}
          {!bare && (
            <text class="axis-title" x={inner.width / 2} y={inner.height + 33} text-anchor="middle">
              {x.title}
            </text>
          )}
          {children(room)}
        </g>
      </svg>
    </div>
  );
}

export interface Series {
  name: string;
  /** Pairs of x and y; gaps where y is not finite. */
  points: readonly (readonly [number, number])[];
  /** A CSS colour, usually a token: "var(--test)". */
  colour?: string;
  dash?: string;
  width?: number;
  faint?: boolean;
}

/** Labels' heights, moved apart so that they are at least `apart` from each other and stay within the room. */
export function spread(wanted: readonly number[], apart: number, low: number, high: number): number[] {
  const order = wanted.map((at, i) => ({ at, i })).sort((a, b) => a.at - b.at);
  for (let k = 0; k < order.length; k++) order[k].at = Math.max(order[k].at, k ? order[k - 1].at + apart : low);
  for (let k = order.length - 1; k >= 0; k--) order[k].at = Math.min(order[k].at, k < order.length - 1 ? order[k + 1].at - apart : high);
  const result = [...wanted];
  for (const { at, i } of order) result[i] = at;
  return result;
}

export interface LinesProps {
  room: Room;
  series: readonly Series[];
  /** Mean-and-range bands behind the lines: x, low, high. */
  bands?: readonly { points: readonly (readonly [number, number, number])[]; colour?: string }[];
  /** The x of the moving cursor; each line gets a dot there. */
  cursor?: number | null;
  labels?: boolean;
}

export function Lines({ room, series, bands = [], cursor = null, labels = true }: LinesProps): JSX.Element {
  const { x, y, width, height } = room;
  const shown = series.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  const ends = shown.map(({ points }) => y(points.findLast(([, value]) => Number.isFinite(value))![1]));
  const places = spread(ends, 14, 4, height);
  return (
    <>
      {bands.map(({ points, colour = "var(--before)" }) => (
        <path key={colour} d={areaPath(points.map(([at, low, high]) => [x(at), y(low), y(high)]))} fill={colour} opacity={0.2} />
      ))}
      {cursor !== null && <line class="cursor" x1={x(cursor)} x2={x(cursor)} y2={height} />}
      {shown.map(({ name, points, colour = "var(--text)", dash, width: stroke = 1.75, faint }, i) => (
        <g key={name} opacity={faint ? 0.35 : 1}>
          <path d={linePath(points.map(([at, value]) => [x(at), y(value)]))} fill="none" stroke={colour} stroke-width={stroke} stroke-dasharray={dash} stroke-linejoin="round" />
          {cursor !== null && dotAt(points, cursor, x, y, colour)}
          {labels && (
            <text x={width + 6} y={places[i]} dy="0.34em" class="label" style={{ fill: colour }}>
              {name}
            </text>
          )}
        </g>
      ))}
    </>
  );
}

function dotAt(points: Series["points"], cursor: number, x: Position, y: Position, colour: string): JSX.Element | null {
  const found = points.find(([at]) => at === cursor);
  return found && Number.isFinite(found[1]) ? <circle cx={x(found[0])} cy={y(found[1])} r={3.5} fill={colour} class="dot" /> : null;
}
