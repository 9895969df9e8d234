/**
 * One integral over [0, 1] to a tolerance, as innerview.quadrature works it out: which places are asked next, how far the
 * sum over panels is from the integral, when to stop. The reasons and the measurements stand there (`integration.py`,
 * `judging.py`, `missed.py`, `panels.py`); every constant comes from there as data (`Rules`). Golden tests hold both to
 * the same numbers (tests/answers.json).
 */
import { Random } from "./random";

/** The constants of innerview.quadrature, by the names that they have there. */
export interface Rules {
  FIRST: Record<string, [number, number]>;
  POWERS: Record<string, number>;
  [name: string]: number | number[] | Record<string, unknown>;
}

/** A linear function of the integral, of which the error is measured. */
export type View = (value: Float64Array) => Float64Array;

export interface Problem {
  views: View[];
  tolerance: number;
  budget: number;
  /** The relative size of something that vanishes for the true integral. */
  residual: (value: Float64Array) => number;
  /** The integral of each view's sum from 0 to a place that was asked for, up to a constant. */
  known: (alpha: number) => number;
}

export interface Level {
  evaluations: number;
  errors: number[];
  residual: number;
}

export interface Integral {
  value: Float64Array;
  converged: boolean;
  stalled: boolean;
  levels: Level[];
  step: Float64Array;
  alphas: number[];
  substitution: string;
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Remainder as Python has it: never negative. */
const modulo = (value: number, by: number): number => ((value % by) + by) % by;
const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += values[at];
  return total;
};
const size = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += Math.abs(values[at]);
  return total;
};
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((total, one) => total + one * one, 0));
const over = (above: number, below: number): number => (below > 0 ? above / below : 0);
const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
const minus = (a: Float64Array, b: Float64Array, factor = 1): Float64Array => a.map((one, at) => factor * (one - b[at]));

class Panel {
  middle = Number.NaN;
  halves: Panel[] = [];
  change: number[] = [];
  constructor(
    readonly start: number,
    readonly end: number,
    readonly parent: Panel | null = null,
  ) {}
  get width(): number {
    return this.end - this.start;
  }
  get leaf(): boolean {
    return !this.halves.length;
  }
  cut(middle: number): void {
    this.middle = middle;
    this.halves = [new Panel(this.start, middle, this), new Panel(middle, this.end, this)];
  }
  all(): Panel[] {
    const found: Panel[] = [];
    const stack: Panel[] = [this];
    for (let panel = stack.pop(); panel; panel = stack.pop()) {
      found.push(panel);
      stack.push(...panel.halves.toReversed());
    }
    return found;
  }
  leaves(): Panel[] {
    return this.all().filter(({ leaf }) => leaf);
  }
  branches(): Panel[] {
    return this.all().filter(({ leaf }) => !leaf);
  }
  parents(): Panel[] {
    return this.branches().filter(({ halves }) => halves.some(({ leaf }) => leaf));
  }
}

/** Which way a panel's share of the squared change of its parent is compared. */
const shareOf = ({ parent, width }: Panel): number => (parent === null || parent.halves.some(({ leaf }) => leaf) ? 1 : width / parent.width);

function tree(borders: readonly number[]): Panel {
  const root = new Panel(borders[0], borders[borders.length - 1]);
  const grow = (panel: Panel, inner: readonly number[]): void => {
    if (!inner.length) return;
    const at = Math.floor(inner.length / 2);
    panel.cut(inner[at]);
    grow(panel.halves[0], inner.slice(0, at));
    grow(panel.halves[1], inner.slice(at + 1));
  };
  grow(root, borders.slice(1, -1));
  return root;
}

/** Stand-ins of all views at all nodes, with the plain sum of each. */
class Sketches {
  readonly #rows = new Map<number, { bins: Float64Array[]; sums: number[] }>();
  readonly #signs = new Map<number, Float64Array>();
  /** Whether a stand-in is the view itself. */
  whole: boolean[] = [];
  constructor(
    readonly views: View[],
    readonly bins: number,
  ) {}
  put(place: number, value: Float64Array): void {
    const found = this.views.map((view) => view(value));
    this.whole = found.map(({ length }) => length <= this.bins);
    this.#rows.set(place, { bins: found.map((one) => this.#sketch(one)), sums: found.map(sum) });
  }
  #sketch(view: Float64Array): Float64Array {
    if (view.length <= this.bins) return view.slice();
    let signs = this.#signs.get(view.length);
    if (!signs) {
      const random = new Random(view.length);
      signs = Float64Array.from(view, () => 2 * random.below(2) - 1);
      this.#signs.set(view.length, signs);
    }
    const found = new Float64Array(this.bins);
    for (let at = 0; at < view.length; at++) found[at % this.bins] += view[at] * signs[at];
    return found;
  }
  at(place: number): Float64Array[] {
    return this.#rows.get(place)!.bins;
  }
  sums(place: number): number[] {
    return this.#rows.get(place)!.sums;
  }
}

