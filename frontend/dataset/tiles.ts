/** Small images, fetched for what is on screen and nothing else, kept while there is room. */
import { Store } from "../src/core/store";
import type { Payload } from "../src/generated/payloads";
import type { Source } from "../src/sources/source";

/** Images asked for at once: one answer is on its way at a time, so that a window that moved on is not waited for. */
const AT_ONCE = 32;
/** Images kept. */
const KEPT = 3_000;

/** In the place of images that there are none of. */
export const NEVER = new Store(0);

export interface Tile {
  /** Address of the image; empty where it can't be read. */
  url: string;
  problem: string;
}

export class Tiles {
  /** Rises whenever images have come. */
  readonly came = new Store(0);
  readonly #tiles = new Map<number, Tile>();
  readonly #source: Source;
  #wanted: readonly number[] = [];
  #also: number | null = null;
  #asked: readonly number[] = [];
  #cancel: (() => void) | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  get(index: number): Tile | undefined {
    return this.#tiles.get(index);
  }

  /** What is on screen now, by numbers in the data set. */
  want(indices: readonly number[]): void {
    this.#wanted = this.#also === null ? indices : [...indices, this.#also];
    if (this.#cancel && !this.#asked.some((index) => this.#wanted.includes(index))) {
      this.#cancel();
      this.#cancel = null;
    }
    this.#next();
  }

  /** One more, beside the list. */
  also(index: number): void {
    const list = this.#wanted.filter((one) => one !== this.#also);
    this.#also = index;
    this.want(list);
  }

  /** Let everything go. */
  close(): void {
    this.#cancel?.();
    this.#wanted = [];
    for (const { url } of this.#tiles.values()) if (url) URL.revokeObjectURL(url);
    this.#tiles.clear();
  }

  #next(): void {
    if (this.#cancel) return;
    const rows = this.#wanted.filter((index) => !this.#tiles.has(index)).slice(0, AT_ONCE);
    if (!rows.length) return;
    this.#asked = rows;
    let over = false;
    const end = (): void => {
      over = true;
      this.#cancel = null;
      this.#next();
    };
    const cancel = this.#source.ask({ kind: "tiles", rows }, ({ state, payload, message }) => {
      if (over) return;
      if (state === "done") this.#take(payload as Payload<"tiles">, rows);
      else if (state === "failed") {
        for (const index of rows) this.#put(index, { url: "", problem: message ?? "" });
        this.came.set(this.came.value + 1);
      } else if (state !== "cancelled") return;
      end();
    });
    if (over) return;
    this.#cancel = () => {
      over = true;
      cancel();
    };
  }

  #take({ arrays, meta }: Payload<"tiles">, asked: readonly number[]): void {
    const problems = new Map(meta.problems as [number, string][]);
    const { index, files, ends } = arrays;
    const have = new Set<number>();
    index.data.forEach((number, at) => {
      const file = files.data.slice(at ? ends.data[at - 1] : 0, ends.data[at]);
      have.add(number);
      this.#put(number, { url: file.length ? URL.createObjectURL(new Blob([file], { type: "image/jpeg" })) : "", problem: problems.get(number) ?? "" });
    });
    for (const number of asked) if (!have.has(number)) this.#put(number, { url: "", problem: "This image is not in this file." });
    this.came.set(this.came.value + 1);
  }

  #put(index: number, tile: Tile): void {
    const old = this.#tiles.get(index);
    if (old?.url) URL.revokeObjectURL(old.url);
    this.#tiles.delete(index);
    this.#tiles.set(index, tile);
    if (this.#tiles.size <= KEPT) return;
    const on = new Set(this.#wanted);
    for (const [number, { url }] of this.#tiles) {
      if (this.#tiles.size <= KEPT) break;
      if (on.has(number)) continue;
      if (url) URL.revokeObjectURL(url);
      this.#tiles.delete(number);
    }
  }
}
