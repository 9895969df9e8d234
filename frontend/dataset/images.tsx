/** The images that passed the filters: a gallery, or a table of their numbers. A press opens what the single-image views say. */
import type { JSX } from "preact";
import { className, count, number, probability } from "../src/core/numbers";
import { useStore } from "../src/core/store";
import { type Column, NONE, type Rows } from "./rows";
import { Scroller } from "./scroller";
import type { State } from "./state";
import { NEVER, type Tile, type Tiles } from "./tiles";

/** Pixels of an image in the gallery with its words, and the least between two. */
const SIDE = 96;
const WIDE = SIDE + 14;
const TALL = SIDE + 44;
const LINE = 30;
const HEAD = 30;

export interface ImagesProps {
  rows: Rows;
  chosen: Uint32Array;
  tiles: Tiles | null;
  /** Changes whenever other images are shown. */
  of: string;
  onOpen: (row: number) => void;
}

export const classWords = (rows: Rows, index: number): string => (index === NONE ? "unknown" : className(index, rows.classes));

/** A row's label as it is shown, also of one that the model has no class for. */
const labelWords = (rows: Rows, row: number): string => (rows.label(row) === NONE ? (rows.labelName(row) ?? "unknown") : classWords(rows, rows.label(row)));

const MARKS = ["✗", "✓", ""] as const;
const RIGHT_WORDS = ["wrong", "right", "unknown"] as const;

/** What an image is called where it can't be seen. */
function spoken(rows: Rows, row: number): string {
  const problem = rows.problem(row);
  if (problem !== null) return `${rows.name(row)}: ${problem}`;
  const chance = rows.number("probability", row);
  return `${rows.name(row)}: label ${labelWords(rows, row)}, prediction ${classWords(rows, rows.predicted(row))}${Number.isNaN(chance) ? "" : ` ${probability(chance)}`}`;
}

const wanted = (rows: Rows, chosen: Uint32Array, first: number, last: number): number[] => Array.from(chosen.subarray(first, last), rows.index);

export function Picture({ tile, size }: { tile: Tile | undefined; size: number }): JSX.Element {
  if (tile?.url) return <img src={tile.url} alt="" width={size} height={size} />;
  return (
    <span class={`blank ${tile ? "gone" : ""}`} style={{ width: `${size}px`, height: `${size}px` }} title={tile?.problem}>
      {tile ? "!" : ""}
    </span>
  );
}

