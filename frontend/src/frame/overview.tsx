/** A page of several images begins with all of them: what is predicted of each, and how often that is the label. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { className, count, percent, probability } from "../core/numbers";
import { useChosen, useSession } from "../core/session";
import { useStore } from "../core/store";

/** Images at first. */
const PAGE = 24;
/** Narrower, it waits to be opened: photo and prediction come first. */
const ROOM = "(min-width: 600px)";

export function Overview(): JSX.Element | null {
  const session = useSession();
  const { samples } = useStore(session.hello);
  const { image, answers } = useChosen();
  const [most, show] = useState(PAGE);
  const told = samples.filter(({ said }) => said);
  if (told.length < 2) return null;
  const labelled = told.filter(({ label }) => typeof label === "number");
  const right = labelled.filter(({ label, said }) => said![0] === label).length;
  return (
    <details class="overview" open={matchMedia(ROOM).matches}>
      <summary>
        {count(told.length)} images{labelled.length > 0 && `: ${count(right)} of ${count(labelled.length)} with a label are predicted correctly (${percent(right / labelled.length)})`}
      </summary>
      <ul>
        {told.slice(0, most).map(({ image: id, name, label, said, thumbnail }) => (
          <li key={id}>
            <button type="button" aria-pressed={id === image} onClick={() => session.go({ image: id })}>
              {thumbnail && <img src={thumbnail} alt="" loading="lazy" />}
              <span>
                <span class="second">{name}</span>
                <span>
                  {typeof label === "number" && (label === said![0] ? "✓ " : "✗ ")}
                  <strong>{className(said![0], answers)}</strong> {probability(said![1])}
                </span>
                {typeof label === "number" && label !== said![0] && <span class="second">label {className(label, answers)}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {told.length > most && (
        <button type="button" class="small" onClick={() => show(most + PAGE)}>
          {count(most)} of {count(told.length)} ↓
        </button>
      )}
    </details>
  );
}
