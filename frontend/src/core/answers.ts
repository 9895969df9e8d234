/** What was asked and answered on this page: one entry per question, the latest kept, shared by all views. */
import type { Kind, Payload } from "../generated/payloads";
import type { Message, Request, Source } from "../sources/source";
import { Store } from "./store";

export interface Answer<K extends Kind = Kind> {
  state: "waiting" | "level" | "done" | "not-met" | "failed";
  payload: Payload<K> | null;
  message: string | null;
  progress: { done: number; total: number } | null;
  /** How many payloads came: 1 is the first level. */
  levels: number;
}

const NOTHING: Answer = { state: "waiting", payload: null, message: null, progress: null, levels: 0 };
const KEPT = 80;

export const keyOf = (request: Request): string => JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));

const requestOf = (key: string): Request => Object.fromEntries(JSON.parse(key) as [string, unknown][]) as unknown as Request;

interface Held {
  store: Store<Answer>;
  users: number;
  cancel: () => void;
  /** What it is about changed while it was on its way: ask again when it has come. */
  again?: boolean;
}

const underWay = ({ state }: Answer): boolean => state === "waiting" || state === "level";

export class Answers {
  #held = new Map<string, Held>();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The answer's store, asking when needed; call the returned function when it is no longer looked at. */
  hold(request: Request): { store: Store<Answer>; release: () => void } {
    const key = keyOf(request);
    let held = this.#held.get(key);
    if (held && held.users === 0 && held.store.value.state === "failed") held = undefined;
    held ??= this.#ask(key, request);
    // The most recently looked at is last.
    this.#held.delete(key);
    this.#held.set(key, held);
    held.users++;
    return { store: held.store, release: () => this.#release(key, held) };
  }

  /** What is known already, without asking. */
  known(request: Request): Answer | null {
    return this.#held.get(keyOf(request))?.store.value ?? null;
  }

  /** All that was asked and what is known of it. */
  *all(): Generator<[Request, Answer]> {
    for (const [key, { store }] of this.#held) yield [requestOf(key), store.value];
  }

  /**
   * Forget answers, so that they are asked again (a run went on, a budget is to be continued).
   *
   * What is on its way comes first: a training that writes more often than its timeline takes would never be shown.
   */
  forget(matches: (request: Request) => boolean): void {
    for (const [key, held] of this.#held) {
      const request = requestOf(key);
      if (!matches(request)) continue;
      if (held.users === 0) {
        held.cancel();
        this.#held.delete(key);
      } else if (underWay(held.store.value)) held.again = true;
      else this.#start(request, held);
    }
  }

  #start(request: Request, held: Held): void {
    const { store } = held;
    held.again = false;
    if (!underWay(store.value)) store.set({ ...store.value, state: "waiting", message: null, progress: null });
    held.cancel = this.#source.ask(request, (message: Message) => {
      const before = store.value;
      if (message.state === "cancelled") return;
      store.set({
        state: message.state === "queued" ? "waiting" : message.state,
        payload: message.payload ?? before.payload,
        message: message.message ?? null,
        progress: message.progress ?? (message.payload ? null : before.progress),
        levels: before.levels + (message.payload ? 1 : 0),
      });
      if (held.again && !underWay(store.value)) this.#start(request, held);
    });
  }

  #ask(key: string, request: Request): Held {
    const store = new Store<Answer>(NOTHING);
    const held: Held = { store, users: 0, cancel: () => {} };
    this.#start(request, held);
    this.#held.set(key, held);
    for (const [old, { users }] of this.#held) {
      if (this.#held.size <= KEPT) break;
      if (users === 0) this.#held.delete(old);
    }
    return held;
  }

  #release(key: string, held: Held): void {
    held.users--;
    // Whoever takes over in the same turn (a view that renders again) keeps the request alive.
    queueMicrotask(() => {
      if (held.users > 0 || !underWay(held.store.value)) return;
      held.cancel();
      if (this.#held.get(key) === held) this.#held.delete(key);
    });
  }
}
