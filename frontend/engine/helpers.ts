/**
 * Other workers, which take passes off this one's hands: as many as there are cores for, begun when an answer first takes
 * many passes, each with the network in a memory of its own. Where none can be had, or one ends, this one does it all.
 */
import type { PageNetwork } from "./data";
import { type Course, type Passed, sent } from "./passes";

/** Passes that a helper holds at once: one that it runs and one that waits, so that it need not wait itself. */
const HELD = 2;
/** Passes of one answer from which on helpers are begun. */
const MANY = 4;

export interface Helping {
  help: Pick<PageNetwork, "network" | "output">;
  weights: Float32Array;
}

/** How many at most, and what they run: of a file, a worker may not read the address that it was made of itself. */
export interface More {
  most: number;
  script: ArrayBuffer | string;
}

/** First, and then for each pass in the order in which they were given. */
export type Reply = { ready: true } | Passed | { problem: string };

type Any = Course<unknown, unknown>;

interface Helper {
  worker: Worker;
  ready: boolean;
  held: { course: Any; pass: number }[];
}

export class Helpers {
  readonly #more: More;
  readonly #helping: () => Helping;
  readonly #heard: (brought?: { course: Any; pass: number; found: Passed }) => void;
  #helpers: Helper[] | null = null;

  /** `heard` is told of each pass that came back, and, with nothing, that passes may be begun anew. */
  constructor(more: More, helping: () => Helping, heard: (brought?: { course: Any; pass: number; found: Passed }) => void) {
    this.#more = more;
    this.#helping = helping;
    this.#heard = heard;
  }

  /** Give passes out, the second to each helper only where enough are left for everybody. */
  feed(courses: readonly Any[]): void {
    if (!this.#helpers) {
      if (!courses.some(({ left }) => left >= MANY)) return;
      this.#helpers = this.#begun();
    }
    for (let depth = 1; depth <= HELD; depth++) {
      for (const { worker, ready, held } of this.#helpers) {
        const course = courses.find(({ left }) => left > (depth - 1) * this.#helpers!.length);
        if (!ready || !course?.wanted || held.length >= depth) continue;
        const pass = course.begin();
        held.push({ course, pass });
        const given = sent(course.wanted, pass);
        worker.postMessage(given, [given.images.buffer]);
      }
    }
  }

  #begun(): Helper[] {
    const found: Helper[] = [];
    try {
      const script = URL.createObjectURL(new Blob([this.#more.script], { type: "text/javascript" }));
      while (found.length < this.#more.most) found.push(this.#helper(script));
    } catch {
      // A worker can't have workers here.
    }
    return found;
  }

  #helper(script: string): Helper {
    const helper: Helper = { worker: new Worker(script), ready: false, held: [] };
    const { worker, held } = helper;
    const end = (): void => {
      worker.terminate();
      this.#helpers = this.#helpers!.filter((one) => one !== helper);
      for (const { course, pass } of held.splice(0)) course.giveBack(pass);
      this.#heard();
    };
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ("ready" in data) {
        helper.ready = true;
        this.#heard();
      } else if ("problem" in data) end();
      else this.#heard({ ...held.shift()!, found: data });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end();
    };
    worker.postMessage(this.#helping());
    return helper;
  }
}
