/** The images at hand, a page of thumbnails at a time. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { className, count } from "../core/numbers";
import { useSession } from "../core/session";
import { useStore } from "../core/store";

const PAGE = 24;

export function Samples({ current, classes }: { current: string | null; classes: readonly string[] }): JSX.Element {
  const session = useSession();
  const { samples } = useStore(session.hello);
  const [page, setPage] = useState<number | null>(null);
  const [search, setSearch] = useState("");
  const folded = useRef<HTMLDetailsElement>(null);
  const title = (sample: (typeof samples)[number]): string =>
    typeof sample.label === "number" ? `${sample.name} (${className(sample.label, classes)})` : sample.name;
  const found = search ? samples.filter((sample) => title(sample).toLowerCase().includes(search.toLowerCase())) : samples;
  const at = Math.max(0, found.findIndex(({ image }) => image === current));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const shown = Math.min(page ?? Math.floor(at / PAGE), pages - 1);
  return (
    <details class="samples" ref={folded}>
      <summary>
        Images <span class="second">{count(samples.length)}</span>
      </summary>
      {samples.length > PAGE && (
        <input
          type="search"
          aria-label="Search images"
          placeholder="search by name or class"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul class="thumbnails">
        {found.slice(shown * PAGE, (shown + 1) * PAGE).map((sample) => (
          <li key={sample.image}>
            <button
              aria-pressed={sample.image === current}
              title={title(sample)}
              onClick={() => {
                session.go({ image: sample.image });
                folded.current!.open = false;
              }}
            >
              {sample.thumbnail ? <img src={sample.thumbnail} alt={title(sample)} loading="lazy" /> : <span>{title(sample)}</span>}
            </button>
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <div class="row">
          <button class="small" disabled={shown === 0} onClick={() => setPage(shown - 1)}>
            Before
          </button>
          <span>
            {count(shown * PAGE + 1)}–{count(Math.min(found.length, (shown + 1) * PAGE))} of {count(found.length)}
          </span>
          <button class="small" disabled={shown === pages - 1} onClick={() => setPage(shown + 1)}>
            More
          </button>
        </div>
      )}
    </details>
  );
}
