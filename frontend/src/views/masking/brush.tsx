/**
 * Painting what the model may see: drag paints, a tap or Enter toggles, a box by drag, two taps or four numbers.
 *
 * While a stroke goes on it is drawn here; the link (and so the model) gets the mask as it changes, the last wins.
 */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Pixel } from "../../core/cursor";
import { box, type Cells, cellsOf, encodeMask } from "../../core/mask";
import { useLink, useSession } from "../../core/session";
import { Choice, Radios } from "../../parts/choice";
import type { PixelsProps } from "../../parts/pixels";
import { SIZES, type Tool, useStrokes } from "../../parts/strokes";
import { UndoRedo } from "../../parts/undo";

const TOOLS: readonly Tool[] = ["show", "hide", "box"];

interface BrushProps {
  grid: readonly [number, number];
  /** The pixels that are shown now. */
  shown: Uint8Array | null;
  height: number;
  width: number;
  mask: Cells | null;
  enabled: boolean;
}

interface Brush {
  onCell: NonNullable<PixelsProps["onCell"]>;
  tools: JSX.Element;
  /** Where the box's first corner is marked. */
  corner: Record<string, string> | null;
}

export function useBrush({ grid, shown, height, width, mask, enabled }: BrushProps): Brush {
  const session = useSession();
  const [link, go] = useLink();
  const [rows, columns] = grid;

  const current = (): Cells => {
    if (mask) return mask;
    return shown ? cellsOf(shown, [height, width], grid) : new Uint8Array(rows * columns);
  };
  const strokes = useStrokes({
    grid,
    current,
    text: () => session.link.value.mask,
    apply: (cells) => go({ mask: encodeMask(cells) }),
    restore: (text) => go({ mask: text }),
    enabled,
  });
  const { change } = strokes;
  const backToFraction = (): void => {
    strokes.remember();
    go({ mask: "" });
  };

  const tools = (
    <div class="row tools-of-brush">
      <Radios
        label="Paint"
        value={strokes.tool}
        options={TOOLS.map((name) => [name, name] as const)}
        onChange={strokes.choose}
      />
      <Choice label="size" value={String(strokes.size)} options={SIZES.map((cells) => [String(cells), String(cells)] as const)} onChange={(cells) => strokes.setSize(Number(cells))} />
      <button onClick={() => change(current().map((on) => 1 - on) as Cells)}>
        Invert
      </button>
      <button onClick={() => change(new Uint8Array(rows * columns))}>
        Hide all
      </button>
      <UndoRedo of={strokes} />
      {link.mask !== "" && (
        <button onClick={backToFraction}>
          Back to the fraction
        </button>
      )}
      <BoxFields rows={rows} columns={columns} onBox={(a, b) => change(box(rows, columns, a, b))} />
    </div>
  );
  return { onCell: strokes.onCell, tools, corner: strokes.corner };
}

/** A box by four numbers: for those who can't drag. */
function BoxFields({ rows, columns, onBox }: { rows: number; columns: number; onBox: (a: Pixel, b: Pixel) => void }): JSX.Element {
  const [edges, setEdges] = useState([0, 0, rows - 1, columns - 1]);
  const names = ["top", "left", "bottom", "right"];
  return (
    <details class="box-fields">
      <summary>Box by numbers</summary>
      <span class="row">
        {names.map((name, i) => (
          <label key={name}>
            {name}{" "}
            <input
              type="number"
              min={0}
              max={(i % 2 ? columns : rows) - 1}
              value={edges[i]}
              onInput={(event) => {
                const value = event.currentTarget.valueAsNumber;
                if (Number.isInteger(value) && value >= 0) setEdges(edges.map((edge, k) => (k === i ? value : edge)));
              }}
            />
          </label>
        ))}
        <button onClick={() => onBox([edges[0], edges[1]], [edges[2], edges[3]])}>
          Show only this box
        </button>
      </span>
    </details>
  );
}
