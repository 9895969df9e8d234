/**
 * What a server answers about an image, by the engine: the same kinds of payloads, with the same words.
 *
 * Every answer is a generator: it yields the passes that it wants, or a payload on the way, and returns the last one. So
 * one worker can go on with several, drop one that nobody waits for any more, and have others run passes.
 */
import { writeBlob, type Numbers } from "../src/core/safetensors";
import { compand } from "../src/core/companding";
import { number, probability, UNKNOWN } from "../src/core/numbers";
import type { Kind, Tensor } from "../src/generated/payloads";
import { VERSION } from "../src/generated/payloads";
import type { Request } from "../src/sources/source";
import type { ImageShape, PageNetwork } from "./data";
import { holm, placesElsewhere, rankP, told, tooFew } from "./effects";
import { integrate, type Integrated } from "./integrated";
import { convolutionOf } from "./convolution";
import { layersOf } from "./layers";
import { pathOf } from "./path";
import type { Network } from "./network";
import type { Passes, Progress } from "./passes";
import { bricks, type Fill, fillOf, general, gridLabels, painted, regionNames, rounded, sumsOver } from "./pixels";
import { Random } from "./random";
import { answerLabel, chanceOf, chancesOf, decide, decides, highest, logOdds, type Target, targetOf } from "./targets";
import { bitsOf, lines, partsOf, shapleyValues, unsureOf, verdict } from "./truth";

export type Blob = Uint8Array<ArrayBuffer>;
export type Told = Progress | { level: Blob };
export interface Ended {
  state: "done" | "not-met";
  blob: Blob;
}
export type Work<T> = Generator<Told | Passes, T>;

/** Images in one forward pass. */
const BATCH = 4;
const USUAL = "integrated-gradients";
const EVIDENCE = "class-evidence";
const NO_ERROR = "This method aims at no error.";
const MOST_CELLS = 32;
const MOST_SHOWN = 20;
const FILLS = ["blurred", "mean", "black"];
const EVIDENCE_ROUNDING = 64 * 2 ** -23;
const KEPT = 24;

/** An image as the network sees it, with what its subject payload needs beside. */
export interface Picture {
  id: string;
  pixels: Float32Array;
  name: string;
  thumbnail: { data: Uint8Array; width: number; height: number };
  photo: Uint8Array | null;
  /** Top, left, height, width of the part of the original. */
  crop: [number, number, number, number];
  original: [number, number];
  caption: string;
  label?: number | null;
}

interface Found {
  heatmap: Float32Array;
  method: string;
  meaning: "contribution" | "sensitivity";
  unit: string;
  score: number;
  baseline: string | null;
  evaluations: number;
  notes: string[];
  integrated?: Integrated;
  start?: Float32Array;
}

const bytesOf = (pixels: ArrayLike<number>): Uint8Array<ArrayBuffer> => Uint8Array.from(pixels, (one) => rounded(255 * Math.min(Math.max(one, 0), 1)));
const floats = (values: ArrayLike<number>, ...shape: number[]): Tensor<Float32Array> => ({ data: values instanceof Float32Array ? values : Float32Array.from(values), shape });
/** Frames as companded bytes, each with a scale of its own. */
function companded(name: string, frames: readonly ArrayLike<number>[], shape: number[]): Record<string, Tensor<Numbers>> {
  const found = frames.map(compand);
  const size = shape.reduce((product, one) => product * one, 1);
  const data = new Int8Array(frames.length * size);
  found.forEach(({ bytes }, at) => data.set(bytes, at * size));
  return { [name]: { data, shape: [frames.length, ...shape] }, [`${name}/scale`]: floats(found.map(({ scale }) => scale), frames.length) };
}
const counts = (values: ArrayLike<number>): Tensor<Uint32Array> => ({ data: Uint32Array.from(values), shape: [values.length] });

export class Answers {
  readonly #pictures = new Map<string, Picture>();
  readonly #maps = new Map<string, Found>();
  /** By image and class, what was asked about and the p-values that came of it: tries are counted. */
  readonly #tries = new Map<string, Map<string, number[]>>();
  readonly #shape: ImageShape;

  constructor(
    readonly data: PageNetwork,
    readonly network: Network,
  ) {
    this.#shape = data.network.input;
  }

  add(picture: Picture): void {
    this.#pictures.set(picture.id, picture);
  }

  *answer(request: Request): Work<Ended> {
    const work = {
      subject: () => this.#subject(request),
      evidence: () => this.#evidence(request),
      map: () => this.#map(request),
      mask: () => this.#mask(request),
      masking: () => this.#masking(request),
      path: () => this.#path(request),
      check: () => this.#check(request),
      truth: () => this.#truth(request),
      effects: () => this.#effects(request),
      layers: () => this.#layers(request),
      convolution: () => this.#convolution(request),
    }[request.kind as string];
    if (!work) throw new Error(`The network in this page does not answer that; for everything: \`innerview serve\`.`);
    const found = yield* work();
    return found instanceof Uint8Array ? { state: "done", blob: found } : found;
  }

