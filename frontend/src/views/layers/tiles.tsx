/** The grid of a layer's channels: one stop for the tab key, arrows walk it, Enter enlarges. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { count, number, percent } from "../../core/numbers";
import { ownLimit } from "../../core/scale";
import { useSession } from "../../core/session";
import { MapPixels, RgbPixels } from "../../parts/pixels";
import { type LayerFacts, three, type Tile } from "./order";

const SIDE = 64;

export interface TilesProps {
  facts: LayerFacts;
  tiles: readonly Tile[];
  /** Number of the enlarged channel. */
  chosen: number;
  onChoose: (number: number) => void;
  /** One scale for the layer; otherwise one for each tile. */
  shared: boolean;
  /** Three channels as the red, green and blue of one tile. */
  threes: boolean;
  /** Names of the channels, where they are the classes. */
  names: readonly string[];
}

export const says = ({ number: n, mean, maximum, above, constant }: Tile): string =>
  constant ? `channel ${n}: constant, ${number(maximum)} everywhere` : `channel ${n}: mean ${number(mean)}, maximum ${number(maximum)}, ${percent(above)} above zero`;

export const limitOf = (tile: Tile, facts: LayerFacts, shared: boolean): number => (shared ? facts.limit : ownLimit(tile.values));

export function Tiles({ facts, tiles, chosen, onChoose, shared, threes, names }: TilesProps): JSX.Element {
  const { lay } = useSession();
  const box = useRef<HTMLDivElement>(null);
  const groups = threes ? Array.from({ length: Math.floor(tiles.length / 3) }, (_, i) => tiles.slice(3 * i, 3 * i + 3)) : tiles.map((tile) => [tile]);
  const at = Math.max(0, groups.findIndex((group) => group.some(({ number: n }) => n === chosen)));

  const onKeyDown = walk(box, at, (to) => onChoose(groups[to][0].number));
  // How many are seen: the others are reached by scrolling, and that is said.
  const [seen, see] = useState(groups.length);
  const look = (): void => {
    const bottom = box.current!.scrollTop + box.current!.clientHeight;
    see([...box.current!.children].filter((one) => (one as HTMLElement).offsetTop + (one as HTMLElement).offsetHeight / 2 <= bottom).length);
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [groups.length]);
  const show = (tile: Tile): void =>
    lay.set({ values: tile.values, height: facts.height, width: facts.width, limit: limitOf(tile, facts, shared), ramp: "value", says: says(tile) });

  return (
    <>
    <div ref={box} class="tiles" role="listbox" aria-label={`Channels of ${facts.entry.name}`} onKeyDown={onKeyDown} onScroll={look}>
      {groups.map((group, i) => {
        const [tile] = group;
        const shape = { height: facts.height, width: facts.width, label: "", size: SIDE, fixed: true, grid: null };
        return (
          <div
            key={tile.number}
            role="option"
            class={tile.constant ? "constant" : ""}
            aria-selected={i === at}
            aria-label={threes ? `channels ${group.map(({ number: n }) => n).join(", ")} as red, green, blue` : `${names[tile.number] ? `${names[tile.number]}, ` : ""}${says(tile)}`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => onChoose(tile.number)}
            onPointerEnter={() => show(tile)}
            onPointerLeave={() => lay.set(null)}
          >
            {threes ? (
              <RgbPixels {...shape} values={three(group)} channels={3} limit={shared ? facts.limit : Math.max(...group.map((each) => ownLimit(each.values)))} />
            ) : (
              <MapPixels {...shape} values={tile.values} limit={limitOf(tile, facts, shared)} ramp="value" />
            )}
            <span aria-hidden="true">
              {group.map(({ number: n }) => names[n] ?? n).join(" ")}
              {tile.constant && " constant"}
            </span>
          </div>
        );
      })}
    </div>
    {seen < groups.length && (
      <button type="button" class="small" data-below onClick={() => box.current!.scrollBy({ top: box.current!.clientHeight - SIDE })}>
        {count(seen * (threes ? 3 : 1))} of {count(facts.entry.channels)} ↓
      </button>
    )}
    </>
  );
}

/** Arrows walk what stands in rows in a box, Home and End go to its ends. */
function walk(box: { current: HTMLElement | null }, at: number, choose: (to: number) => void): (event: KeyboardEvent) => void {
  return (event) => {
    const options = [...box.current!.children] as HTMLElement[];
    const columns = options.filter(({ offsetTop }) => offsetTop === options[0].offsetTop).length;
    const here = options.indexOf(document.activeElement as HTMLElement);
    const from = here < 0 ? at : here;
    const moves: Record<string, number> = { ArrowRight: from + 1, ArrowLeft: from - 1, ArrowDown: from + columns, ArrowUp: from - columns, Home: 0, End: options.length - 1 };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(options.length - 1, to));
    options[next].focus();
    choose(next);
  };
}

/** Channels that are one number each, such as class scores: bars from zero on one axis, with their names. */
export function Bars({ facts, tiles, chosen, onChoose, names }: Pick<TilesProps, "facts" | "tiles" | "chosen" | "onChoose" | "names">): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const at = Math.max(0, tiles.findIndex(({ number: n }) => n === chosen));
  const [low, high] = [Math.min(0, ...facts.all), Math.max(0, ...facts.all)];
  const part = (value: number): number => (100 * (value - low)) / (high - low || 1);
  return (
    <div ref={box} class="values" role="listbox" aria-label={`Values of ${facts.entry.name}`} onKeyDown={walk(box, at, (to) => onChoose(tiles[to].number))}>
      {tiles.map(({ number: n, maximum: value }, i) => (
        <div key={n} role="option" aria-selected={i === at} aria-label={`${names[n] ?? `channel ${n}`}: ${number(value, true)}`} tabIndex={i === at ? 0 : -1} onClick={() => onChoose(n)}>
          <span class="name">{names[n] ?? n}</span>
          <span class="way-of-sum" aria-hidden="true">
            <span class="zero" style={{ left: `${part(0)}%` }} />
            <span class={value < 0 ? "down" : "up"} style={{ left: `${part(Math.min(0, value))}%`, width: `${part(Math.abs(value)) - part(0)}%` }} />
          </span>
          <span class="figure">{number(value, true)}</span>
        </div>
      ))}
    </div>
  );
}
