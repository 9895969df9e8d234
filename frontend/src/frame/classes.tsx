/** Choosing a class: likely ones and the label first, then all, by number; class 0 like any other. Searchable. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { classTitle, probability } from "../core/numbers";

export interface ClassChooserProps {
  label: string;
  classes: readonly string[];
  /** Most likely first. */
  ranking: readonly number[];
  probabilities: ArrayLike<number> | null;
  /** The image's label. */
  trueClass: number | null;
  value: number | null;
  /** Text of the choice "none", if there is one. */
  none?: string;
  /** Classes that can be chosen; null for all. */
  held: ReadonlySet<unknown> | null;
  except?: number | null;
  onChange: (value: number | null) => void;
  mark: string;
}

/** From this many classes on, a field narrows the list. */
const MANY = 30;

export function ClassChooser(props: ClassChooserProps): JSX.Element {
  const { label, classes, ranking, probabilities, trueClass, value, none, held, except, onChange } = props;
  const [search, setSearch] = useState("");
  const all = Array.from({ length: Math.max(classes.length, ranking.length) }, (_, i) => i).filter((i) => i !== except);
  const needle = search.trim().toLowerCase();
  const found = needle ? all.filter((i) => i === value || classTitle(i, classes).toLowerCase().includes(needle)) : all;
  const likely = [...new Set([...ranking.slice(0, 3), ...(trueClass === null ? [] : [trueClass])])].filter((i) => i !== except && found.includes(i));
  const many = classes.length > MANY;
  const option = (i: number, group: string): JSX.Element => (
    <option key={`${group}${i}`} value={String(i)} disabled={held !== null && !held.has(i)}>
      {classTitle(i, classes)}
      {group === "likely" && probabilities && Number.isFinite(probabilities[i]) ? ` · ${probability(probabilities[i])}` : ""}
      {group === "likely" && i === trueClass ? " · label" : ""}
    </option>
  );
  return (
    <span class="field">
      <label>
        {label}{" "}
        <select
          data-choose={many ? undefined : props.mark}
          value={value === null ? "" : String(value)}
          onChange={(event) => onChange(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
        >
          {none !== undefined && <option value="">{none}</option>}
          <optgroup label="Likely">{likely.map((i) => option(i, "likely"))}</optgroup>
          <optgroup label={needle ? `Classes with "${search}"` : "All classes"}>
            {found.filter((i) => !likely.includes(i)).map((i) => option(i, "all"))}
          </optgroup>
        </select>
      </label>
      {many && (
        <input
          type="search"
          aria-label={`Search classes: ${label}`}
          placeholder="search, Enter"
          data-choose={props.mark}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={(event) => {
            const first = [...likely, ...found].find((i) => i !== value && (held === null || held.has(i)));
            if (event.key !== "Enter" || !needle || first === undefined) return;
            event.preventDefault();
            onChange(first);
            setSearch("");
          }}
        />
      )}
    </span>
  );
}
