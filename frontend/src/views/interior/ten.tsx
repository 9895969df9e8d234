/** The 2018 tutorial's ten steps side by side, for paper and for those who want no motion; each leads to its alpha. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { className, place } from "../../core/numbers";
import { nearest, type Path } from "../../core/path";
import { QUERY_DEFAULTS } from "../../generated/payloads";
import { MapPixels, ImagePixels } from "../../parts/pixels";

export function Ten({ path, answers, onMove }: { path: Path; answers: readonly string[]; onMove: (stop: number) => void }): JSX.Element {
  const [open, setOpen] = useState(matchMedia("(prefers-reduced-motion: reduce)").matches);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Ten steps side by side: gradient × (input − baseline), per-alpha scale</summary>
      {open && (
        <div class="row ten">
          {QUERY_DEFAULTS.alphas.map((wanted) => {
            const stop = nearest(path.stops, wanted);
            const alpha = path.stops[stop];
            const { values, limit } = path.frame("contribution", alpha);
            return (
              <button key={wanted} onClick={() => onMove(stop)}>
                <ImagePixels image={path.imageAt(alpha)} label="" size={64} fixed grid={null} />
                <MapPixels values={values} height={path.height} width={path.width} limit={limit} label="" size={64} fixed grid={null} />
                {place(alpha)} {className(path.says(path.at(alpha))[0][0], answers)}
              </button>
            );
          })}
        </div>
      )}
    </details>
  );
}
