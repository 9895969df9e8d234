/**
 * Ask about a part: mark it on the photo or by numbers, and see what it does, removed and alone, beside parts of its
 * shape elsewhere. Nothing is asked before the button is pressed, since every region that is asked about is a try.
 */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { keyOf } from "../../core/answers";
import { gridOf } from "../../core/mask";
import { count, number } from "../../core/numbers";
import { boxOf, cellsOfRegion, outline, regionOf } from "../../core/region";
import { type Chosen, useAnswer, useLink, useSession } from "../../core/session";
import type { Request } from "../../sources/source";
import { Plot } from "../../parts/chart";
import { Choice, Radios } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Cursor } from "../../parts/pixels";
import { AnswerState, Remark, Stale } from "../../parts/states";
import { SIZES, type Tool, useStrokes } from "../../parts/strokes";
import { UndoRedo } from "../../parts/undo";

const TOOLS: readonly (readonly [Tool, string])[] = [
  ["box", "box"],
  ["show", "paint"],
  ["hide", "erase"],
];
const NUMBERS = ["left", "top", "width", "height"];

interface Asking {
  possible: boolean;
  /** To lay over the photo; null while nothing is marked. */
  over: ComponentChildren;
  panel: JSX.Element | null;
}

export function useAsk(chosen: Chosen, open: boolean): Asking {
  const session = useSession();
  const [link, go] = useLink("region");
  const { model, image, target, versus } = chosen;
  const shape: [number, number] = [model?.input.height ?? 1, model?.input.width ?? 1];
  const grid = gridOf(...shape);
  const [draft, setDraft] = useState(link.region);
  useEffect(() => setDraft(link.region), [link.region, image]);
  const about = model && image && target !== null ? { kind: "effects" as const, model: model.id, image, target, versus } : null;
  const possible = about !== null && session.source.can(about);
  const request = about && possible && link.region ? { ...about, ...asked(link.region, grid) } : null;
  const answer = useAnswer(request);
  const { payload } = answer;
  // A new try makes what was said of the others too sure: they are asked again when they are looked at.
  useEffect(() => {
    if (!payload || answer.previous || !request) return;
    const own = keyOf(request);
    session.answers.forget((other) => other.kind === "effects" && other.image === image && keyOf(other) !== own);
  }, [payload]);
  const strokes = useStrokes({
    grid,
    current: () => cellsOfRegion(draft, grid, shape),
    text: () => draft,
    apply: (cells) => setDraft(regionOf(cells, grid, shape)),
    restore: setDraft,
    enabled: open && possible,
    first: "box",
  });
  if (!about || !possible) return { possible, over: null, panel: null };
  const over = (open || link.region) && (
    <>
      {draft && (
        <svg class="outline" viewBox={`0 0 ${shape[1]} ${shape[0]}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={outline(draft, grid, shape)} />
          <path d={outline(draft, grid, shape)} />
        </svg>
      )}
      {open && <Cursor height={grid[0]} width={grid[1]} grid={shape} keyboard onCell={strokes.onCell} />}
      {strokes.corner && <span class="corner" style={strokes.corner} />}
    </>
  );
  const clear = (): void => {
    strokes.remember();
    setDraft("");
    go({ region: "" });
  };
  const panel = (
    <>
      {open && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            go({ region: draft || regionOf(cellsOfRegion("", grid, shape), grid, shape) });
          }}
        >
          <p class="second facts">Mark a part on the photo (drag, or two taps for a box), or type its edges in pixels of the model's {shape[1]} × {shape[0]}. Each part that you ask about is a try, and tries are counted.</p>
          <div class="row">
            <Radios label="Mark" value={strokes.tool} options={TOOLS} onChange={strokes.choose} />
            <Choice label="size" value={String(strokes.size)} options={SIZES.map((size) => [String(size), String(size)] as const)} onChange={(size) => strokes.setSize(Number(size))} />
            <UndoRedo of={strokes} />
            <button type="button" onClick={clear} disabled={!draft && !link.region}>
              Clear
            </button>
          </div>
          <div class="row">
            <BoxNumbers draft={draft} onBox={setDraft} />
            <button type="submit" class="main">
              What does it do?
            </button>
          </div>
        </form>
      )}
      {link.region && (
        <div class="asked" role="status">
          <AnswerState answer={answer} what="Holding it against parts of its shape elsewhere" />
          {payload && (
            <Stale when={answer.previous}>
              <Effects payload={payload} whole={answer.state === "done"} />
            </Stale>
          )}
        </div>
      )}
    </>
  );
  return { possible, over, panel };
}

/** A region in the form in which it is asked about. */
function asked(text: string, grid: [number, number]): Pick<Request, "region" | "mask" | "cells"> {
  const box = boxOf(text);
  return box ? { region: box } : { mask: text, cells: grid };
}

function BoxNumbers({ draft, onBox }: { draft: string; onBox: (text: string) => void }): JSX.Element {
  const box = boxOf(draft);
  const [typed, setTyped] = useState<string[]>(["", "", "", ""]);
  const shown = box ? box.map(String) : typed;
  return (
    <span class="row numbers">
      {NUMBERS.map((name, i) => (
        <label key={name}>
          {name}{" "}
          <input
            type="number"
            step={1}
            value={shown[i]}
            onInput={(event) => {
              const next = shown.map((value, k) => (k === i ? event.currentTarget.value : value));
              setTyped(next);
              if (next.every((value) => /^-?\d+$/.test(value))) onBox(next.join());
            }}
          />
        </label>
      ))}
    </span>
  );
}

type Shown = Payload<"effects">;
const KINDS = [
  ["removed", "lost without it"],
  ["alone", "gained by it alone"],
] as const;

function Effects({ payload, whole }: { payload: Shown; whole: boolean }): JSX.Element {
  const { arrays, meta } = payload;
  const says = meta.says as Record<"removed" | "alone", string>;
  const fills = meta.fills as string[];
  const notes = meta.notes as string[];
  const rows = fills.map((_, i) => [arrays.removed.data[i], arrays.alone.data[i]]);
  return (
    <>
      <p>{says.removed}</p>
      <p>{says.alone}</p>
      {whole && notes.map((note) => (
        <Remark key={note} says={note} />
      ))}
      <Strip payload={payload} />
      <p class="second facts">
        Grey: {count(arrays.removed_elsewhere.data.length)} parts of its shape elsewhere, means over the fills. Line: this part, from the least to the largest of {fills.length} fills; dot: their mean.{" "}
        {meta.tries ? `${count(meta.tries)} tries on this image so far, two for each part. ` : ""}
        {count(meta.n_evaluations)} forward passes.
      </p>
      <Data
        title={`what the part does, ${meta.unit}`}
        columns={["fill", ...KINDS.map(([, words]) => words)]}
        rows={() => rows.map((row, i) => [fills[i], ...row.map((value) => number(value, true))])}
        csv={() => ({ columns: ["fill", "removed", "alone"], rows: rows.map((row, i) => [fills[i], ...row]) })}
        file={`part-${meta.name.replace(/[^\w]+/g, "-")}`}
      />
    </>
  );
}

const mean = (values: Float32Array): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Both effects on one axis: those of other places as thin lines, this part's over the fills as a line with a dot. */
function Strip({ payload }: { payload: Shown }): JSX.Element {
  const { arrays, meta } = payload;
  const all = [0, ...arrays.removed.data, ...arrays.alone.data, ...arrays.removed_elsewhere.data, ...arrays.alone_elsewhere.data];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const space = 0.04 * (high - low) || 1;
  const rows = KINDS.map(([kind, words], i) => ({
    at: 1.5 - i,
    words,
    own: arrays[kind].data,
    others: arrays[`${kind}_elsewhere`].data,
  }));
  return (
    <Plot
      title="What the part does to the score"
      says={rows.map(({ words, own }) => `${words}: ${number(mean(own), true)} (${number(Math.min(...own), true)} to ${number(Math.max(...own), true)})`).join("; ")}
      x={{ title: `score (${meta.target_words}), ${meta.unit}`, domain: [low - space, high + space] }}
      y={{ title: "", domain: [0, 2], ticks: rows.map(({ at }) => at), format: (at) => (at > 1 ? "removed" : "alone") }}
      height={150}
      margin={{ left: 62, right: 12 }}
    >
      {({ x, y, height }) => (
        <>
          <line class="axis" x1={x(0)} x2={x(0)} y2={height} stroke-dasharray="3 3" />
          {rows.map(({ at, own, others }) => (
            <g key={at}>
              {[...others].map((value, i) => (
                <line key={i} x1={x(value)} x2={x(value)} y1={y(at) - 16} y2={y(at) + 16} stroke="var(--second)" opacity={0.3} />
              ))}
              <line x1={x(Math.min(...own))} x2={x(Math.max(...own))} y1={y(at)} y2={y(at)} stroke="var(--text)" stroke-width={3} />
              {[...own].map((value, i) => (
                <line key={`own${i}`} x1={x(value)} x2={x(value)} y1={y(at) - 6} y2={y(at) + 6} stroke="var(--text)" stroke-width={2} />
              ))}
              <circle cx={x(mean(own))} cy={y(at)} r={5.5} fill="var(--text)" class="dot" />
            </g>
          ))}
        </>
      )}
    </Plot>
  );
}