export function Gallery({ rows, chosen, tiles, of, onOpen }: ImagesProps): JSX.Element {
  useStore(tiles!.came);
  return (
    <Scroller
      items={chosen.length}
      perLine={(width) => Math.floor(width / WIDE)}
      lineHeight={TALL}
      label="Images"
      of={`gallery ${of}`}
      onShown={(first, last) => tiles!.want(wanted(rows, chosen, first, last))}
      draw={({ first, last, above, below, current }) => (
        <ul class="gallery" style={{ paddingTop: `${above}px`, paddingBottom: `${below}px` }}>
          {Array.from(chosen.subarray(first, last), (row, i) => {
            const at = first + i;
            const problem = rows.problem(row);
            const tile = tiles!.get(rows.index(row));
            const wrong = rows.correct(row) === 0;
            const chance = rows.number("probability", row);
            const why = problem ?? tile?.problem;
            return (
              <li key={row} aria-setsize={chosen.length} aria-posinset={at + 1}>
                <button type="button" data-at={at} tabIndex={at === current ? 0 : -1} title={why ? `${rows.name(row)}: ${why}` : rows.name(row)} onClick={() => onOpen(row)}>
                  <Picture tile={tile} size={SIDE} />
                  <span class="hidden">
                    {rows.name(row)}
                    {why ? `: ${why}` : ", predicted"}
                  </span>
                  <span class={wrong ? "is-wrong" : ""}>{problem === null ? `${classWords(rows, rows.predicted(row))}${wrong ? " ✗" : ""}` : "no answer"}</span>
                  {wrong && <span class="hidden">, label</span>}
                  <span class="second">{wrong ? labelWords(rows, row) : Number.isNaN(chance) ? "\u00a0" : probability(chance)}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    />
  );
}

export interface TableProps extends ImagesProps {
  sort: State["sort"];
  onSort: (sort: State["sort"]) => void;
}

/** Columns whose large values are looked for first. */
const LARGE_FIRST = new Set(["loss", "entropy", "effect", "effect_error", "map_size", "map_error", "probability"]);

export const sortedBy = (column: string, sort: State["sort"]): State["sort"] => ({
  column,
  descending: sort.column === column ? !sort.descending : LARGE_FIRST.has(column),
});

export function Table({ rows, chosen, tiles, of, onOpen, sort, onSort }: TableProps): JSX.Element {
  useStore(tiles?.came ?? NEVER);
  const wide: Record<string, number> = { name: 230, label: 110, predicted: 110, correct: 56, region: 70, group: 64, index: 72 };
  const widthOf = ({ key }: Column): number => wide[key] ?? 100;
  return (
    <Scroller
      items={chosen.length}
      perLine={() => 1}
      lineHeight={LINE}
      head={HEAD}
      label="Table of images"
      of={`table ${of}`}
      onShown={(first, last) => tiles?.want(wanted(rows, chosen, first, last))}
      draw={({ first, last, above, below, current }) => (
        <table class="listed" aria-rowcount={chosen.length + 1} style={{ width: `${rows.columns.reduce((sum, one) => sum + widthOf(one), 0)}px` }}>
          <colgroup>
            {rows.columns.map((column) => (
              <col key={column.key} style={{ width: `${widthOf(column)}px` }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {rows.columns.map((column) => (
                <th key={column.key} scope="col" class={column.kind} aria-sort={sort.column !== column.key ? undefined : sort.descending ? "descending" : "ascending"}>
                  <button type="button" title={`${column.title}: ${column.says}. Sort by it.`} onClick={() => onSort(sortedBy(column.key, sort))}>
                    {column.title}
                    <span aria-hidden="true">{sort.column !== column.key ? "" : sort.descending ? " ↓" : " ↑"}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && (
              <tr class="gap" aria-hidden="true">
                <td colSpan={rows.columns.length} style={{ height: `${above}px` }} />
              </tr>
            )}
            {Array.from(chosen.subarray(first, last), (row, i) => (
              <Line key={row} {...{ rows, row, tiles, onOpen }} at={first + i} current={first + i === current} />
            ))}
            {below > 0 && (
              <tr class="gap" aria-hidden="true">
                <td colSpan={rows.columns.length} style={{ height: `${below}px` }} />
              </tr>
            )}
          </tbody>
        </table>
      )}
    />
  );
}

function Line({ rows, row, tiles, onOpen, at, current }: { at: number; row: number; current: boolean } & Pick<ImagesProps, "rows" | "tiles" | "onOpen">): JSX.Element {
  const problem = rows.problem(row);
  const cell = ({ key, kind }: Column): string => {
    if (kind === "number") return key === "probability" ? probability(rows.number(key, row)) : number(rows.number(key, row));
    if (key === "label") return labelWords(rows, row);
    if (key === "predicted") return problem === null ? classWords(rows, rows.predicted(row)) : "no answer";
    if (key === "correct") return MARKS[rows.correct(row)];
    if (key === "region") return rows.region(row);
    if (key === "group") return rows.groupsOf(row).map((group) => count(group + 1)).join(", ");
    return String(rows.index(row));
  };
  return (
    <tr aria-rowindex={at + 2} class={problem === null ? "" : "failed"} title={problem ?? undefined}>
      {rows.columns.map((column) =>
        column.key === "name" ? (
          <th key="name" scope="row">
            <button type="button" data-at={at} tabIndex={current ? 0 : -1} aria-label={spoken(rows, row)} onClick={() => onOpen(row)}>
              {tiles && <Picture tile={tiles.get(rows.index(row))} size={24} />}
              <span>{rows.name(row)}</span>
            </button>
          </th>
        ) : (
          <td key={column.key} class={column.kind}>
            {column.key === "correct" && rows.correct(row) !== 2 ? (
              <>
                <span aria-hidden="true">{cell(column)}</span>
                <span class="hidden">{RIGHT_WORDS[rows.correct(row)]}</span>
              </>
            ) : (
              cell(column)
            )}
          </td>
        ),
      )}
    </tr>
  );
}
