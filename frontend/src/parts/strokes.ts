/**
 * Marking cells of a grid: drag paints, a tap or Enter toggles, a box by drag or two taps; with undo and redo.
 *
 * Who uses it keeps what is marked, as a text, and is given the new cells as they change.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Pixel } from "../core/cursor";
import { listen } from "../core/listen";
import { between, box, type Cells, stamp } from "../core/mask";
import { useSession } from "../core/session";
import type { PixelsProps } from "./pixels";

export type Tool = "show" | "hide" | "box";
export const SIZES = [1, 2, 3, 5, 8];
const UNDOS = 50;

interface StrokesProps {
  grid: readonly [number, number];
  /** The cells that are marked now. */
  current: () => Cells;
  /** What is marked now, to come back to. */
  text: () => string;
  apply: (cells: Cells) => void;
  restore: (text: string) => void;
  enabled: boolean;
  first?: Tool;
  /** Cells across the brush at first. */
  across?: number;
}

export interface Strokes {
  onCell: NonNullable<PixelsProps["onCell"]>;
  tool: Tool;
  choose: (tool: Tool) => void;
  size: number;
  setSize: (size: number) => void;
  change: (cells: Cells) => void;
  remember: () => void;
  undo: () => void;
  undoable: boolean;
  redo: () => void;
  redoable: boolean;
  /** Where the box's first corner is marked. */
  corner: Record<string, string> | null;
}

export function useStrokes({ grid, current, text, apply, restore, enabled, first = "show", across = 2 }: StrokesProps): Strokes {
  const session = useSession();
  const [tool, setTool] = useState<Tool>(first);
  const [size, setSize] = useState(across);
  const [corner, setCorner] = useState<Pixel | null>(null);
  const [rows, columns] = grid;
  const stroke = useRef<{ start: Pixel; last: Pixel; before: Cells; now: Cells; moved: boolean } | null>(null);
  const history = useRef({ undos: [] as string[], redos: [] as string[] });

  const remember = (): void => {
    history.current = { undos: [...history.current.undos.slice(1 - UNDOS), text()], redos: [] };
  };
  const change = (cells: Cells): void => {
    remember();
    apply(cells);
  };
  const step = (from: "undos" | "redos", to: "undos" | "redos") => (): void => {
    const found = history.current[from].pop();
    if (found === undefined) return;
    history.current[to].push(text());
    restore(found);
  };
  const undo = step("undos", "redos");
  const redo = step("redos", "undos");
  const latest = useRef({ undo, redo });
  latest.current = { undo, redo };

  useEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches("input:not([type=range]):not([type=radio]), select, textarea");
      const key = event.key.toLowerCase();
      if (!(event.ctrlKey || event.metaKey) || typing || (key !== "z" && key !== "y")) return;
      event.preventDefault();
      if (key === "y" || event.shiftKey) latest.current.redo();
      else latest.current.undo();
    };
    return listen(document, { keydown: onKey });
  }, [enabled]);

  const toggle = (cell: Pixel, cells: Cells): Cells => stamp(cells, columns, cell, 1, !cells[cell[0] * columns + cell[1]]);

  const onCell: Strokes["onCell"] = (cell, phase) => {
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
      session.speech.say(`First corner: row ${cell[0] + 1}, column ${cell[1] + 1}. Choose the opposite one.`);
      return;
    }
    change(box(rows, columns, corner, cell));
    setCorner(null);
  };

  const choose = (name: Tool): void => {
    setTool(name);
    setCorner(null);
  };
  const marked = corner && {
    top: `${(100 * corner[0]) / rows}%`,
    left: `${(100 * corner[1]) / columns}%`,
    height: `${100 / rows}%`,
    width: `${100 / columns}%`,
  };
  return { onCell, tool, choose, size, setSize, change, remember, undo, undoable: history.current.undos.length > 0, redo, redoable: history.current.redos.length > 0, corner: marked };
}