/** Differences across both halves of each panel, times half the other one's width, by view, and what the cut changed. */
function differences(panels: readonly Panel[], sketches: Sketches): { sides: [Float64Array[][], Float64Array[][]]; change: Float64Array[][] } {
  const sides: [Float64Array[][], Float64Array[][]] = [[], []];
  const change: Float64Array[][] = [];
  for (const { start, middle, end } of panels) {
    const [a, b, c] = [start, middle, end].map((place) => sketches.at(place));
    const first = a.map((one, view) => minus(b[view], one, (end - middle) / 2));
    const second = b.map((one, view) => minus(c[view], one, (middle - start) / 2));
    sides[0].push(first);
    sides[1].push(second);
    change.push(first.map((one, view) => minus(one, second[view])));
  }
  return { sides, change };
}

const sizes = (rows: readonly Float64Array[][]): number[][] => rows.map((row) => row.map(size));

interface Judgement {
  steps: number[];
  gaps: number[];
  needs: Map<Panel, number[]>;
  rough: boolean;
}

/** How far a tree of panels is from the integral (innerview/quadrature/judging.py says why). */
class Judge {
  readonly #drawn = new Map<number, Float64Array[]>();
  constructor(
    readonly rules: Rules,
    readonly sketches: Sketches,
    readonly known: (place: number) => number,
  ) {}

