/**
 * Which regions are taken away in every combination (cells of a grid, superpixels, or parts that are painted on the photo),
 * and what that says. Nothing that is painted is asked before the button is pressed.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { type Cells, decodeMask, encodeMask, gridOf } from "../../core/mask";
import { count, number } from "../../core/numbers";
import { middlesOf, outline } from "../../core/region";
import { type Chosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import type { Request } from "../../sources/source";
import { Choice, Radios } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Cursor } from "../../parts/pixels";
import { SIZES, type Tool, useStrokes } from "../../parts/strokes";
import { UndoRedo } from "../../parts/undo";
import { SIGNS, type Verdict } from "../../parts/verdict";

const SUPERPIXELS = "superpixels";
const TOOLS: readonly (readonly [Tool, string])[] = [
  ["show", "paint"],
  ["hide", "erase"],
  ["box", "box"],
];
/** Parts that can be painted: with the rest they are as many regions as are asked about without. */
const MOST = 8;
/** Of fewer regions no order is unlikely enough by chance to judge a map by. */
const FEWEST = 4;

/** The same of a request: nothing for the usual grid. `cut` is what the link holds: "superpixels", or masks with dots between. */
function requestOf(cut: string, grid: [number, number]): Pick<Request, "regions" | "marks" | "cells"> {
  if (!cut) return {};
  return cut === SUPERPIXELS ? { regions: cut } : { marks: cut.split("."), cells: grid };
}

export interface Cutting {
  possible: boolean;
  /** What the truth is asked about, beside image and class. */
  asked: Pick<Request, "regions" | "marks" | "cells">;
  /** Parts are being painted that were not asked about yet. */
  drafting: boolean;
  over: ComponentChildren;
  panel: JSX.Element | null;
}

