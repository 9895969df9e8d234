/** Hide something yourself: paint parts of the photo away, and see at once what the model says of the rest. */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { type Cells, decodeMask, encodeMask, gridOf } from "../../core/mask";
import { chanceText, className, percent } from "../../core/numbers";
import { saidOf } from "../../core/said";
import { type Chosen, useLink, useSession } from "../../core/session";
import { useBrushed } from "../../parts/brushed";
import { Choice, Radios } from "../../parts/choice";
import { Cursor, drawHatch } from "../../parts/pixels";
import { AnswerState } from "../../parts/states";
import { SIZES, type Tool, useStrokes } from "../../parts/strokes";
import { UndoRedo } from "../../parts/undo";

const TOOLS: readonly (readonly [Tool, string])[] = [
  ["hide", "hide"],
  ["show", "show again"],
];
/** Cells across the brush at first, and dots of the hatching for each. */
const [ACROSS, DOTS] = [3, 16];

export interface Hiding {
  possible: boolean;
  over: ComponentChildren;
  panel: JSX.Element | null;
  /** What the model says of what is left; null while nothing is hidden. */
  live: Payload<"mask">["arrays"] | null;
  /** In words, for over the classes. */
  now: JSX.Element | null;
}

export function useHide(chosen: Chosen, open: boolean): Hiding {
  const session = useSession();
  const [{ mask: text, fill: wanted }, go] = useLink("mask", "fill");
  const { model, image, baseline, answers } = chosen;
  const fill = wanted ?? baseline;
  const shape: [number, number] = [model?.input.height ?? 1, model?.input.width ?? 1];
  const grid = gridOf(...shape);
  const size = grid[0] * grid[1];
  const possible = model !== undefined && image !== null && session.source.can({ kind: "mask", model: model.id, image, fill });
  const shown = useMemo((): Cells => (text && decodeMask(text, size)) || new Uint8Array(size).fill(1), [text, size]);
  const answer = useBrushed(open && possible && text ? { model: model.id, image, mask: text, cells: grid, fill } : null);
  const strokes = useStrokes({
    grid,
    current: () => shown,
    text: () => session.link.value.mask,
    apply: (cells) => go({ mask: cells.every(Boolean) ? "" : encodeMask(cells) }),
    restore: (mask) => go({ mask }),
    enabled: open && possible,
    first: "hide",
    across: ACROSS,
  });
  const live = open && text ? (answer.payload?.arrays ?? null) : null;
  if (!open || !possible) return { possible, over: null, panel: null, live: null, now: null };
  const [said] = live ? saidOf(live) : [];
  const hidden = 1 - shown.reduce((sum, on) => sum + on, 0) / size;
  return {
    possible,
    live,
    over: (
      <>
        <Veil hidden={shown.map((on) => 1 - on)} grid={grid} />
        <Cursor height={grid[0]} width={grid[1]} grid={shape} keyboard onCell={strokes.onCell} />
      </>
    ),
    now: (
      <p class="now" role="status">
        {said ? (
          <>
            Without {percent(hidden)} of it: <strong>{className(said[0], answers)}</strong>, {chanceText(said[2], said[1])}
          </>
        ) : (
          "Paint on the photo: these bars move."
        )}
      </p>
    ),
    panel: (
      <div class="hiding">
        <div class="row">
          <Radios label="Paint" value={strokes.tool} options={TOOLS} onChange={strokes.choose} />
          <Choice label="size" value={String(strokes.size)} options={SIZES.map((cells) => [String(cells), String(cells)] as const)} onChange={(cells) => strokes.setSize(Number(cells))} />
          <UndoRedo of={strokes} />
          <button type="button" disabled={!text} onClick={() => strokes.change(new Uint8Array(size).fill(1))}>
            Show all
          </button>
        </div>
        <p class="second facts">
          Hatched: hidden. The model sees {fill === "blurred" ? "the image blurred" : `the baseline ${fill}`} there, in cells of its {shape[1]} × {shape[0]} pixels.{" "}
          <button type="button" class="small" onClick={() => go({ view: "masking" })}>
            Every fraction, and other fills →
          </button>
        </p>
        <AnswerState answer={answer} what="Asking the model" />
      </div>
    ),
  };
}

function Veil({ hidden, grid: [rows, columns] }: { hidden: Uint8Array; grid: [number, number] }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => drawHatch(canvas.current!, hidden, rows, columns, DOTS / (globalThis.devicePixelRatio || 1)), [hidden.join("")]);
  return <canvas ref={canvas} class="veil" role="presentation" />;
}
