/** The slider over stop numbers; its track is the x axis of the plots below it. */
import type { JSX } from "preact";
import { place } from "../../core/numbers";
import type { Path } from "../../core/path";
import { Slider } from "../../parts/slider";

/** Inner margins of the plots; the slider's thumb is 16 pixels wide and its centre runs half of that inside. */
export const MARGIN = { left: 64, right: 68 };

const LANDMARKS = [0, 1e-5, 1e-4, 0.001, 0.01, 0.1, 0.4, 0.7, 1];

/** Stops that get a tick: round alphas that the list holds, at least 40 pixels apart. */
export function landmarks(stops: readonly number[], width: number): number[] {
  const found: number[] = [];
  const apart = (40 * Math.max(1, stops.length - 1)) / Math.max(1, width);
  const last = stops.length - 1;
  for (const alpha of LANDMARKS) {
    const at = stops.indexOf(alpha);
    if (at < 0) continue;
    const room = found.length === 0 || at - found[found.length - 1] >= apart;
    if (at === last || (room && (last - at >= apart || at === 0))) found.push(at);
  }
  return found;
}

interface AlphaSliderProps {
  path: Path;
  stop: number;
  onMove: (stop: number) => void;
  spoken: string;
  output: string;
}

export function AlphaSlider({ path, stop, onMove, spoken, output }: AlphaSliderProps): JSX.Element {
  return (
    <div class="alpha" style={{ paddingLeft: `${MARGIN.left - 8}px`, paddingRight: `${MARGIN.right - 8}px` }}>
      <Slider label="alpha" max={path.stops.length - 1} value={stop} onChange={onMove} spoken={spoken} output={output} class="on-axis" />
      <p class="hidden">
        {path.stops.length} stops from {place(path.stops[0])} to {place(path.stops[path.stops.length - 1])}, closer together near 0.
      </p>
    </div>
  );
}