  #picture({ image }: Request): Picture {
    const found = this.#pictures.get(image ?? "");
    if (!found) throw new Error(`The image ${image} is not in this page.`);
    return found;
  }

  #payload(kind: Kind, image: string, arrays: Record<string, Tensor<Numbers>>, meta: Record<string, unknown>): Blob {
    const text = (value: unknown): string => (value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
    const known = { schema: VERSION, kind, model: this.data.network.fingerprint, image, versions: { engine: "page" } };
    return writeBlob(arrays, Object.fromEntries(Object.entries({ ...known, ...meta }).map(([name, value]) => [name, text(value)])));
  }

  /** Outputs of many images, some at a time. */
  *#outputs(images: (from: number, to: number) => Float32Array, count: number, done = 0, total = count): Work<Float32Array[]> {
    const { classes } = this.network;
    const found: Float32Array[] = [];
    yield {
      passes: Math.ceil(count / BATCH),
      images: (pass) => images(pass * BATCH, Math.min((pass + 1) * BATCH, count)),
      take(_, { outputs }) {
        if (!outputs.every(Number.isFinite)) throw new Error("The network's output is NaN or infinite.");
        for (let at = 0; at < outputs.length; at += classes) found.push(outputs.slice(at, at + classes));
        return { done: done + found.length, total };
      },
    };
    return found;
  }

  /** The same of an image of which parts are filled. */
  #filled(image: Float32Array, fill: Float32Array, masks: readonly ArrayLike<unknown>[], done = 0, total = masks.length): Work<Float32Array[]> {
    return this.#outputs((from, to) => painted(image, fill, masks.slice(from, to), this.#shape.channels), masks.length, done, total);
  }

  #whole(image: Float32Array): Float32Array {
    return this.network.forward(image).outputs;
  }

  #chances(outputs: ArrayLike<number>): number[] {
    return chancesOf(outputs, this.data.output);
  }

  #decided(outputs: ArrayLike<number>, chances: ArrayLike<number> = this.#chances(outputs)): { answer: number; chance: number } {
    const answer = decide(outputs, chances, this.data.output);
    return { answer, chance: chanceOf(answer, chances) };
  }

  #answered(rows: ArrayLike<number>[]): Record<string, Tensor<Numbers>> {
    const said = rows.map((row) => this.#decided(row));
    return { predicted: counts(said.map(({ answer }) => answer)), confidence: floats(said.map(({ chance }) => chance), rows.length) };
  }

  #shown(outputs: ArrayLike<number>, always: (number | null)[]): number[] {
    const all = Array.from(outputs, (_, at) => at);
    if (all.length <= MOST_SHOWN) return all;
    const first = all.sort((a, b) => outputs[b] - outputs[a] || a - b).slice(0, 5);
    return [...new Set([...first, ...always.filter((one) => one !== null)])];
  }

  /** The class that is explained and the one that it is set against; an open one is the predicted one. */
  #asked(request: Request, outputs: ArrayLike<number>): { target: Target; versus: number | null } {
    const classes = this.data.output.classes.length;
    const [index, versus] = [request.target ?? highest(outputs), request.versus ?? null];
    for (const one of [index, versus]) if (one !== null && !(one >= 0 && one < classes)) throw new Error(`There is no class ${one}; there are ${classes}, counted from 0.`);
    const objective = request.objective && request.objective !== "margin" ? request.objective : this.data.output.objective;
    return { target: targetOf(index, versus, objective, this.data.output), versus };
  }

  *#subject(request: Request): Work<Blob> {
    const { pixels, id, name, label = null, thumbnail, photo, crop, original, caption } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const outputs = this.#whole(pixels);
    const arrays: Record<string, Tensor<Numbers>> = {
      image: { data: bytesOf(pixels), shape: [height, width, channels] },
      thumbnail: { data: thumbnail.data, shape: [thumbnail.height, thumbnail.width, 3] },
      logits: floats(outputs, outputs.length),
      probabilities: floats(this.#chances(outputs), outputs.length),
      ...this.#answered([outputs]),
    };
    if (photo) arrays.photo = { data: photo, shape: [photo.length] };
    return this.#payload("subject", id, arrays, { name: name || id, label, crop, original, caption, source: "upload", outside: "" });
  }

  *#layers(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { arrays, listed } = layersOf(this.network, pixels, request.layer ? [request.layer] : this.data.layers, Boolean(request.layer));
    return this.#payload("layers", id, arrays, { layers: listed, complete: request.layer ? "yes" : "" });
  }

  *#convolution(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { arrays, meta } = convolutionOf(this.network, pixels, request.layer ?? "", request.channel ?? 0, request.position ?? [0, 0]);
    return this.#payload("convolution", id, arrays, meta);
  }

  /** The pixels of a mask of cells. */
  #kept(request: Request): number[] {
    const { height, width } = this.#shape;
    const [rows, columns] = request.cells ?? [0, 0];
    if (!(rows >= 1 && rows <= Math.min(MOST_CELLS, height) && columns >= 1 && columns <= Math.min(MOST_CELLS, width))) throw new Error(`A mask of ${rows} × ${columns} cells was given; rows and columns are 1 to ${MOST_CELLS}.`);
    const bits = Uint8Array.from(atob((request.mask ?? "").replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    if (bits.length !== Math.ceil((rows * columns) / 8)) throw new Error(`The mask has ${bits.length} bytes; ${rows} × ${columns} cells take ${Math.ceil((rows * columns) / 8)}.`);
    return Array.from(gridLabels(height, width, rows, columns), (cell) => (bits[cell >> 3] >> (7 - (cell & 7))) & 1);
  }

  *#mask(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const kept = this.#kept(request);
    const fill = fillOf(request.fill || request.baseline || "blurred", pixels, this.#shape, "baseline");
    const outputs = this.#whole(painted(pixels, fill.pixels, [kept], this.#shape.channels));
    const left = kept.reduce((sum, one) => sum + one, 0);
    const arrays = { logits: floats(outputs, outputs.length), probabilities: floats(this.#chances(outputs), outputs.length), ...this.#answered([outputs]) };
    return this.#payload("mask", id, arrays, { fraction: left / kept.length, pixels: left, fill: fill.words });
  }

  /** The parts of every output, position by position. */
  #parts(image: Float32Array): { evidence: Float64Array; rows: number; columns: number; classes: number; outputs: Float32Array; says: string; layer: string } | null {
    const { evidence, output } = this.data;
    if (!evidence) return null;
    const { layer, head, field } = evidence;
    const { outputs, activations } = this.network.forward(image, [layer]);
    const [rows, columns, channels] = this.network.layers.find(({ name }) => name === layer)!.shape;
    const classes = output.classes.length;
    const positions = rows * columns;
    const values = activations.get(layer)!;
    const read = this.network.weighing(head);
    const found = new Float64Array(positions * classes);
    const sizes = new Float64Array(classes);
    for (let at = 0; at < positions; at++) {
      for (let one = 0; one < classes; one++) {
        let sum = read ? read.bias(one) / positions : 0;
        sizes[one] += Math.abs(sum);
        if (read) {
          for (let channel = 0; channel < channels; channel++) {
            const term = read.weight(one, at, channel, positions, channels) * values[at * channels + channel];
            sum += term;
            sizes[one] += Math.abs(term);
          }
        } else {
          sum = values[at * channels + one] / positions;
          sizes[one] += Math.abs(sum);
        }
        found[at * classes + one] = sum;
      }
    }
    const missed = Math.max(...Array.from(outputs, (whole, one) => Math.abs(found.reduce((sum, value, at) => sum + (at % classes === one ? value : 0), 0) - whole)));
    const { height, width } = this.#shape;
    const seen = !field ? "how far each sees is not known" : field[0] >= height && field[1] >= width ? "each sees the whole image" : `each sees ${field[0]} × ${field[1]} pixels around it`;
    const says = `Exact: each output is the sum of ${rows} × ${columns} positions of layer ${layer}, to ${general(missed, 1)} (rounding allows ${general(EVIDENCE_ROUNDING * Math.max(...sizes), 1)}); ${seen}.`;
    return { evidence: found, rows, columns, classes, outputs, says, layer };
  }

  *#evidence(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const found = this.#parts(pixels);
    if (!found) throw new Error("This network does not end in a sum over positions, so it has no class evidence.");
    const { evidence, rows, columns, classes } = found;
    const { target, versus } = this.#asked({ ...request, objective: "" }, found.outputs);
    const sums = Array.from({ length: classes }, (_, one) => evidence.reduce((sum, value, at) => sum + (at % classes === one ? value : 0), 0));
    const shown = this.#shown(sums, [target.index, versus]);
    const arrays = {
      evidence: floats(shown.flatMap((one) => Array.from({ length: rows * columns }, (_, at) => evidence[at * classes + one])), shown.length, rows, columns),
      outputs: floats(shown.map((one) => sums[one]), shown.length),
      classes: counts(shown),
    };
    return this.#payload("evidence", id, arrays, { layer: found.layer, field: this.data.evidence!.field, says: found.says });
  }

  /** A map by any method, perhaps kept from before. */
  *#attribution(request: Request, level?: (found: Found) => Blob): Work<Found> {
    const { pixels } = this.#picture(request);
    const method = request.method || USUAL;
    const { target } = this.#asked(request, this.#whole(pixels));
    const key = JSON.stringify([request.image, method, target.words, request.baseline || "blurred", request.tolerance ?? 0, request.more ?? 0]);
    const known = this.#maps.get(key);
    if (known) return known;
    const found = yield* this.#attributed(method, pixels, target, request, level);
    this.#maps.set(key, found);
    if (this.#maps.size > KEPT) this.#maps.delete(this.#maps.keys().next().value!);
    return found;
  }

  *#attributed(method: string, image: Float32Array, target: Target, request: Request, level?: (found: Found) => Blob): Work<Found> {
    const { height, width, channels } = this.#shape;
    const baseline = (): Fill => fillOf(request.baseline || "blurred", image, this.#shape, "baseline");
    const drawn = (values: (at: number) => number): Float32Array => {
      const found = new Float64Array(height * width);
      for (let at = 0; at < image.length; at++) found[Math.floor(at / channels)] += values(at);
      return Float32Array.from(found);
    };
    const plain = { meaning: "contribution" as const, unit: target.unit, baseline: null, notes: [], evaluations: 1 };
    switch (method) {
      case USUAL: {
        const start = baseline();
        const shown = (integrated: Integrated): Found => ({ ...plain, heatmap: integrated.heatmap, method: "Integrated gradients", score: integrated.score, baseline: start.words, evaluations: integrated.evaluations, notes: integrated.notes, integrated, start: start.pixels });
        const budget = (this.data.rules.BUDGET as number) * 4 ** Math.min(request.more ?? 0, 3);
        const work = integrate(this.data, this.network, { image, baseline: start, target, tolerance: request.tolerance ?? this.data.tolerance, budget });
        for (;;) {
          const { value, done } = work.next();
          if (done) return shown(value);
          if (!("level" in value)) yield value;
          else if (level) yield { level: level(shown(value.level)) };
        }
      }
      case EVIDENCE: {
        const found = this.#parts(image);
        if (!found) throw new Error("This network does not end in a sum over positions, so it has no class evidence; use grad-cam.");
        if (!target.linear) throw new Error(`Class evidence adds up to outputs, and a ${target.unit} is no sum of them; explain a logit, a contrast or a margin.`);
        const { evidence, rows, columns, classes, outputs } = found;
        const factors = target.factors(outputs);
        const places = Float64Array.from({ length: rows * columns }, (_, at) => factors.reduce((sum, one, index) => sum + one * evidence[at * classes + index], 0));
        return { ...plain, heatmap: this.#spreadOut(places, rows, columns), method: `Class evidence at layer ${found.layer}`, score: target.score(outputs), evaluations: this.data.evidence!.field ? 3 : 2, notes: [found.says] };
      }
      case "gradient":
      case "gradient-input": {
        const { outputs, gradients } = this.network.gradient(image, (rows) => target.factors(rows));
        const score = target.score(outputs);
        if (method === "gradient") return { ...plain, heatmap: drawn((at) => gradients[at]), method: "Gradient", meaning: "sensitivity", unit: `${target.unit} per unit of pixel value`, score };
        const start = baseline();
        return { ...plain, heatmap: drawn((at) => gradients[at] * (image[at] - start.pixels[at])), method: "Gradient × difference from the baseline", score, baseline: start.words };
      }
      case "grad-cam": {
        const places = this.network.layers.filter(({ shape: [a, b] }) => a * b > 1);
        const last = places[places.length - 1];
        if (!last) throw new Error("Grad-CAM needs a layer with places, and none of this network has any. Use occlusion, which needs no layer.");
        const { outputs, activations, layerGradients } = this.network.gradient(image, (rows) => target.factors(rows), [last.name]);
        const [rows, columns, depth] = last.shape;
        const [values, gradients] = [activations.get(last.name)!, layerGradients.get(last.name)!];
        const weights = new Float64Array(depth);
        gradients.forEach((one, at) => {
          weights[at % depth] += one / (rows * columns);
        });
        const map = new Float64Array(rows * columns);
        values.forEach((one, at) => {
          map[Math.floor(at / depth)] += one * weights[at % depth];
        });
        return { ...plain, heatmap: this.#spreadOut(map, rows, columns), method: `Grad-CAM at layer ${last.name}`, score: target.score(outputs), notes: [`One value for each of ${rows} × ${columns} places, shared out among its pixels.`] };
      }
      case "occlusion":
        return yield* this.#occlusion(image, target, baseline());
      default:
        throw new Error(`The network in this page makes no map by ${method}; for everything: \`innerview serve\`.`);
    }
  }

  #spreadOut(values: ArrayLike<number>, rows: number, columns: number): Float32Array {
    const { height, width } = this.#shape;
    const share = (rows * columns) / (height * width);
    const overlaps = (before: number, after: number): number[][] =>
      Array.from({ length: after }, (_, to) => Array.from({ length: before }, (_unused, from) => (Math.max(0, Math.min(((to + 1) * before) / after, from + 1) - Math.max((to * before) / after, from)) * after) / before));
    const [down, across] = [overlaps(rows, height), overlaps(columns, width)];
    return Float32Array.from({ length: height * width }, (_, at) => {
      let sum = 0;
      down[Math.floor(at / width)].forEach((a, row) => {
        if (a) across[at % width].forEach((b, column) => (sum += b ? a * b * values[row * columns + column] : 0));
      });
      return sum * share;
    });
  }

  *#occlusion(image: Float32Array, target: Target, fill: Fill): Work<Found> {
    const { height, width } = this.#shape;
    const side = Math.max(1, rounded(Math.min(height, width) / 8));
    const step = Math.max(1, Math.floor(side / 2));
    const cuts = (length: number): [number, number][] => Array.from({ length: Math.ceil((length - side) / step) + 1 }, (_, at) => [at * step, Math.min(at * step + side, length)]);
    const windows = cuts(height).flatMap((rows) => cuts(width).map((columns) => ({ rows, columns })));
    const masks = windows.map(({ rows, columns }) => Array.from({ length: height * width }, (_, at) => !(Math.floor(at / width) >= rows[0] && Math.floor(at / width) < rows[1] && at % width >= columns[0] && at % width < columns[1])));
    const score = target.score(this.#whole(image));
    const outputs = yield* this.#filled(image, fill.pixels, masks);
    const [total, covered] = [new Float64Array(height * width), new Float64Array(height * width)];
    let strongest = { drop: 0, at: 0 };
    outputs.forEach((row, at) => {
      const drop = score - target.score(row);
      const { rows, columns } = windows[at];
      const area = (rows[1] - rows[0]) * (columns[1] - columns[0]);
      for (let y = rows[0]; y < rows[1]; y++) {
        for (let x = columns[0]; x < columns[1]; x++) {
          total[y * width + x] += drop / area;
          covered[y * width + x] += 1;
        }
      }
      if (Math.abs(drop) > Math.abs(strongest.drop)) strongest = { drop, at };
    });
    const { rows, columns } = windows[strongest.at];
    return {
      heatmap: Float32Array.from(total, (one, at) => one / covered[at]),
      method: `Occlusion, window ${side} × ${side}, stride ${step} × ${step}`,
      meaning: "contribution",
      unit: target.unit,
      score,
      baseline: fill.words,
      evaluations: windows.length + 1,
      notes: [`The score ${strongest.drop >= 0 ? "falls" : "rises"} most, by ${general(Math.abs(strongest.drop), 3)} ${target.unit}, without rows ${rows[0]} to ${rows[1] - 1}, columns ${columns[0]} to ${columns[1] - 1}.`],
    };
  }

  *#map(request: Request): Work<Ended> {
    const { pixels, id } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const { target, versus } = this.#asked(request, this.#whole(pixels));
    const shown = (found: Found, final: boolean): Blob => {
      const arrays: Record<string, Tensor<Numbers>> = { heatmap: floats(found.heatmap, height, width) };
      const { integrated } = found;
      let exactness: Record<string, unknown> = { status: "done", status_words: NO_ERROR };
      if (integrated) {
        if (integrated.pixelError) arrays.pixel_error = floats(integrated.pixelError, height, width);
        arrays.baseline = { data: bytesOf(found.start!), shape: [height, width, channels] };
        arrays.alphas = floats(integrated.alphas, integrated.alphas.length);
        arrays.scores = floats(integrated.scores, integrated.scores.length);
        const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
        exactness = {
          rule: integrated.rule,
          tolerance: request.tolerance ?? this.data.tolerance,
          error: finite(integrated.error),
          convergence_delta: integrated.delta,
          relative_convergence_delta: finite(integrated.relativeDelta),
          status: statusOf(integrated, final),
          status_words: final ? this.data.words.statuses[integrated.status] : "It is being refined.",
          baseline_score: integrated.baselineScore,
          convergence: integrated.convergence,
        };
      }
      return this.#payload("map", id, arrays, {
        method: request.method || USUAL,
        method_words: found.method,
        meaning: found.meaning,
        target: target.index,
        versus,
        objective: target.kind,
        target_words: target.words,
        unit: found.unit,
        baseline: found.baseline,
        n_evaluations: found.evaluations,
        score: found.score,
        notes: found.notes,
        ...exactness,
      });
    };
    const found = yield* this.#attribution(request, (one) => shown(one, false));
    const missed = found.integrated && statusOf(found.integrated, true) !== "done";
    return { state: missed ? "not-met" : "done", blob: shown(found, true) };
  }

  *#path(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const { target, versus } = this.#asked(request, this.#whole(pixels));
    const start = fillOf(request.baseline || "blurred", pixels, this.#shape, "baseline");
    const asked = { image: pixels, baseline: start, target, tolerance: request.tolerance ?? this.data.tolerance, budget: this.data.rules.BUDGET as number };
    const { alphas, places, cumulative } = yield* pathOf(this.data, this.network, asked);
    const rows = places.map((one) => one.outputs);
    const chances = rows.map((row) => this.#chances(row));
    const classes = this.#shown(rows[rows.length - 1], [target.index, versus]);
    const framed = alphas.flatMap((alpha, at) => (places[at].gradient ? [{ alpha, gradient: places[at].gradient }] : []));
    const shorter = framed.length < alphas.length;
    const arrays: Record<string, Tensor<Numbers>> = {
      alphas: floats(alphas, alphas.length),
      scores: floats(rows.map((row) => target.score(row)), alphas.length),
      probabilities: floats(chances.flatMap((row) => classes.map((one) => row[one])), alphas.length, classes.length),
      logits: floats(rows.flatMap((row) => classes.map((one) => row[one])), alphas.length, classes.length),
      classes: counts(classes),
      ...this.#answered(rows),
      norms: floats(places.map((one) => one.norm), alphas.length),
      ...companded("gradients", framed.map((one) => one.gradient), [height, width, channels]),
      gradient_alphas: floats(framed.map((one) => one.alpha), framed.length),
      ...companded("cumulative", cumulative, [height, width]),
      cumulative_alphas: floats(alphas, alphas.length),
      baseline: { data: bytesOf(start.pixels), shape: [height, width, channels] },
    };
    if (shorter) Object.assign(arrays, companded("contribution", places.map((one) => one.contribution), [height, width]), { contribution_alphas: floats(alphas, alphas.length) });
    return this.#payload("path", id, arrays, { target: target.index, versus, unit: target.unit, target_words: target.words, baseline: start.words, shorter: shorter || null, missing: [] });
  }

  *#masking(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const { fractions, random } = this.data.masking;
    const found = yield* this.#attribution(request);
    const { target, versus } = this.#asked(request, this.#whole(pixels));
    const fill = fillOf(request.fill || request.baseline || "blurred", pixels, this.#shape, "baseline");
    const count = height * width;
    const kept = fractions.map((one) => Math.floor(one * count + 0.5));
    const ranked = (key: (value: number) => number): Uint32Array => {
      const keys = Array.from(found.heatmap, key);
      const ranks = new Uint32Array(count);
      keys
        .map((_, at) => at)
        .sort((a, b) => keys[a] - keys[b] || a - b)
        .forEach((at, rank) => {
          ranks[at] = rank;
        });
      return ranks;
    };
    const generator = new Random(0);
    const rankings = [ranked((one) => -Math.abs(one)), ranked((one) => -one), ranked((one) => one), ...Array.from({ length: random }, () => generator.permutation(count))];
    // Images that are equal (all pixels, none) are shown once.
    const masks: boolean[][] = [];
    const ends = new Map<number, number>();
    const places = rankings.map((ranking) =>
      kept.map((most) => {
        const known = ends.get(most);
        if (known !== undefined) return known;
        masks.push(Array.from(ranking, (rank) => rank < most));
        if (most === 0 || most === count) ends.set(most, masks.length - 1);
        return masks.length - 1;
      }),
    );
    const outputs = yield* this.#filled(pixels, fill.pixels, masks);
    const rows = places.map((row) => row.map((at) => outputs[at]));
    const whole = rows[0][fractions.indexOf(Math.max(...fractions))];
    const classes = this.#shown(whole, [target.index, versus]);
    const chances = rows.map((row) => row.map((one) => this.#chances(one)));
    const shape = [rows.length, fractions.length, classes.length];
    const named = ["strongest", "highest", "lowest"];
    // Of the random orders, what their mean outputs say.
    const mean = (table: ArrayLike<number>[][], place: number): number[] => Array.from({ length: this.network.classes }, (_, one) => table.slice(named.length).reduce((sum, row) => sum + row[place][one], 0) / random);
    const said = [...rows.slice(0, named.length), fractions.map((_, place) => mean(rows, place))];
    const believed = [...chances.slice(0, named.length), fractions.map((_, place) => mean(chances, place))];
    const decided = said.flatMap((row, order) => row.map((one, place) => this.#decided(one, believed[order][place])));
    const arrays: Record<string, Tensor<Numbers>> = {
      fractions: floats(fractions, fractions.length),
      n_pixels: counts(kept),
      logits: floats(rows.flatMap((row) => row.flatMap((one) => classes.map((at) => one[at]))), ...shape),
      probabilities: floats(chances.flatMap((row) => row.flatMap((one) => classes.map((at) => one[at]))), ...shape),
      classes: counts(classes),
      predicted: { data: Uint32Array.from(decided, ({ answer }) => answer), shape: [said.length, fractions.length] },
      confidence: floats(decided.map(({ chance }) => chance), said.length, fractions.length),
      rankings: { data: (count <= 65_536 ? Uint16Array : Uint32Array).from(rankings.slice(0, named.length).flatMap((one) => Array.from(one))), shape: [named.length, height, width] },
      fill: { data: bytesOf(fill.pixels), shape: [height, width, channels] },
    };
    const orders = [...named, ...Array.from({ length: random }, (_, at) => `random ${at + 1}`)];
    return this.#payload("masking", id, arrays, { orders, target: target.index, versus, fill: fill.words, seed: 0 });
  }

  /** What parts are measured on: the log-odds of the class where there are some, or against another what is explained of them. */
  #sure(request: Request, outputs: ArrayLike<number>): { target: Target; versus: number | null } {
    const asked = this.#asked(request, outputs);
    return asked.versus === null && this.data.output.ofRegions === "log-odds" ? { target: logOdds(asked.target.index, this.data.output), versus: null } : asked;
  }

  /** Whether a map holds: its best part alone, and the image without it, beside other parts of its size and shape. */
  *#check(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const { fraction, blocks: side, least, draws: many, few, clear, weak } = this.data.check;
    const draws = Math.max(height, width) > this.data.large ? few : many;
    const whole = this.#whole(pixels);
    const { target, versus } = this.#sure(request, whole);
    const fill = fillOf("blurred", pixels, this.#shape, "fill");
    const [rows, columns] = [Math.min(side, height), Math.min(side, width)];
    const labels = gridLabels(height, width, rows, columns);
    const methods = [EVIDENCE, request.method || USUAL];
    const passes = methods.length * (4 + 2 * draws);
    const scored = this.data.output.kind === "scores";
    const chance = (outputs: ArrayLike<number>): number => (scored ? target.score(outputs) : this.#chances(outputs)[target.index]);
    const tried: { method: string; words: string; kind: string; p: number; blob: (all: [string, string, string][], passes: number) => Blob }[] = [];
    let done = 0;
    const shown = (): Blob => {
      const best = tried.reduce((a, b) => ((Number.isNaN(b.p) ? 2 : b.p) < (Number.isNaN(a.p) ? 2 : a.p) ? b : a));
      return best.blob(
        tried.map(({ words, kind, p }) => [words, this.data.words.checks[kind], number(p)]),
        done,
      );
    };
    for (const method of methods) {
      if (method === EVIDENCE && !this.data.evidence) continue;
      const { heatmap } = yield* this.#attribution({ ...request, kind: "map", method });
      const blocks = sumsOver(heatmap, labels, rows * columns);
      const partOf = (values: number[]): boolean[] => {
        const first = new Set(
          values
            .map((_, at) => at)
            .sort((a, b) => values[b] - values[a] || a - b)
            .slice(0, Math.max(1, rounded(fraction * values.length))),
        );
        return values.map((_, at) => first.has(at));
      };
      const best = partOf(blocks);
      const others = otherParts(best, rows, columns, draws);
      const not = (part: boolean[]): boolean[] => part.map((one) => !one);
      const asked = [best, not(best), partOf(blocks.map((one) => -one)), best.map(() => false), ...others, ...others.map(not)];
      const outputs = yield* this.#filled(pixels, fill.pixels, asked.map((part) => Array.from(labels, (one) => part[one])), done, passes);
      done += asked.length;
      const [scores, values] = [outputs.map((row) => target.score(row)), outputs.map(chance)];
      const limit = SAME * Math.max(1, ...scores.map(Math.abs));
      const spread = (all: number[]): number => Math.max(...all) - Math.min(...all);
      const judged = best.length >= least && spread(scores) > limit && spread(blocks) > 0;
      const reached = scores[0] - scores[1];
      const p = judged ? (1 + others.filter((_, at) => scores[4 + at] - scores[4 + draws + at] >= reached - limit).length) / (1 + draws) : Number.NaN;
      const kind = Number.isNaN(p) ? "not judged" : p <= clear ? "clear" : p <= weak ? "weak" : "chance";
      const words = method === EVIDENCE ? "class evidence" : method.replaceAll("-", " ");
      const { regions, share } = this.#named(heatmap, Array.from(labels, (one) => best[one]));
      const [only, without] = [values.slice(4, 4 + draws), values.slice(4 + draws)];
      const written = (value: number): string => (scored ? `${number(value, true)} ${target.unit}` : probability(value));
      const range = (all: number[]): string[] => (all.length ? [all.reduce((sum, one) => sum + one, 0) / all.length, Math.min(...all), Math.max(...all)].map(written) : [UNKNOWN, UNKNOWN, UNKNOWN]);
      const parts = painted(pixels, fill.pixels, [best, not(best)].map((part) => Array.from(labels, (one) => part[one])), channels);
      tried.push({
        method,
        words,
        kind,
        p,
        blob: (all, evaluations) =>
          this.#payload(
            "check",
            id,
            {
              blocks: floats(blocks, rows, columns),
              best: { data: Uint8Array.from(best, Number), shape: [rows, columns] },
              parts: { data: bytesOf(parts), shape: [2, height, width, channels] },
              only: floats(only, draws),
              without: floats(without, draws),
            },
            {
              target: target.index,
              versus,
              method,
              method_words: words,
              fill: fill.words.split(" (")[0],
              verdict: kind,
              says: this.data.words.checks[kind],
              written: { whole: written(chance(whole)), only: written(values[0]), without: written(values[1]), worst: written(values[2]), fill: written(values[3]) },
              others: { only: range(only), without: range(without) },
              p: Number.isNaN(p) ? null : p,
              regions,
              share,
              tried: all,
              n_evaluations: evaluations,
            },
          ),
      });
      if (kind === "clear") break;
      yield { level: shown() };
    }
    return shown();
  }

  /** What a region does, taken away and alone, beside regions of its shape elsewhere. */
  *#effects(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { height, width } = this.#shape;
    const box = request.region;
    if (box && !(box[0] >= 0 && box[1] >= 0 && box[0] + box[2] <= width && box[1] + box[3] <= height)) throw new Error(`The region ${box.join()} (left, top, width, height) is not inside an image of ${width} × ${height}.`);
    const inside = (at: number, [left, top, across, down]: number[]): boolean => at % width >= left && at % width < left + across && Math.floor(at / width) >= top && Math.floor(at / width) < top + down;
    const mask = box ? Array.from({ length: height * width }, (_, at) => inside(at, box)) : this.#kept(request).map(Boolean);
    const count = mask.filter(Boolean).length;
    if (count === 0 || count === mask.length) throw new Error(count ? "A region that is the whole image leaves nothing beside it; mark a part." : "The region has no pixel; mark some.");
    const whole = this.#whole(pixels);
    const { target, versus } = request.objective ? this.#asked(request, whole) : this.#sure(request, whole);
    const fills = FILLS.map((name) => fillOf(name, pixels, this.#shape, "fill"));
    const { placebos, levels } = this.data.effects;
    const places = placesElsewhere(mask, height, width, placebos);
    const total = 1 + fills.length * (2 * (places.masks.length + 1) + 1);
    const not = (one: readonly boolean[]): boolean[] => one.map((is) => !is);
    const { output } = this.data;
    const answerOf = (row: ArrayLike<number>): number => (decides(output) ? this.#decided(row).answer : -1);
    const [score, answer] = [target.score(whole), answerOf(whole)];
    const seen = fills.map(() => ({ removed: [] as Float32Array[], alone: [] as Float32Array[], empty: whole }));
    let done = 1;
    for (const [number, fill] of fills.entries()) {
      const [removed, alone, empty] = yield* this.#filled(pixels, fill.pixels, [not(mask), mask, mask.map(() => false)], done, total);
      seen[number] = { removed: [removed], alone: [alone], empty };
      done += 3;
    }
    const shown = (): Blob => {
      const scores = [score, ...seen.flatMap((under) => [...under.removed, ...under.alone, under.empty].map((row) => target.score(row)))];
      const tolerance = EVIDENCE_ROUNDING * Math.max(...scores.map(Math.abs));
      const change = (value: number): number => (Math.abs(value) <= tolerance ? 0 : value); // Rounding has no sign.
      const removed = seen.map((under) => under.removed.map((row) => change(score - target.score(row))));
      const alone = seen.map((under) => under.alone.map((row) => change(target.score(row) - target.score(under.empty))));
      const p: [number, number] = [rankP(removed, tolerance), rankP(alone, tolerance)];
      const about = `${id} ${this.data.network.fingerprint}`;
      const own = JSON.stringify([target.words, request.region, request.mask]);
      const tries = this.#tries.get(about) ?? new Map<string, number[]>();
      this.#tries.set(about, tries);
      const others = [...tries].filter(([key]) => key !== own).flatMap(([, values]) => values);
      tries.set(own, p.filter(Number.isFinite));
      const adjusted = holm([...p, ...others]).slice(0, 2) as [number, number];
      const counted = p.filter(Number.isFinite).length + others.length;
      const n = removed[0].length - 1;
      const first = (rows: number[][]): number[] => rows.map((row) => row[0]);
      const elsewhere = (rows: number[][]): number[] => Array.from({ length: n }, (_, at) => rows.reduce((sum, row) => sum + row[at + 1], 0) / rows.length);
      const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
      const name = box ? box.join() : `of ${count.toLocaleString("en")} pixels`;
      const words = told({
        name,
        explained: target.words,
        fraction: count / mask.length,
        removed: first(removed),
        alone: first(alone),
        probability: this.#chances(whole)[target.index],
        probabilities: seen.map((under) => this.#chances(under.removed[0])[target.index]),
        answer,
        removedAnswers: seen.map((under) => answerOf(under.removed[0])),
        aloneAnswers: seen.map((under) => answerOf(under.alone[0])),
        p,
        adjusted,
        tries: counted,
        placebos: n,
        sampled: places.sampled || n < places.masks.length,
        label: (one) => answerLabel(one, output),
      });
      const same = FILLS.filter((_, at) => ![...removed[at], ...alone[at]].some((one) => one));
      const notes = same.length ? [`Cannot be judged${same.length < FILLS.length ? ` under ${same.join(" and ")}` : ""}: the score is the same whatever is taken away; the model does not look at the image, or the fill is the image itself.`] : [];
      const arrays = { removed: floats(first(removed), fills.length), alone: floats(first(alone), fills.length), removed_elsewhere: floats(elsewhere(removed), n), alone_elsewhere: floats(elsewhere(alone), n) };
      return this.#payload("effects", id, arrays, {
        target: target.index,
        versus,
        unit: target.unit,
        target_words: target.words,
        name,
        fills: fills.map((fill) => fill.words),
        says: words,
        notes: [...notes, ...(n ? tooFew(n, counted) : [])],
        p: { removed: known(p[0]), alone: known(p[1]) },
        adjusted: { removed: known(adjusted[0]), alone: known(adjusted[1]) },
        tries: counted,
        n_evaluations: done,
      });
    };
    for (const most of [...levels, placebos]) {
      for (const [number, fill] of fills.entries()) {
        const under = seen[number];
        const now = places.masks.slice(under.removed.length - 1, most);
        if (!now.length) continue;
        const outputs = yield* this.#filled(pixels, fill.pixels, [...now.map(not), ...now], done, total);
        under.removed.push(...outputs.slice(0, now.length));
        under.alone.push(...outputs.slice(now.length));
        done += outputs.length;
      }
      if (most < placebos) yield { level: shown() };
    }
    return shown();
  }

  /** Names of the regions that hold most of what the map has in a part, and their share of it. */
  #named(heatmap: Float32Array, shown: boolean[]): { regions: string[]; share: number } {
    const { height, width } = this.#shape;
    const [rows, columns] = [Math.min(3, height), Math.min(3, width)];
    const labels = gridLabels(height, width, rows, columns);
    const sums = sumsOver(heatmap.map((one, at) => (shown[at] ? Math.max(one, 0) : 0)), labels, rows * columns);
    const total = sums.reduce((sum, one) => sum + one, 0);
    if (!(total > 0)) return { regions: [], share: 0 };
    const names = regionNames(labels, height, width);
    const order = sums.map((_, at) => at).sort((a, b) => sums[b] - sums[a] || a - b);
    let share = 0;
    let count = 0;
    while (count < 3 && (count === 0 || share < ENOUGH)) share += sums[order[count++]] / total;
    return { regions: order.slice(0, count).map((at) => names[at]), share };
  }

  /** Cells of about one area, or what somebody marked, and the rest. */
  #regions(request: Request): { labels: Uint16Array<ArrayBuffer>; names: string[]; words: string } {
    const { height, width } = this.#shape;
    const { regions, words } = this.data;
    if (!request.marks) {
      const labels = bricks(height, width, regions);
      return { labels, names: regionNames(labels, height, width), words: `${regions} cells of about one area` };
    }
    const n = request.marks.length;
    const labels = new Uint16Array(height * width).fill(n);
    request.marks.forEach((mask, number) => {
      const marked = [...this.#kept({ ...request, mask }).entries()].flatMap(([at, on]) => (on ? [at] : []));
      const name = words.ordinals[number];
      if (!marked.length) throw new Error(words.marks.empty.replace("{name}", name));
      const shared = marked.find((at) => labels[at] < n);
      if (shared !== undefined) throw new Error(words.marks.overlap.replace("{first}", words.ordinals[labels[shared]]).replace("{name}", name));
      for (const at of marked) labels[at] = number;
    });
    const names = n === 1 ? ["marked part"] : request.marks.map((_, number) => `${words.ordinals[number]} part`);
    if (labels.includes(n)) names.push("rest");
    if (names.length < 2) throw new Error(words.marks.whole);
    return { labels, names, words: `${names.length} regions as given` };
  }

  *#truth(request: Request): Work<Blob> {
    const { pixels, id } = this.#picture(request);
    const { height, width, channels } = this.#shape;
    const whole = this.#whole(pixels);
    const { target, versus } = this.#sure(request, whole);
    const { labels, names, words } = this.#regions(request);
    const count = names.length;
    const fills = FILLS.map((name) => fillOf(name, pixels, this.#shape, "fill"));
    const coalitions = 2 ** count;
    const total = fills.length * (coalitions - 1) + 1;
    const { output } = this.data;
    const { answer } = this.#decided(whole);
    const values: number[][] = [];
    const empty: boolean[] = [];
    let parts: ReturnType<typeof partsOf> = null;
    let images: Float32Array | null = null;
    for (const [number, fill] of fills.entries()) {
      const masks = Array.from({ length: coalitions - 1 }, (_, coalition) => Array.from(labels, (region) => (coalition >> region) & 1));
      const outputs = [...(yield* this.#filled(pixels, fill.pixels, masks, number * (coalitions - 1) + 1, total)), whole];
      const said = outputs.map((row) => this.#decided(row));
      const answers = said.map((one) => one.answer);
      const scores = outputs.map((row) => target.score(row));
      const judged = Math.max(...scores) - Math.min(...scores) > EVIDENCE_ROUNDING * Math.max(...scores.map(Math.abs));
      values.push(shapleyValues(scores).map((one) => (judged ? one : 0)));
      empty.push(decides(output) && answers[0] === answer);
      if (parts || !decides(output)) continue;
      parts = partsOf(fill.name, answers, said.map((one) => one.chance), answer, output.answers);
      if (parts) images = painted(pixels, fill.pixels, parts.map(({ coalition }) => { const shown = new Set(bitsOf(coalition)); return Array.from(labels, (region) => shown.has(region)); }), channels);
    }
    const unsure = unsureOf(values);
    const method = request.method || USUAL;
    const verdicts: Record<string, { kind: string; says: string }> = {};
    for (const one of this.data.evidence ? [EVIDENCE, method] : [method]) {
      const { heatmap } = yield* this.#attribution({ ...request, kind: "map", method: one });
      verdicts[one] = verdict(sumsOver(heatmap, labels, count), values, this.data.words.verdicts);
    }
    const arrays: Record<string, Tensor<Numbers>> = { labels: { data: labels, shape: [height, width] }, values: floats(values.flat(), fills.length, count) };
    if (images) arrays.parts = { data: bytesOf(images), shape: [2, height, width, channels] };
    return this.#payload("truth", id, arrays, {
      target: target.index,
      versus,
      unit: target.unit,
      target_words: target.words,
      names,
      regions: words,
      fills: fills.map(({ words }) => words),
      unsure,
      lines: lines(values, names, fills.map(({ words }) => words), empty, answerLabel(answer, output), target.unit, parts, unsure),
      parts: (parts ?? []).map(({ coalition: _, ...part }) => part),
      verdicts,
      n_evaluations: total,
    });
  }
}

const SAME = 1e-9;
const ENOUGH = 0.6;

const statusOf = ({ status }: Integrated, final: boolean): string => (status === "CONVERGED" ? "done" : status === "NO_GRADIENT" ? "no-gradient" : final ? "not-met" : "refining");

/** The part mirrored, turned (where the blocks are as many across as down) and moved round the edges, by chance. */
function otherParts(part: boolean[], rows: number, columns: number, count: number): boolean[][] {
  const random = new Random(0);
  const square = rows === columns;
  const [quarters, mirrors, down, across] = [square ? 4 : 2, 2, rows, columns].map((most) => random.integers(most, count));
  return quarters.map((quarter, number) => {
    const turns = square ? quarter : 2 * quarter;
    // Where a block of the turned part comes from: a quarter turns to the left.
    const at = (y: number, x: number): boolean => {
      let [row, column] = [y, mirrors[number] ? columns - 1 - x : x];
      for (let turn = 0; turn < turns; turn++) [row, column] = square ? [column, columns - 1 - row] : [row, column];
      return square ? part[row * columns + column] : turns ? part[(rows - 1 - row) * columns + columns - 1 - column] : part[row * columns + column];
    };
    return part.map((_, place) => at((Math.floor(place / columns) - down[number] + rows) % rows, ((place % columns) - across[number] + columns) % columns));
  });
}
