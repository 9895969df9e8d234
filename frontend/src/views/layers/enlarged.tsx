/** One channel large over the image, the distribution of its values, and the kernels that make it. */
import type { JSX } from "preact";
import { count, limitText, number, percent } from "../../core/numbers";
import type { ImageBytes } from "../../core/paint";
import { roundUp } from "../../core/scale";
import { useLink } from "../../core/session";
import { frame } from "../../core/tensors";
import type { Payload } from "../../generated/payloads";
import { Plot } from "../../parts/chart";
import { Legend } from "../../parts/legend";
import { MapPixels } from "../../parts/pixels";
import { enlarge, type LayerFacts, listOf, type Tile } from "./order";
import { limitOf, says } from "./tiles";

export interface EnlargedProps {
  payload: Payload<"layers">;
  facts: LayerFacts;
  tile: Tile;
  shared: boolean;
  image: ImageBytes | null;
}

export function Enlarged(props: EnlargedProps): JSX.Element {
  const { facts, tile, shared, image } = props;
  const [link] = useLink();
  const { entry, height, width } = facts;
  const limit = limitOf(tile, facts, shared);
  const grid: [number, number] = image ? [image.shape[0], image.shape[1]] : [height, width];
  const { style } = link.overlay;
  return (
    <section class="enlarged" aria-label={`Channel ${tile.number} of ${entry.name}`}>
      <figure>
        <h2>
          Channel {tile.number} of {entry.name}
        </h2>
        <MapPixels
          values={enlarge(tile.values, [height, width], grid)}
          height={grid[0]}
          width={grid[1]}
          limit={limit}
          ramp="value"
          image={image}
          overlay={{ style, opacity: 80 }}
          cells={[height, width]}
          label={`${entry.name}, ${says(tile)}`}
          size={448}
          keyboard
        />
        <Legend scale={{ limit, mode: shared ? "layer" : "per-channel" }} unit="activation" name="value" values={tile.values} ends={["below zero", "above"]} />
      </figure>
      <div class="about">
        <p class="facts">
          mean {number(tile.mean, true)} · from {number(tile.minimum, true)} to {number(tile.maximum, true)} · {percent(tile.above)} of its {count(entry.height * entry.width)} positions above zero
        </p>
        <Histogram {...props} />
        <Kernels {...props} />
      </div>
    </section>
  );
}

function Histogram({ payload, facts: { index }, tile }: EnlargedProps): JSX.Element | null {
  const counts = payload.arrays[`histogram/${index}`]?.data.subarray(32 * tile.at, 32 * tile.at + 32) as Uint32Array | undefined;
  const edges = payload.arrays[`edges/${index}`]?.data as Float32Array | undefined;
  if (!counts || !edges) return null;
  const most = Math.max(...counts);
  const top = counts.indexOf(most);
  return (
    <Plot
      title={`Distribution of the values of channel ${tile.number}`}
      says={`Most of them, ${count(most)}, lie between ${number(edges[top])} and ${number(edges[top + 1])}.`}
      x={{ title: "activation", domain: [edges[0], edges[32]] }}
      y={{ title: "positions", domain: [0, most], count: 3 }}
      height={140}
      margin={{ right: 12 }}
    >
      {({ x, y, height }) => (
        <>
          {Array.from(counts, (n, i) => n > 0 && <rect key={i} class="bin" x={x(edges[i])} width={Math.max(1, x(edges[i + 1]) - x(edges[i]) - 1)} y={y(n)} height={height - y(n)} />)}
          {edges[0] < 0 && edges[32] > 0 && <line class="cursor" x1={x(0)} x2={x(0)} y2={height} />}
        </>
      )}
    </Plot>
  );
}

const COLOURS = ["red", "green", "blue"];

function Kernels({ payload, facts, tile }: EnlargedProps): JSX.Element | null {
  const [, go] = useLink();
  const { index, entry } = facts;
  const kernels = payload.arrays[`kernels/${index}`];
  const inputs = payload.arrays[`inputs/${index}`];
  if (!kernels || !inputs) return null;
  const [, n, height, width] = kernels.shape;
  const values = frame(payload.arrays, `kernels/${index}`, tile.at);
  const size = height * width;
  const limit = roundUp(Math.max(...values.map(Math.abs)) || 1);
  const source = listOf(payload)[entry.input ?? -1];
  const from = Array.from(inputs.data.subarray(tile.at * n, (tile.at + 1) * n));
  const all = source ? source.channels : n;
  return (
    <div class="kernels">
      <h2>
        {n < all ? `Its ${n} inputs with the largest weights of ${all}` : "Its inputs"}, {height} × {width} weights each
      </h2>
      <ul>
        {from.map((input, i) => {
          const part = values.slice(i * size, (i + 1) * size);
          const sum = part.reduce((a, b) => a + b, 0);
          const name = source ? `${input}` : (from.length <= 3 && COLOURS[input]) || `${input}`;
          const label = `Weights from ${source ? `channel ${input} of ${source.name}` : name}: sum ${number(sum, true)}`;
          const shown = (
            <>
              <MapPixels values={part} height={height} width={width} limit={limit} ramp="value" label={label} size={48} fixed grid={null} />
              <span>{name}</span>
            </>
          );
          return (
            <li key={i} title={label}>
              {source ? (
                <button type="button" onClick={() => go({ layer: source.name, channel: input })}>
                  {shown}
                </button>
              ) : (
                shown
              )}
            </li>
          );
        })}
      </ul>
      <p class="second facts">
        Full colour at ±{limitText(limit)}. {source ? `From channels of ${source.name}; press one to go there.` : "From the image's colours."}
      </p>
    </div>
  );
}
