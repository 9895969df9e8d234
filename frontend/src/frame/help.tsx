/** The key list is the help screen; single keys can be switched off (WCAG 2.1.4). */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useSession } from "../core/session";
import { remember, recall } from "./remembering";

const NAMES: Record<string, string> = { " ": "Space", Escape: "Esc" };
const SLIDERS = [
  ["Arrows", "One stop of a slider; one pixel of the pixel cursor"],
  ["Page up, Page down", "Ten stops; eight pixels"],
  ["Home, End", "First and last stop"],
  ["Enter", "Pin the pixel (or change the brushed cell)"],
];

export function Help({ onClose }: { onClose: () => void }): JSX.Element {
  const { keys } = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const [on, setOn] = useState(keys.on);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} class="help" aria-labelledby="innerview-help" onClose={onClose}>
      <h2 id="innerview-help">Keys</h2>
      <label class="row">
        <input
          type="checkbox"
          checked={on}
          onChange={(event) => {
            keys.on = event.currentTarget.checked;
            setOn(keys.on);
            remember("keys", keys.on ? "on" : "off");
          }}
        />{" "}
        Single keys do something (switch off when you use speech or a screen reader)
      </label>
      <table>
        <tbody>
          {[...keys.list.map(({ key, says }) => [NAMES[key] ?? key, says]), ...SLIDERS].map(([key, says]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{says}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="second">All state is in the address: copy the link, and whoever opens it sees the same. Nothing on this page comes from elsewhere.</p>
      <button onClick={() => dialog.current!.close()}>
        Close
      </button>
    </dialog>
  );
}

export const keysRemembered = (): boolean => recall("keys") !== "off";