  #rule(name: string): number {
    return this.rules[name] as number;
  }

  #pair(name: string): [number, number] {
    return this.rules[name] as [number, number];
  }

  judge(root: Panel): Judgement {
    const count = this.sketches.views.length;
    const blind = this.#cancelling(root.leaves()).map((one) => one >= this.#rule("MOST"));
    const panels = root.parents();
    let needs = new Map<Panel, number[]>();
    for (const panel of panels) for (const half of panel.halves) if (half.leaf) needs.set(half, Array<number>(count).fill(0));
    const found = differences(panels, this.sketches);
    let rough = false;
    const steps = Array.from({ length: count }, (_, view) => {
      const judged = this.#judged(panels, found, view, blind[view], needs);
      rough ||= judged.rough;
      return judged.error;
    });
    const missed = this.#knownErrors(needs);
    const gaps = Array.from({ length: count }, (_, view) => norm([...missed.values()].map((one) => one[view])));
    needs = new Map([...needs].map(([leaf, need]) => [leaf, need.map((one, view) => Math.hypot(one, missed.get(leaf)![view]))]));
    return { steps, gaps, needs, rough };
  }

  /** By leaf, what it would be off by if the integrand changed in it as it does in and around it. */
  suspects(leaves: readonly Panel[]): Map<Panel, number> {
    const around = this.#rule("AROUND");
    const rates = leaves.map(({ start, end, width }) => this.sketches.at(start).map((one, view) => size(minus(this.sketches.at(end)[view], one)) ** 2 / width));
    const found = leaves.map((leaf, place) => {
      const near = rates.slice(Math.max(0, place - around), place + around + 1);
      return rates[0].map((_, view) => (near.reduce((total, one) => total + one[view], 0) / near.length) * leaf.width ** 3);
    });
    const totals = rates[0].map((_, view) => Math.max(found.reduce((total, one) => total + one[view], 0), 2.2250738585072014e-308));
    return new Map(leaves.map((leaf, place) => [leaf, Math.max(...found[place].map((one, view) => Math.sqrt(one / totals[view])))]));
  }

  /** Size of a sum of vectors, each times a number that is even on [-1, 1]: its mean and some deviations. */
  #sizeOf(vectors: readonly Float64Array[]): number {
    const count = Math.max(512, 2 ** Math.ceil(Math.log2(Math.max(vectors.length, 1))));
    let draws = this.#drawn.get(count);
    if (!draws) {
      const random = new Random(2026);
      draws = Array.from({ length: this.#rule("DRAWS") }, () => Float64Array.from({ length: count }, () => -1 + 2 * random.double()));
      this.#drawn.set(count, draws);
    }
    const found = draws.map((row) => {
      const total = new Float64Array(vectors[0].length);
      vectors.forEach((vector, number) => {
        const factor = row[number];
        for (let at = 0; at < total.length; at++) total[at] += factor * vector[at];
      });
      return size(total);
    });
    const mean = sum(found) / found.length;
    return mean + this.#rule("SPREADS") * Math.sqrt(sum(found.map((one) => (one - mean) ** 2)) / found.length);
  }

  #judged(panels: readonly Panel[], { sides, change: moved }: ReturnType<typeof differences>, view: number, blind: boolean, needs: Map<Panel, number[]>): { error: number; rough: boolean } {
    const change = panels.map((panel) => panel.change[view]);
    const earlier = panels.map((panel) => (panel.parent ?? panel).change[view]);
    const weight = panels.map(shareOf);
    const leaf = panels.map(({ halves }) => halves.map((half) => half.leaf));
    const sized = [0, 1].map((side) => sides[side as 0 | 1].map((row) => size(row[view])));
    const scales = panels.map(({ halves: [a, b] }) => [a.width / b.width, b.width / a.width]);
    const both = panels.map((_, place) => Math.hypot(sized[0][place], sized[1][place]));
    const [now, before] = [norm(change), norm(earlier.map((one, place) => one * Math.sqrt(weight[place])))];
    const ratio = clip(before > 0 ? now / before : now > 0 ? this.#rule("SLOWEST") : this.#rule("STEADY"), this.#rule("STEADY"), this.#rule("SLOWEST"));
    let scale = (ratio / Math.sqrt(1 - ratio ** 2)) * Math.sqrt(3);
    const total = sum(change.map((one) => one ** 2));
    const discord = total > 0 ? Math.sqrt(sum(change.map((one, place) => one ** 2 * over(one, both[place]) ** 2)) / total) : 0;
    const [jumps, swings] = ["JUMPS", "SWINGS"].map((name) => {
      const [low, high] = this.#pair(name);
      return clip((discord - low) / (high - low), 0, 1);
    });
    const careful = 1 + (this.#rule("UNFOLLOWED") - 1) * swings;
    const fourth = sum(change.map((one) => one ** 4));
    const count = fourth > 0 ? total ** 2 / fourth : change.length;
    const few = this.#rule("FEW");
    const rough = discord > this.#rule("ROUGH") || count < few;
    const doubted = Math.max(jumps, this.#rule("DOUBT") * clip((few - count) / (few - 1), 0, 1));
    scale = Math.max(scale, this.#rule("KINK") / Math.sqrt(count));
    const luck = this.#pair("LUCK");
    const [sudden, steady] = luck.map((share) => change.map((one, place) => Math.min(Math.max(one, share * earlier[place]), both[place])));
    const single = leaf.map(([a, b]) => a !== b);
    const amounts = panels.map(() => [0, 0]);
    const vectors = [0, 1].map((side) =>
      panels.map((_, place) => {
        const own = sized[side][place];
        const allowed = single[place] ? Math.min(own, Math.max(change[place], luck[0] * earlier[place])) : 0;
        const found = (single[place] ? allowed : own * over(sudden[place], both[place])) * Number(leaf[place][side]);
        amounts[place][side] = found * scales[place][side];
        const factor = over(found, own) * scales[place][side];
        return sides[side as 0 | 1][place][view].map((one) => one * factor);
      }),
    );
    const left = panels.map((_, place) => (single[place] ? Math.min(steady[place] / Math.SQRT2, leaf[place].reduce((total, is, side) => total + Number(is) * sized[side][place], 0)) : steady[place]));
    const smooth = moved.map((row, place) => {
      const factor = over(left[place], change[place]);
      return row[view].map((one) => one * factor);
    });
    const together = new Float64Array(smooth[0].length);
    for (const row of smooth) for (let at = 0; at < together.length; at++) together[at] += row[at];
    let error = Math.max(this.#sizeOf(smooth) * scale, size(together) * this.#rule("TREND"));
    if (doubted > 0) error += doubted * Math.max(this.#rule("CAREFUL") * this.#sizeOf(this.#pooled(panels, sides, scales, vectors, view, amounts)) - error, 0);
    const hidden = jumps > 0 && blind ? this.#paired(panels, sides, view).map((row) => row.map((one) => jumps * one)) : panels.map(() => [0, 0]);
    error = Math.hypot(error, norm(hidden.flat()));
    panels.forEach((panel, place) => {
      panel.halves.forEach((half, side) => {
        if (!half.leaf) return;
        const shared = single[place] ? left[place] : left[place] / Math.SQRT2;
        const amount = doubted * this.#rule("CAREFUL") * amounts[place][side] + (1 - doubted) * scale * shared;
        needs.get(half)![view] = careful * Math.hypot(amount, hidden[place][side]);
      });
    });
    return { error: careful * error, rough };
  }

  /** Differences of all leaves, none far below those of both its neighbours; raises the amounts to what was taken. */
  #pooled(panels: readonly Panel[], sides: readonly Float64Array[][][], scales: number[][], vectors: Float64Array[][], view: number, amounts: number[][]): Float64Array[] {
    const rows = panels.flatMap(({ halves }, place) => halves.flatMap((half, side) => (half.leaf ? [{ start: half.start, place, side, width: half.width }] : [])));
    rows.sort((a, b) => a.start - b.start || a.place - b.place);
    const own = rows.map(({ place, side }) => vectors[side][place]);
    const raw = rows.map(({ place, side }) => sides[side][place][view].map((one) => one * scales[place][side]));
    const near = raw.map((row, at) => size(row) / rows[at].width ** 1.5);
    const last = rows.length - 1;
    const before = near.map((_, at) => near[at === 0 ? 1 : at - 1]);
    const after = near.map((_, at) => near[at === last ? last - 1 : at + 1]);
    const believed = own.map((row, at) => {
      const which = at === 0 ? 1 : at === last ? last - 1 : before[at] <= after[at] ? at - 1 : at + 1;
      const floor = this.#rule("POOLED") * Math.min(before[at], after[at]) * rows[at].width ** 1.5;
      const found = size(row);
      amounts[rows[at].place][rows[at].side] = Math.max(amounts[rows[at].place][rows[at].side], found, floor);
      if (!(floor > found)) return row;
      const factor = over(floor, size(raw[which]));
      return raw[which].map((one) => one * factor);
    });
    return believed;
  }

  /** By half, what may be hidden in it by jumps that cancel. */
  #paired(panels: readonly Panel[], sides: readonly Float64Array[][][], view: number): number[][] {
    const across = panels.flatMap(({ halves }, place) => halves.flatMap((half, side) => (half.leaf ? [sides[side][place][view].map((one) => (one * 2) / halves[1 - side].width)] : [])));
    const found = across.map(size);
    const square = sum(found.map((one) => one ** 2));
    if (!(square > 0)) return panels.map(() => [0, 0]);
    const number = sum(found) ** 2 / square;
    let trace = 0;
    let all = 0;
    across.forEach((one, a) => {
      across.forEach((other, b) => {
        let product = 0;
        for (let at = 0; at < one.length; at++) product += one[at] * other[at];
        if (a === b) trace += product;
        all += product ** 2;
      });
    });
    const directions = trace ** 2 / all;
    return panels.map(({ halves }) =>
      halves.map(({ width, leaf }) => {
        const expected = (number - 1) * width;
        const often = (expected ** 2 / (2 + expected)) * Math.exp(1 - directions);
        return leaf ? this.#rule("PAIRS") * Math.sqrt(((square / number) * often) / 12) * width : 0;
      }),
    );
  }

  /** By view, how much larger what changes across panels is than its plain sum. */
  #cancelling(leaves: readonly Panel[]): number[] {
    const most = this.#rule("MOST");
    return this.sketches.views.map((_, view) => {
      const [whole, plain] = [0, 1].map((which) => sum(leaves.map(({ start, end }) => (which ? Math.abs(this.sketches.sums(end)[view] - this.sketches.sums(start)[view]) : size(minus(this.sketches.at(end)[view], this.sketches.at(start)[view]))))));
      return clip(plain > 0 ? whole / plain : most, 1, most);
    });
  }

  /** Sizes of what is known to be missed (innerview/quadrature/missed.py). */
  #knownErrors(judged: ReadonlyMap<Panel, number[]>): Map<Panel, number[]> {
    const leaves = [...judged.keys()];
    const { sketches } = this;
    const missed = leaves.map(({ start, end, width }) => sketches.sums(start).map((one, view) => Math.abs((width / 2) * (one + sketches.sums(end)[view]) - (this.known(end) - this.known(start)))));
    const accounted = leaves.map((leaf) => {
      const { start, end, width, parent } = leaf;
      const [first, second] = parent ? parent.halves : [leaf, leaf];
      const [rising, falling] = [
        [first.start, second.start],
        [second.start, second.end],
      ].map(([of, to]) => sketches.sums(to).map((one, view) => one - sketches.sums(of)[view]));
      return sketches.sums(end).map((one, view) => {
        const across = (width / 2) * (one - sketches.sums(start)[view]);
        const own = (width / 2) * size(minus(sketches.at(end)[view], sketches.at(start)[view]));
        const cut = parent ? parent.change[view] : 0;
        const share = Math.min(cut > own ? own / cut : 1, 1);
        return Math.max(Math.abs(across), (share * Math.abs(second.width * rising[view] - first.width * falling[view])) / 2);
      });
    });
    const cancelling = this.#cancelling(leaves);
    const order = leaves.map((_, at) => at).sort((a, b) => leaves[a].start - leaves[b].start);
    const nearby: number[][] = [];
    order.forEach((at, place) => {
      nearby[at] = judged.get(leaves[at])!.map((one, view) => Math.max(one, ...[order[place - 1], order[place + 1]].filter((other) => other !== undefined).map((other) => judged.get(leaves[other])![view])));
    });
    return new Map(
      leaves.map((leaf, at) => [
        leaf,
        missed[at].map((one, view) => {
          const hidden = Math.max(one - accounted[at][view], 0) * cancelling[view];
          return this.#rule("CERTAIN") * Math.max(one, hidden > this.#rule("EXPECTED") * nearby[at][view] ? this.#rule("HIDDEN") * hidden : 0);
        }),
      ]),
    );
  }
}

interface Stretch {
  leaves: Panel[];
  total: Float64Array;
  step: Float64Array;
  asked: number[];
  added: Float64Array | null;
}

/** One problem under way: `wanted` are the places to ask, `take` wants one value for each of them, in that order. */
export class Integration {
  wanted: number[] = [];
  result: Integral | null = null;
  readonly levels: Level[] = [];
  readonly #probed = new Map<number, Float64Array>();
  readonly #alphas: number[];
  #places: number[] = [];
  #substitution = "";
  readonly #sketches: Sketches;
  readonly #judge: Judge;
  #kept = new Map<number, Float64Array>();
  readonly #waiting = new Map<number, Float64Array>();
  #stretches: Stretch[] = [];
  #root = new Panel(0, 1);
  #cut = new Map<Panel, number>();
  #sure = 0;
  readonly #settled: number[] = [];
  #value = new Float64Array();
  #step = new Float64Array();

  constructor(
    readonly problem: Problem,
    readonly rules: Rules,
  ) {
    this.#alphas = [1, 0, ...(problem.budget >= 5 ? [this.#rule("EARLY")] : [])];
    this.wanted = [...this.#alphas];
    this.#sketches = new Sketches(problem.views, this.#rule("BINS"));
    this.#judge = new Judge(rules, this.#sketches, (place) => problem.known(this.#alphas[this.#places.indexOf(place)]));
  }

  #rule(name: string): number {
    return this.rules[name] as number;
  }

  /** Take the values at all places that were wanted. */
  take(values: Float64Array[]): void {
    const asked = this.wanted;
    this.wanted = [];
    if (!this.#substitution) {
      asked.forEach((alpha, at) => this.#probed.set(alpha, values[at]));
      this.#begin();
      return;
    }
    const first = this.#places.length - asked.length;
    values.forEach((value, at) => this.#offer(this.#places[first + at], value));
    this.#advance();
  }

  /** The last state that was judged. */
  sofar(): Integral {
    return this.#integral(false, false);
  }

  #begin(): void {
    const { problem } = this;
    const ratio = Math.max(
      ...problem.views.map((view) => {
        const found = new Map([...this.#probed].map(([alpha, value]) => [alpha, size(view(value))]));
        const end = found.get(1)!;
        const early = Math.max(...[...found].filter(([alpha]) => alpha !== 1).map(([, one]) => one));
        return end > 0 ? early / end : early > 0 ? Number.POSITIVE_INFINITY : 0;
      }),
    );
    this.#substitution = ratio > this.#rule("LAYER") ? "layer" : "identity";
    const power = this.#power;
    const [most, grading] = this.rules.FIRST[this.#substitution];
    const count = Math.min(most, Math.floor((problem.budget - 1) / 2));
    this.#places = this.#alphas.map((alpha) => alpha ** (1 / power));
    this.#places.forEach((place, at) => this.#offer(place, this.#probed.get(this.#alphas[at])!));
    if (count < 2) {
      const [first, last] = [this.#probed.get(0)!, this.#probed.get(1)!];
      this.#value = first.map((one, at) => (one + last[at]) / 2);
      this.#step = new Float64Array(first.length);
      this.#finish(false);
      return;
    }
    const through = this.#rule("EARLY") ** (1 / power);
    const borders = Array.from({ length: count + 1 }, (_, place) => {
      const off = place === 0 || place === count ? 0 : (((place * GOLDEN) % 1) - 0.5) * this.#rule("UNEVEN");
      return ((place + off) / count) ** grading;
    });
    let nearest = 0;
    borders.forEach((border, at) => {
      if (Math.abs(border - through) < Math.abs(borders[nearest] - through)) nearest = at;
    });
    borders[clip(nearest, 1, count - 1)] = through;
    this.#root = tree(borders);
    this.#halve(this.#root.leaves(), borders);
  }

  get #power(): number {
    return this.rules.POWERS[this.#substitution];
  }

  #halve(panels: readonly Panel[], borders: readonly number[] = []): void {
    if (!panels.length) {
      this.#finish(false);
      return;
    }
    this.#cut = new Map(panels.map((panel) => [panel, this.#stretches.length ? middleOf(panel) : middleOf(panel) + this.#rule("BESIDE") * panel.width * (modulo((panel.start / panel.width) * GOLDEN, 1) - 0.5)]));
    const known = new Set(this.#places);
    const places = [...borders, ...this.#cut.values()].filter((place) => !known.has(place));
    this.#places.push(...places);
    this.wanted = places.map((place) => place ** this.#power);
    this.#alphas.push(...this.wanted);
  }

  #offer(place: number, value: Float64Array): void {
    const power = this.#power;
    const density = power > 1 ? power * place ** (power - 1) : 1;
    const moved = value.map((one) => one * density);
    this.#sketches.put(place, moved);
    if (!this.#stretches.length) {
      this.#kept.set(place, moved);
      return;
    }
    this.#waiting.set(place, moved);
    for (const stretch of this.#stretches) {
      while (stretch.asked.length && this.#waiting.has(stretch.asked[0])) {
        const leaf = stretch.leaves[stretch.leaves.length - stretch.asked.length];
        const asked = stretch.asked.shift()!;
        const one = this.#waiting.get(asked)!.map((each) => (leaf.width / 2) * each);
        this.#waiting.delete(asked);
        stretch.added = stretch.added ? stretch.added.map((each, at) => each + one[at]) : one;
      }
    }
  }

  #advance(): void {
    for (const [panel, place] of this.#cut) panel.cut(place);
    const panels = this.levels.length ? [...this.#cut.keys()] : this.#root.branches();
    sizes(differences(panels, this.#sketches).change).forEach((change, at) => {
      panels[at].change = change;
    });
    this.#sum();
    const judgement = this.#judge.judge(this.#root);
    let [steps, gaps] = [judgement.steps, judgement.gaps].map((found) => this.#relative(found));
    if (this.#root.leaves().length < 2 * this.#rule("LEAST")) steps = steps.map(() => Number.POSITIVE_INFINITY);
    const residual = this.problem.residual(this.#value);
    const errors = steps.map((one, view) => Math.hypot(one, gaps[view]));
    this.levels.push({ evaluations: this.#alphas.length, errors, residual });
    const { tolerance } = this.problem;
    if (Math.max(...errors, residual) <= tolerance) {
      if (this.#sure || !judgement.rough) this.#finish(true);
      else this.#confirm();
      return;
    }
    this.#sure = 0;
    this.#refine(judgement, errors, Math.max(...steps) <= tolerance);
  }

  #confirm(): void {
    this.#sure += 1;
    const left = this.problem.budget - this.#alphas.length;
    if (!this.#stretches.length && this.#kept.size >= this.#room()) this.#fold();
    const leaves = this.#root.leaves();
    const suspected = this.#judge.suspects(leaves);
    if (this.#stretches.length) {
      this.#halve(this.#chosenStretch(new Map(leaves.map((leaf) => [leaf, suspected.get(leaf)! + leaf.width])), left));
      return;
    }
    const most = Math.min(left, Math.max(this.#room() - this.#kept.size, 1), Math.ceil(leaves.length / this.#rule("CONFIRMED")));
    const first = leaves.toSorted((a, b) => suspected.get(b)! - suspected.get(a)! || b.width - a.width || a.start - b.start).slice(0, Math.floor(most / 2));
    const chosen = new Set(first);
    first.push(
      ...leaves
        .filter((leaf) => !chosen.has(leaf))
        .sort((a, b) => b.width - a.width || a.start - b.start)
        .slice(0, most - first.length),
    );
    this.#halve(first.sort((a, b) => a.start - b.start));
  }

  /** Errors in units of the sketches as shares of the integral. */
  #relative(found: number[]): number[] {
    const parents = this.#root.parents();
    const { change } = differences(parents, this.#sketches);
    return this.problem.views.map((view, number) => {
      const sketched = new Float64Array(change[0][number].length);
      for (const row of change) for (let at = 0; at < sketched.length; at++) sketched[at] += row[number][at];
      const [exact, short] = [size(view(this.#step)), size(sketched)];
      const factor = this.#sketches.whole[number] || short <= 0 ? 1 : exact / short;
      const against = size(view(this.#value));
      const error = found[number] * factor;
      return error === 0 ? 0 : against > 0 ? error / against : Number.POSITIVE_INFINITY;
    });
  }

  #sum(): void {
    if (!this.#stretches.length) {
      this.#value = this.#whole(this.#root.leaves());
      this.#step = this.#stepped(this.#root.parents());
      return;
    }
    for (const stretch of this.#stretches) {
      if (!stretch.added) continue;
      const { added, total } = stretch;
      const next = total.map((one, at) => one / 2 + added[at]);
      stretch.step = minus(next, total);
      stretch.total = next;
      stretch.added = null;
      stretch.leaves = stretch.leaves.flatMap(({ halves }) => halves);
    }
    const together = (arrays: Float64Array[]): Float64Array<ArrayBuffer> => arrays[0].map((_, at) => arrays.reduce((total, one) => total + one[at], 0)) as Float64Array<ArrayBuffer>;
    this.#value = together(this.#stretches.map(({ total }) => total));
    this.#step = together(this.#stretches.map(({ step }) => step));
  }

  #whole(leaves: readonly Panel[]): Float64Array<ArrayBuffer> {
    return this.#weighted(leaves.flatMap(({ start, end, width }) => [start, end].map((place): [number, number] => [place, width / 2])));
  }

  #stepped(pairs: readonly Panel[]): Float64Array<ArrayBuffer> {
    return this.#weighted(
      pairs.flatMap(({ start, middle, end }): [number, number][] => {
        const [before, after] = [middle - start, end - middle];
        return [
          [start, -after / 2],
          [middle, (before + after) / 2],
          [end, -before / 2],
        ];
      }),
    );
  }

  #weighted(pairs: readonly [number, number][]): Float64Array<ArrayBuffer> {
    const weights = new Map<number, number>();
    for (const [place, weight] of pairs) weights.set(place, (weights.get(place) ?? 0) + weight);
    const total = new Float64Array(this.#kept.values().next().value!.length);
    for (const place of [...weights.keys()].sort((a, b) => a - b)) {
      const [weight, one] = [weights.get(place)!, this.#kept.get(place)!];
      for (let at = 0; at < total.length; at++) total[at] += weight * one[at];
    }
    return total;
  }

  #refine(judgement: Judgement, errors: number[], settled: boolean): void {
    const left = this.problem.budget - this.#alphas.length;
    const worst = errors.indexOf(Math.max(...errors));
    const needs = new Map([...judgement.needs].map(([leaf, need]): [Panel, number] => [leaf, need[worst]]).filter(([, need]) => need > 0));
    if (settled && this.#stays(needs)) {
      this.#finish(false, true);
      return;
    }
    if (!this.#stretches.length && this.#kept.size >= this.#room()) this.#fold();
    if (this.#stretches.length) {
      this.#halve(this.#chosenStretch(needs, left));
      return;
    }
    const most = Math.min(left, Math.max(this.#room() - this.#kept.size, 1), settled ? this.#rule("CAUTIOUS") : left);
    const error = settled ? Number.POSITIVE_INFINITY : errors[worst];
    this.#halve(this.#balanced(this.#chosen(needs, most, error), most));
  }

  /** Whether what the residual misses stays, however finely the panels that miss it are cut. */
  #stays(needs: ReadonlyMap<Panel, number>): boolean {
    const { residual } = this.levels[this.levels.length - 1];
    if (residual <= this.problem.tolerance) return false;
    this.#settled.push(residual);
    const squares = [...needs.values()].map((need) => need ** 2).sort((a, b) => b - a);
    const lonely = squares.length > 0 && sum(squares.slice(0, 3)) > 0.9 * sum(squares);
    const most = [...needs].reduce<[Panel, number] | null>((best, one) => (best && best[1] >= one[1] ? best : one), null);
    const wide = most !== null && most[0].width > this.#rule("NARROW");
    const last = this.#settled.slice(-this.#rule("PATIENCE") - 1);
    const unmoved = last.length > this.#rule("PATIENCE") && last[last.length - 1] >= this.#rule("UNMOVED") * last[0];
    return unmoved && !(lonely && wide && !this.#stretches.length);
  }

  #room(): number {
    const bytes = this.#kept.values().next().value!.byteLength;
    return Math.max(this.#rule("KEPT"), Math.floor(this.#rule("KEPT_BYTES") / Math.max(bytes, 1)));
  }

  #fold(): void {
    const [leaves, pairs] = [this.#root.leaves(), this.#root.parents()];
    const count = this.#rule("STRETCHES");
    this.#stretches = Array.from({ length: count }, (_, first) => {
      const own = leaves.slice(Math.floor((first * leaves.length) / count), Math.floor(((first + 1) * leaves.length) / count));
      const inside = pairs.filter((pair) => own[0].start <= pair.start && pair.start < own[own.length - 1].end);
      return { leaves: own, total: this.#whole(own), step: inside.length ? this.#stepped(inside) : new Float64Array(this.#value.length), asked: [], added: null };
    });
    this.#kept = new Map();
  }

  #chosenStretch(needs: ReadonlyMap<Panel, number>, left: number): Panel[] {
    const open = this.#stretches.filter(({ leaves }) => leaves.length <= left);
    if (!open.length) return [];
    const need = ({ leaves }: Stretch): number => sum(leaves.map((leaf) => (needs.get(leaf) ?? 0) ** 2));
    const worst = open.reduce((best, one) => (need(one) > need(best) ? one : best));
    if (!worst.leaves.some((leaf) => (needs.get(leaf) ?? 0) > 0)) return [];
    worst.asked = worst.leaves.map(middleOf);
    return [...worst.leaves];
  }

  /** The panels most to blame: as few as should bring the error within the tolerance. */
  #chosen(needs: ReadonlyMap<Panel, number>, most: number, error: number): Panel[] {
    const order = [...needs.keys()].sort((a, b) => needs.get(b)! - needs.get(a)! || a.start - b.start).filter((leaf) => leaf.start < middleOf(leaf) && middleOf(leaf) < leaf.end);
    let total = sum([...needs.values()].map((need) => need ** 2));
    const goal = Number.isFinite(error) ? total * ((this.#rule("REST") * this.problem.tolerance) / error) ** 2 : 0;
    const chosen: Panel[] = [];
    for (const leaf of order.slice(0, most)) {
      if (chosen.length && total <= goal) break;
      total -= needs.get(leaf)! ** 2;
      chosen.push(leaf);
    }
    return chosen.sort((a, b) => a.start - b.start);
  }

  /** Add neighbours that would be too wide beside the halves of those chosen. */
  #balanced(chosen: readonly Panel[], most: number): Panel[] {
    const cut = new Set(chosen);
    const leaves = this.#root.leaves();
    for (let at = 0; at + 1 < leaves.length; at++) {
      for (const [one, other] of [
        [leaves[at], leaves[at + 1]],
        [leaves[at + 1], leaves[at]],
      ]) {
        const narrow = cut.has(one) ? one.width / 2 : one.width;
        if (!cut.has(other) && other.width > this.#rule("BALANCE") * narrow && cut.size < most) cut.add(other);
      }
    }
    return chosen.length ? [...cut].sort((a, b) => a.start - b.start) : [];
  }

  #finish(converged: boolean, stalled = false): void {
    this.result = this.#integral(converged, stalled);
  }

  #integral(converged: boolean, stalled: boolean): Integral {
    return { value: this.#value, converged, stalled, levels: [...this.levels], step: this.#step, alphas: [...this.#alphas], substitution: this.#substitution };
  }
}

const middleOf = (panel: Panel): number => (panel.start + panel.end) / 2;
