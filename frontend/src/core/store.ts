/** A value that others can watch. Listeners run at once and in order, so that one change is drawn in one frame. */
import { useLayoutEffect, useReducer, useRef } from "preact/hooks";

export class Store<T> {
  #value: T;
  #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Returns how to stop. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

const same = (a: unknown, b: unknown): boolean =>
  Object.is(a, b) || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => Object.is(item, b[i])));

const whole = <T>(value: T): T => value;

/** The store's value, or what is selected from it; the component renders again when that changes. */
export function useStore<T, S = T>(store: Store<T>, select: (value: T) => S = whole as never): S {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const latest = useRef({ select, shown: select(store.value) });
  const shown = select(store.value);
  latest.current = { select, shown: same(shown, latest.current.shown) ? latest.current.shown : shown };
  useLayoutEffect(() => {
    const check = (): void => {
      if (!same(latest.current.select(store.value), latest.current.shown)) again(0);
    };
    // What changed between rendering and watching.
    check();
    return store.watch(check);
  }, [store]);
  return latest.current.shown;
}
