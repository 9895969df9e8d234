/** One of a few: as a list that opens, or as buttons in a row. */
import type { JSX } from "preact";
import { useLink, useSession } from "../core/session";
import { useStore } from "../core/store";
import { useUnique } from "../core/unique";

export interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  /** Values with their words. */
  options: readonly (readonly [value: T, words: string, disabled?: boolean])[];
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  return (
    <span class="field">
      <label>
        {label}{" "}
        <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
          {options.map(([each, words, disabled]) => (
            <option key={each} value={each} disabled={disabled}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </span>
  );
}

/** Which run; nothing where there is one only. Also beside an error, so that one can go on from there. */
export function RunChoice({ run }: { run: string | undefined }): JSX.Element | null {
  const { hello } = useSession();
  const { runs } = useStore(hello);
  const [, go] = useLink("run");
  if (runs.length < 2) return null;
  return <Choice label="Run" value={run ?? ""} options={runs.map(({ id, name }) => [id, name])} onChange={(id) => go({ run: id, epoch: null })} />;
}

export function Radios<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  const name = useUnique();
  return (
    <fieldset>
      <legend>{label}</legend>
      {options.map(([each, words, disabled]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} disabled={disabled} onChange={() => onChange(each)} /> {words}
        </label>
      ))}
    </fieldset>
  );
}
