/** The pixel that everything speaks about: value, error, rank, fraction and colour, in a fixed place. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { absoluteError, count, number, percent } from "../core/numbers";
import type { MapFacts } from "../core/maps";
import type { ImageBytes } from "../core/paint";
import { useLink, useSession } from "../core/session";
import { useStore } from "../core/store";

export interface ReadoutProps {
  facts: MapFacts;
  unit: string;
  limit: number;
  image: ImageBytes | null;
}

export function Readout({ facts, unit, limit, image }: ReadoutProps): JSX.Element {
  const { hover, speech } = useSession();
  const at = useStore(hover);
  const [link, go] = useLink("pixel");
  const { values, error, height, width, ranks, total } = facts;
  const pixel = at ?? link.pixel;
  const inside = pixel && pixel[0] < height && pixel[1] < width ? pixel : null;
  const [row, column] = inside ?? facts.strongest;
  const i = row * width + column;
  const value = values[i];
  const channels = image?.shape[2] ?? 0;
  const lines = [
    `${number(value, true)} ${unit}${error ? ` ± ${absoluteError(error[i])}` : ""}`,
    `rank ${count(ranks[i] + 1)} of ${count(values.length)} · ${percent(total ? Math.abs(value) / total : 0)} of the map`,
  ];
  const beyond = Math.abs(value) > limit;
  useEffect(() => {
    if (inside) speech.say(`Row ${row + 1}, column ${column + 1}: ${lines.join(", ")}${beyond ? ", beyond the scale" : ""}`);
  }, [inside?.[0], inside?.[1]]);
  const field = (label: string, shown: number, cells: number, move: (next: number) => [number, number]): JSX.Element => (
    <label>
      {label}{" "}
      <input
        type="number"
        min={1}
        max={cells}
        value={shown + 1}
        onInput={(event) => {
          const next = event.currentTarget.valueAsNumber - 1;
          if (Number.isInteger(next) && next >= 0 && next < cells) go({ pixel: move(next) });
        }}
      />
    </label>
  );
  return (
    <div class="readout" role="group" aria-label="Pixel">
      <p class="row">
        {field("Row", row, height, (next) => [next, column])}
        {field("column", column, width, (next) => [row, next])}
        <span class="second facts">{at ? "" : link.pixel ? "pinned" : "largest |value|"}</span>
      </p>
      <p class="value" data-readout>
        {lines[0]}
      </p>
      <p class="second facts">
        {lines[1]}
        {beyond ? " · beyond the scale" : ""}
      </p>
      {image && channels > 0 && (
        <p class="second facts">
          colour {Array.from({ length: channels }, (_, c) => image.data[i * channels + c]).join(" ")}
          <span class="swatch" style={{ background: `rgb(${[0, 1, 2].map((c) => image.data[i * channels + Math.min(c, channels - 1)]).join(" ")})` }} />
        </p>
      )}
    </div>
  );
}
