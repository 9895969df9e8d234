/** The images at hand: a few thumbnails that are always there, and all of them, a page at a time. */
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { className, count } from "../core/numbers";
import { useSession } from "../core/session";
import { useStore } from "../core/store";
import type { SampleFacts } from "../sources/source";

const PAGE = 24;
/** Thumbnails that are always there. */
const FEW = 6;

export function Samples({ current, classes }: { current: string | null; classes: readonly string[] }): JSX.Element {
  const session = useSession();
  const { samples } = useStore(session.hello);
  const [page, setPage] = useState<number | null>(null);
  const [search, setSearch] = useState("");
  const folded = useRef<HTMLDetailsElement>(null);
  const title = (sample: SampleFacts): string => (typeof sample.label === "number" ? `${sample.name} (${className(sample.label, classes)})` : sample.name);
  const found = search ? samples.filter((sample) => title(sample).toLowerCase().includes(search.toLowerCase())) : samples;
  const place = (among: readonly SampleFacts[]): number => Math.max(0, among.findIndex(({ image }) => image === current));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  const shown = Math.min(page ?? Math.floor(place(found) / PAGE), pages - 1);
  const first = Math.max(0, Math.min(samples.length - FEW, place(samples) - FEW + 2));
  const button = (sample: SampleFacts): JSX.Element => (
    <li key={sample.image}>
      <button
        aria-pressed={sample.image === current}
        title={title(sample)}
        onClick={() => {
          session.go({ image: sample.image });
          if (folded.current) folded.current.open = false;
        }}
      >
        {sample.thumbnail ? <img src={sample.thumbnail} alt={title(sample)} loading="lazy" /> : <span>{title(sample)}</span>}
      </button>
    </li>
  );
  return (
    <>
      <ul class="few">{samples.slice(first, first + FEW).map(button)}</ul>
      {samples.length > FEW && (
        <details class="samples menu" ref={folded}>
          <summary>All {count(samples.length)}</summary>
          <div>
            {samples.length > PAGE && (
              <input
                type="search"
                aria-label="Search images"
                placeholder="search by name or class"
                value={search}
                onInput={(event) => setSearch(event.currentTarget.value)}
              />
            )}
            <ul class="thumbnails">{found.slice(shown * PAGE, (shown + 1) * PAGE).map(button)}</ul>
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
          </div>
        </details>
      )}
    </>
  );
}
