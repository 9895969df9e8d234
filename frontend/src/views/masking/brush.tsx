/**
 * Painting what the model may see: drag paints, a tap or Enter toggles, a box by drag, two taps or four numbers.
 *
 * While a stroke goes on it is drawn here; the link (and so the model) gets the mask as it changes, the last wins.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Pixel } from "../../core/cursor";
import { listen } from "../../core/listen";
import { between, box, type Cells, cellsOf, encodeMask, stamp } from "../../core/mask";
import { useLink, useSession } from "../../core/session";
import { Choice, Radios } from "../../parts/choice";
import type { PixelsProps } from "../../parts/pixels";

type Tool = "show" | "hide" | "box";
const TOOLS: readonly Tool[] = ["show", "hide", "box"];
const SIZES = [1, 2, 3, 5, 8];
const UNDOS = 50;

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
  const [tool, setTool] = useState<Tool>("show");
  const [size, setSize] = useState(2);
  const [corner, setCorner] = useState<Pixel | null>(null);
  const [rows, columns] = grid;
  const stroke = useRef<{ start: Pixel; last: Pixel; before: Cells; now: Cells; moved: boolean } | null>(null);
  const undos = useRef<string[]>([]);

  const current = (): Cells => {
    if (mask) return mask;
    return shown ? cellsOf(shown, [height, width], grid) : new Uint8Array(rows * columns);
  };
  const apply = (cells: Cells): void => go({ mask: encodeMask(cells) });
  const remember = (): void => {
    undos.current = [...undos.current.slice(1 - UNDOS), session.link.value.mask];
  };
  const change = (cells: Cells): void => {
    remember();
    apply(cells);
  };
  const undo = (): void => {
    const before = undos.current.pop();
    if (before !== undefined) go({ mask: before });
  };

  useEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=range]):not([type=radio]), select, textarea");
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !typing) {
        event.preventDefault();
        undo();
      }
    };
    return listen(document, { keydown: onKey });
  }, [enabled]);

  const toggle = (cell: Pixel, cells: Cells): Cells => stamp(cells, columns, cell, 1, !cells[cell[0] * columns + cell[1]]);

  const onCell: Brush["onCell"] = (cell, phase) => {
    if (phase === "enter") {
      if (tool === "box") tapCorner(cell);
      else change(toggle(cell, current()));
      return;
    }
    if (phase === "down") {
      const cells = current();
      stroke.current = { start: cell, last: cell, before: cells, now: cells, moved: false };
      return;
    }
    const going = stroke.current;
    if (!going) return;
    if (phase === "move" && (going.moved || cell[0] !== going.start[0] || cell[1] !== going.start[1])) {
      if (!going.moved) remember();
      const from = going.moved ? going.last : going.start;
      going.moved = true;
      going.last = cell;
      if (tool === "box") going.now = box(rows, columns, going.start, cell);
      else for (const step of between(from, cell)) going.now = stamp(going.now, columns, step, size, tool === "show");
      apply(going.now);
    }
    if (phase === "up") {
      if (!going.moved) {
        if (tool === "box") tapCorner(going.start);
        else change(toggle(going.start, going.before));
      }
      stroke.current = null;
    }
  };

  const tapCorner = (cell: Pixel): void => {
    if (!corner) {
      setCorner(cell);
      session.speech.say(`First corner: row ${cell[0]}, column ${cell[1]}. Choose the opposite one.`);
      return;
    }
    change(box(rows, columns, corner, cell));
    setCorner(null);
  };

  const backToFraction = (): void => {
    remember();
    go({ mask: "" });
  };

  const tools = (
    <div class="row tools-of-brush">
      <Radios
        label="Paint"
        value={tool}
        options={TOOLS.map((name) => [name, name] as const)}
        onChange={(name) => {
          setTool(name);
          setCorner(null);
        }}
      />
      <Choice label="size" value={String(size)} options={SIZES.map((cells) => [String(cells), String(cells)] as const)} onChange={(cells) => setSize(Number(cells))} />
      <button onClick={() => change(current().map((on) => 1 - on) as Cells)}>
        Invert
      </button>
      <button onClick={() => change(new Uint8Array(rows * columns))}>
        Hide all
      </button>
      <button onClick={undo} disabled={undos.current.length === 0}>
        Undo
      </button>
      {link.mask !== "" && (
        <button onClick={backToFraction}>
          Back to the fraction
        </button>
      )}
      <BoxFields rows={rows} columns={columns} onBox={(a, b) => change(box(rows, columns, a, b))} />
    </div>
  );
  const marked = corner && {
    top: `${(100 * corner[0]) / rows}%`,
    left: `${(100 * corner[1]) / columns}%`,
    height: `${100 / rows}%`,
    width: `${100 / columns}%`,
  };
  return { onCell, tools, corner: marked };
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
