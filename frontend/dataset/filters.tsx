/** Which images are shown: one control a filter, each with how many there are. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../src/core/numbers";
import { classWords } from "./images";
import { NONE, type Rows } from "./rows";
import { RIGHTS, type State } from "./state";

/** Milliseconds without a letter after which a name is looked for. */
const PAUSE = 250;

export interface FiltersProps {
  rows: Rows;
  state: State;
  counts: { label: Uint32Array; predicted: Uint32Array };
  change: (patch: Partial<State>) => void;
}

const WORDS: Record<(typeof RIGHTS)[number], string> = { wrong: "wrong", right: "right", unknown: "not known", problem: "without an answer" };

export function Filters({ rows, state, counts, change }: FiltersProps): JSX.Element {
  const numbers = rows.columns.filter(({ kind }) => kind === "number");
  const range = state.range ?? { column: numbers.some(({ key }) => key === "margin") ? "margin" : (numbers[0]?.key ?? ""), low: null, high: null };
  const ranged = (patch: Partial<typeof range>): void => {
    const next = { ...range, ...patch };
    change({ range: next.low === null && next.high === null && !("column" in patch) ? null : next });
  };
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <ClassChoice label="Label" field="label" {...{ rows, state, counts, change }} />
      <ClassChoice label="Prediction" field="predicted" {...{ rows, state, counts, change }} />
      <label>
        Answer{" "}
        <select value={state.right ?? ""} onChange={(event) => change({ right: (event.currentTarget.value || null) as State["right"] })}>
          <option value="">all</option>
          {RIGHTS.map((each) => (
            <option key={each} value={each}>
              {WORDS[each]}
            </option>
          ))}
        </select>
      </label>
      {numbers.length > 0 && (
        <fieldset>
          <legend class="hidden">A column's range</legend>
          <select aria-label="Column of the range" value={range.column} onChange={(event) => ranged({ column: event.currentTarget.value })}>
            {numbers.map(({ key, title }) => (
              <option key={key} value={key}>
                {title}
              </option>
            ))}
          </select>
          <End label="From" value={range.low} onChange={(low) => ranged({ low })} />
          <span aria-hidden="true">to</span>
          <End label="To" value={range.high} onChange={(high) => ranged({ high })} />
        </fieldset>
      )}
      {rows.groups.length > 0 && (
        <label class="groups">
          Suspects{" "}
          <select value={state.group === null ? "" : String(state.group)} onChange={({ currentTarget: { value } }) => change({ group: value === "" ? null : value === "any" ? value : Number(value) })}>
            <option value="">all images</option>
            <option value="any">in any group</option>
            {rows.groups.map((words, group) => (
              <option key={group} value={group}>
                {group + 1}: {words}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Name{" "}
        <Named value={state.name} onChange={(name) => change({ name })} />
      </label>
    </form>
  );
}

function ClassChoice({ label, field, rows, state, counts, change }: FiltersProps & { label: string; field: "label" | "predicted" }): JSX.Element {
  const value = state[field];
  const of = counts[field];
  const unknown = of[rows.classes.length];
  return (
    <label>
      {label}{" "}
      <select value={value === null ? "" : String(value)} onChange={(event) => change({ [field]: event.currentTarget.value === "" ? null : Number(event.currentTarget.value) })}>
        <option value="">all</option>
        {rows.classes.map((_, index) => (
          <option key={index} value={index}>
            {classWords(rows, index)} ({count(of[index])})
          </option>
        ))}
        {(unknown > 0 || value === -1) && (
          <option value={-1}>
            {field === "label" ? "no class of the model" : classWords(rows, NONE)} ({count(unknown)})
          </option>
        )}
      </select>
    </label>
  );
}

/**
 * What is typed, asked for as soon as nobody has typed for a moment: were it asked for only when the field is left,
 * the press that leaves it would find other images than it was meant for. What stands in the field stays as it was
 * typed while it means what is asked for ("0.10" on the way to "0.105").
 */
function useTyped<T>(value: T, shown: (value: T) => string, read: (typed: string) => T | undefined, onChange: (value: T) => void): JSX.IntrinsicElements["input"] {
  const [typed, setTyped] = useState(shown(value));
  const latest = useRef(onChange);
  const waiting = useRef<ReturnType<typeof setTimeout>>();
  latest.current = onChange;
  useLayoutEffect(() => {
    if (read(typed) !== value) setTyped(shown(value));
  }, [value]);
  useLayoutEffect(() => () => clearTimeout(waiting.current), []);
  const ask = (text: string): void => {
    clearTimeout(waiting.current);
    const meant = read(text);
    if (meant !== undefined) latest.current(meant);
  };
  return {
    value: typed,
    onInput: ({ currentTarget: { value: text } }) => {
      setTyped(text);
      clearTimeout(waiting.current);
      waiting.current = setTimeout(() => ask(text), PAUSE);
    },
    onKeyDown: ({ key, currentTarget: { value: text } }) => key === "Enter" && ask(text),
  };
}

const same = (text: string): string => text;

function Named({ value, onChange }: { value: string; onChange: (value: string) => void }): JSX.Element {
  return <input type="search" placeholder="part of a name" size={12} {...useTyped(value, same, same, onChange)} />;
}

const shownEnd = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(5))));

/** What an end of a range means: nothing for open, undefined while it is no number. */
const readEnd = (typed: string): number | null | undefined => (typed.trim() === "" ? null : Number.isFinite(Number(typed)) ? Number(typed) : undefined);

/** One end of a range; empty is open. */
export function End({ label, value, onChange }: { label: string; value: number | null; onChange: (value: number | null) => void }): JSX.Element {
  const typing = useTyped(value, shownEnd, readEnd, onChange);
  return <input type="number" step="any" aria-label={label} placeholder={label.split(" ").at(-1)!.toLowerCase()} {...typing} />;
}
