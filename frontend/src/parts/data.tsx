/** The numbers behind a map or chart: a table that opens (key T), and CSV and PNG to take home. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Cell, saveCsv } from "../core/saving";

export interface DataProps {
  title: string;
  columns: readonly string[];
  /** As shown; made only when the table is open. */
  rows: () => readonly (readonly string[])[];
  /** As numbers, for the CSV; the shown rows if left out. */
  csv?: () => { columns: readonly string[]; rows: readonly (readonly Cell[])[] };
  /** File name without its ending. */
  file: string;
  onPng?: () => void;
  /** A remark over the table: what was left out. */
  note?: string;
}

export function Data({ title, columns, rows, csv, file, onPng, note }: DataProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const saved = (): void => {
    const { columns: heads, rows: cells } = csv?.() ?? { columns, rows: rows() };
    saveCsv(file, heads, cells);
  };
  return (
    <div class="data">
      <details data-table open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Table: {title}</summary>
        {open && (
          <div class="scroll" tabIndex={0} role="region" aria-label={title}>
            {note && <p class="second">{note}</p>}
            <table>
              <thead>
                <tr>
                  {columns.map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows().map((cells, i) => (
                  <tr key={i}>
                    {cells.map((cell, k) => (
                      <td key={k}>{cell}</td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </details>
      <span class="take">
        <button class="small" onClick={saved} aria-label={`${title} as CSV`}>
          CSV
        </button>
        {onPng && (
          <button class="small" onClick={onPng} aria-label={`${title} as PNG`}>
            PNG
          </button>
        )}
      </span>
    </div>
  );
}
