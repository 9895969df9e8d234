/** The model as a list of its layers: searched by name or kind, and folded by the parts that their names have in common. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { count } from "../../core/numbers";
import { folders } from "./folding";
import { type LayerEntry, sizeOf } from "./order";

/** From so many layers on there is a search. */
const MANY = 12;

export function Tree({ list, index, onChoose }: { list: readonly LayerEntry[]; index: number; onChoose: (at: number) => void }): JSX.Element {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const found = [...list.keys()].filter((at) => !wanted || `${list[at].name} ${list[at].kind}`.toLowerCase().includes(wanted));
  const entry = (at: number, cut: number): JSX.Element => {
    const each = list[at];
    return (
      <li key={each.name}>
        <button type="button" aria-current={at === index ? "true" : undefined} title={`${each.name}, ${each.kind}`} onClick={() => onChoose(at)}>
          <span class="block" aria-hidden="true">
            <span style={{ width: `${6 * Math.log2(1 + each.channels)}%`, height: `${Math.max(3, 4 * Math.log2(1 + each.height))}px` }} />
          </span>
          <span class="name">{each.name.slice(cut)}</span>
          <span class="second">{sizeOf(each)}</span>
          {(each.constant ?? 0) > 0 && <span class="constant-mark">! {each.constant} constant</span>}
        </button>
      </li>
    );
  };
  return (
    <div class="tree">
      {list.length > MANY && (
        <input type="search" aria-label="Search layers" placeholder={`search ${count(list.length)} layers`} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      )}
      {wanted && <p class="second facts" role="status">{found.length ? `${count(found.length)} of ${count(list.length)}` : "No layer has that in its name or kind."}</p>}
      <ol class="model" aria-label="Layers of the model">
        {folders(found.map((at) => list[at].name)).map(({ name, members }) =>
          name === null ? (
            members.map((at) => entry(found[at], 0))
          ) : (
            <Folder key={name} name={name} of={members.length} holds={members.some((at) => found[at] === index)} open={wanted !== ""}>
              {members.map((at) => entry(found[at], name.length + 1))}
            </Folder>
          ),
        )}
      </ol>
    </div>
  );
}

/** Open while it holds what is shown or what was searched for; whoever opens or closes it is obeyed until then. */
function Folder({ name, of, holds, open, children }: { name: string; of: number; holds: boolean; open: boolean; children: JSX.Element[] }): JSX.Element {
  const [shown, show] = useState(holds || open);
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => show(holds || open), [holds, open]);
  useLayoutEffect(() => {
    element.current!.open = shown;
  }, [shown]);
  return (
    <li class="folder">
      <details ref={element} onToggle={(event) => show(event.currentTarget.open)}>
        <summary>
          {name} <span class="second">{count(of)}</span>
        </summary>
        {shown && <ol>{children}</ol>}
      </details>
    </li>
  );
}
