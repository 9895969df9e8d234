/**
 * The live protocol, over anything that carries texts and bytes both ways (a socket, a notebook's comm).
 *
 * The server lets the latest request of a kind win, so several requests of one kind wait here for each other, and a
 * request that nobody waits for any more is cancelled. After a lost connection, what was on its way is asked again.
 */
import { Store } from "../core/store";
import { readPayload } from "../core/safetensors";
import { ENDED, type AnswerState, type Connection, type Hello, type Message, type Request, type RunFacts, type Source } from "./source";

export interface Carrier {
  send(text: string): void;
}

interface Job {
  id: number;
  request: Request;
  onMessage: (message: Message) => void;
  sent: boolean;
  state: AnswerState;
}

interface Told {
  id?: number;
  kind?: string;
  state: string;
  message?: string;
  layer?: string;
  progress?: { done: number; total: number };
  run?: RunFacts;
}

export class Channel {
  readonly connection = new Store<Connection>({ state: "open" });
  readonly hello: Promise<Hello>;
  #greet!: (hello: Hello) => void;
  #jobs = new Map<number, Job>();
  #next = 1;
  #carrier: Carrier | null = null;
  #runListeners = new Set<(run: RunFacts) => void>();
  #helloListeners = new Set<(hello: Hello) => void>();

  constructor() {
    this.hello = new Promise((resolve) => {
      this.#greet = resolve;
    });
  }

  /** The connection is there (again): everything unanswered is asked (again). */
  open(carrier: Carrier): void {
    this.#carrier = carrier;
    this.connection.set({ state: "open" });
    for (const job of this.#jobs.values()) job.sent = false;
    this.#sendNext();
  }

  /** The connection is gone; requests wait for the next one. */
  lost(retryIn: number): void {
    this.#carrier = null;
    this.connection.set({ state: "lost", retryIn });
  }

  text(text: string): void {
    this.told(JSON.parse(text) as Told);
  }

  told(told: Told): void {
    if (told.state === "hello") {
      const hello = told as unknown as Hello;
      this.#greet(hello);
      for (const listener of this.#helloListeners) listener(hello);
      return;
    }
    if (told.state === "run" && told.run) {
      for (const listener of this.#runListeners) listener(told.run);
      return;
    }
    const job = this.#jobs.get(told.id ?? -1);
    if (!job) return;
    const state = told.state as AnswerState;
    job.state = state;
    job.onMessage({ state: state === "done" || state === "not-met" ? "level" : state, message: told.message, layer: told.layer, progress: told.progress });
    // What ends with a payload ends when the payload has come.
    if (state === "failed" || state === "cancelled") this.#end(job);
  }

  /** A frame: eight bytes of the request's number, then the payload. */
  bytes(buffer: ArrayBuffer): void {
    this.payload(Number(new DataView(buffer).getBigUint64(0, true)), buffer, 8);
  }

  payload(id: number, buffer: ArrayBuffer, from: number): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    try {
      job.onMessage({ state: job.state === "queued" ? "level" : job.state, payload: readPayload(buffer, from) });
    } catch (problem) {
      job.state = "failed";
      job.onMessage({ state: "failed", message: (problem as Error).message });
    }
    if (ENDED.includes(job.state)) this.#end(job);
  }

  ask = (request: Request, onMessage: (message: Message) => void): (() => void) => {
    const job: Job = { id: this.#next++, request, onMessage, sent: false, state: "queued" };
    this.#jobs.set(job.id, job);
    // After this turn, so that what a view stops needing in the same breath is cancelled before, not after.
    queueMicrotask(() => this.#sendNext());
    return () => {
      if (!this.#jobs.delete(job.id)) return;
      if (job.sent) this.#send({ id: job.id, kind: "cancel" });
      this.#sendNext();
    };
  };

  onRun = (listener: (run: RunFacts) => void): (() => void) => {
    this.#runListeners.add(listener);
    return () => this.#runListeners.delete(listener);
  };

  onHello = (listener: (hello: Hello) => void): (() => void) => {
    this.#helloListeners.add(listener);
    return () => this.#helloListeners.delete(listener);
  };

  #end(job: Job): void {
    this.#jobs.delete(job.id);
    this.#sendNext();
  }

  #sendNext(): void {
    if (!this.#carrier) return;
    const busy = new Set([...this.#jobs.values()].filter((job) => job.sent).map((job) => job.request.kind));
    for (const job of this.#jobs.values()) {
      if (job.sent || busy.has(job.request.kind)) continue;
      busy.add(job.request.kind);
      job.sent = true;
      this.#send({ id: job.id, ...job.request });
    }
  }

  #send(message: object): void {
    this.#carrier?.send(JSON.stringify(message));
  }
}

/** A source of whatever the channel's other end can compute. */
export const liveSource = (channel: Channel, state: "live" | "notebook", upload?: Source["upload"]): Source => ({
  state,
  hello: channel.hello,
  connection: channel.connection,
  ask: channel.ask,
  can: () => true,
  choices: () => null,
  onRun: channel.onRun,
  onHello: channel.onHello,
  upload,
});