export function useRegions(chosen: Chosen, open: boolean): Cutting {
  const session = useSession();
  const [{ cut: wanted }, go] = useLink("cut");
  const { superpixels: lacking } = useStore(session.hello);
  const { model, image, target, versus, method, baseline } = chosen;
  const shape: [number, number] = [model?.input.height ?? 1, model?.input.width ?? 1];
  const grid = gridOf(...shape);
  const size = grid[0] * grid[1];
  const can = (cut: string): boolean => model !== undefined && image !== null && target !== null && session.source.can({ kind: "truth", model: model.id, image, target, versus, method, baseline, ...requestOf(cut, grid) });
  const nothing = encodeMask(new Uint8Array(size));
  const [markable, divisible] = [can(nothing), can(SUPERPIXELS)];
  const cut = (wanted === SUPERPIXELS ? divisible : markable) ? wanted : "";
  const [way, setWay] = useState(cut && cut !== SUPERPIXELS ? "marked" : cut);
  const [draft, setDraft] = useState<string[]>([""]);
  const [at, setAt] = useState(0);
  useEffect(() => {
    const marked = cut && cut !== SUPERPIXELS ? cut.split(".") : [""];
    setDraft(marked);
    setAt((before) => Math.min(before, marked.length - 1));
    if (cut) setWay(cut === SUPERPIXELS ? cut : "marked");
  }, [cut, image]);
  const cellsOf = (text: string): Cells => decodeMask(text || nothing, size) ?? new Uint8Array(size);
  const parts = draft.map(cellsOf);
  const marked = parts.filter((cells) => cells.some(Boolean)).map(encodeMask).join(".");
  const marking = open && way === "marked" && markable;
  const strokes = useStrokes({
    grid,
    current: () => parts[at] ?? new Uint8Array(size),
    text: () => draft.join("."),
    // What is painted belongs to one part alone.
    apply: (cells) => setDraft(parts.map((each, i) => (i === at ? encodeMask(cells) : encodeMask(each.map((on, cell) => (on && !cells[cell] ? 1 : 0)))))),
    restore: (text) => {
      setDraft(text.split("."));
      setAt(Math.min(at, text.split(".").length - 1));
    },
    enabled: marking,
    across: 3,
  });
  const possible = markable || divisible;
  const drafting = marking && marked !== cut;
  const middles = marking ? middlesOf(Uint16Array.from({ length: size }, (_, cell) => parts.findIndex((cells) => cells[cell]) + 1), ...grid, parts.length + 1) : [];
  const over = marking && (
    <>
      <svg class="outline" viewBox={`0 0 ${shape[1]} ${shape[0]}`} preserveAspectRatio="none" aria-hidden="true">
        {parts.map((cells, i) => {
          const path = outline(encodeMask(cells), grid, shape);
          return (
            <g key={i} class={i === at ? "now-marked" : ""}>
              <path d={path} />
              <path d={path} />
            </g>
          );
        })}
      </svg>
      {drafting && parts.map((_, i) => middles[i + 1] && <span key={i} class="region" aria-hidden="true" style={{ top: `${100 * middles[i + 1]![0]}%`, left: `${100 * middles[i + 1]![1]}%` }}>{i + 1}</span>)}
      <Cursor height={grid[0]} width={grid[1]} grid={shape} keyboard onCell={strokes.onCell} />
      {strokes.corner && <span class="corner" style={strokes.corner} />}
    </>
  );
  const choose = (next: string): void => {
    setWay(next);
    go(next === "marked" ? { shown: "regions" } : { cut: next, shown: "regions" });
  };
  const panel = open && possible && (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        go({ cut: marked || nothing, shown: "regions" });
      }}
    >
      <p class="second facts">The model is shown every combination of the regions, with something else in the place of those that are taken away.</p>
      <div class="row">
        <Radios
          label="Regions"
          value={way}
          options={[
            ["", "cells of a grid"],
            [SUPERPIXELS, "superpixels", !divisible || Boolean(lacking)],
            ["marked", "parts that I paint", !markable],
          ]}
          onChange={choose}
        />
      </div>
      {(lacking || !divisible) && (
        <p class="second facts">
          Superpixels follow the image's colours. They need {divisible ? <code>{lacking}</code> : <><code>innerview serve</code></>}.
        </p>
      )}
      {marking && (
        <>
          <div class="row">
            <Radios label="Part" value={String(at)} options={parts.map((_, i) => [String(i), String(i + 1)] as const)} onChange={(next) => setAt(Number(next))} />
            <button
              type="button"
              disabled={parts.length >= MOST || !parts[at]?.some(Boolean)}
              onClick={() => {
                setDraft([...draft, ""]);
                setAt(draft.length);
              }}
            >
              Another part
            </button>
          </div>
          <div class="row">
            <Radios label="Mark" value={strokes.tool} options={TOOLS} onChange={strokes.choose} />
            <Choice label="size" value={String(strokes.size)} options={SIZES.map((cells) => [String(cells), String(cells)] as const)} onChange={(cells) => strokes.setSize(Number(cells))} />
            <UndoRedo of={strokes} />
            <button
              type="button"
              disabled={!marked}
              onClick={() => {
                strokes.remember();
                setDraft([""]);
                setAt(0);
              }}
            >
              Clear
            </button>
            <button type="submit" class="main">
              Show every combination
            </button>
          </div>
        </>
      )}
    </form>
  );
  return { possible, asked: requestOf(cut, grid), drafting, over, panel: panel || null };
}

/** What every combination of regions says, in lines, and how far maps agree. */
export function Found({ chosen, payload }: { chosen: Chosen; payload: Payload<"truth"> }): JSX.Element {
  const { meta } = payload;
  return (
    <>
      {(meta.lines as string[]).map((line) => (
        <p key={line}>{line}</p>
      ))}
      {(meta.names as string[]).length < FEWEST ? <p class="second">Maps are not judged by fewer than {FEWEST} regions.</p> : <Verdicts verdicts={meta.verdicts as Record<string, Verdict>} />}
      <p class="second facts">
        {count(meta.n_evaluations)} forward passes; {meta.target_words}; {meta.regions}.
      </p>
      <Tables chosen={chosen} payload={payload} />
    </>
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

function Tables({ chosen, payload }: { chosen: Chosen; payload: Payload<"truth"> }): JSX.Element {
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
