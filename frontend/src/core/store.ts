/** A value that others can watch. Listeners run at once and in order, so that one change is drawn in one frame. */
import { useLayoutEffect, useReducer } from "preact/hooks";

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

/** The store's value; the component renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const shown = store.value;
  useLayoutEffect(() => {
    if (store.value !== shown) again(0);
    return store.watch(() => again(0));
  }, [store]);
  return shown;
}
