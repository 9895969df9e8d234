/** Undo and redo, wherever something is painted. */
import type { JSX } from "preact";
import type { Strokes } from "./strokes";

export function UndoRedo({ of }: { of: Strokes }): JSX.Element {
  return (
    <>
      <button type="button" onClick={of.undo} disabled={!of.undoable} title="Ctrl+Z">
        Undo
      </button>
      <button type="button" onClick={of.redo} disabled={!of.redoable} title="Ctrl+Shift+Z">
        Redo
      </button>
    </>
  );
}
