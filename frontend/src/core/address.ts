/**
 * Where the link lives: the address bar of a page, or nowhere (a notebook cell keeps it in memory).
 *
 * Each choice (view, image, class, method, what is shown …) makes a step in the history, so that Back takes one back;
 * sliders and what else moves many times a second replaces the current one, at most once per 400 ms, because browsers refuse more than about a hundred such calls in thirty seconds. Every write may throw (sandboxed
 * frames): then the page goes on without.
 */
import { listen } from "./listen";
import { type Link, readLink, writeLink } from "./link";
import type { Store } from "./store";

export const INTERVAL = 400;
const STEPS: readonly (keyof Link)[] = ["view", "model", "image", "target", "versus", "method", "baseline", "shown", "region", "run", "vary", "other", "order", "fill", "token", "head", "sort", "tiles", "three", "histogram", "logs", "over", "way", "rows", "lesson", "error", "smooth", "channels", "cell", "pane"];

export interface Address {
  read(): string;
  push(fragment: string): void;
  replace(fragment: string): void;
  /** Calls back when the reader went back, forward or typed another link. */
  watch(changed: () => void): () => void;
}

export const pageAddress = (page: Window): Address => ({
  read: () => page.location.hash,
  push: (fragment) => page.history.pushState(null, "", fragment),
  replace: (fragment) => page.history.replaceState(null, "", fragment),
  // Back and forward between fragments fire both; reading twice is harmless.
  watch: (changed) => listen(page, { popstate: changed, hashchange: changed }),
});

export function memoryAddress(start = ""): Address {
  let fragment = start;
  const write = (text: string): void => {
    fragment = text;
  };
  return { read: () => fragment, push: write, replace: write, watch: () => () => {} };
}

/** Keep the address and the store in step, both ways. Returns how to stop. */
export function keepInStep(
  address: Address,
  link: Store<Link>,
  classes: () => readonly string[],
  report: (problem: string) => void,
): () => void {
  let written = address.read();
  let last = link.value;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  let writtenAt = -Infinity;

  const write = (push: boolean): void => {
    clearTimeout(waiting);
    waiting = undefined;
    const fragment = writeLink(link.value, classes());
    last = link.value;
    if (fragment === written) return;
    written = fragment;
    try {
      if (push) address.push(fragment);
      else address.replace(fragment);
    } catch {
      // A sandboxed frame has no history; the page works without links.
    }
    writtenAt = Date.now(); // behind the call, which may take long: browsers count the calls when they come
  };

  const stopStore = link.watch(() => {
    if (STEPS.some((field) => link.value[field] !== last[field])) write(true);
    else waiting ??= setTimeout(() => write(false), Math.max(0, writtenAt + INTERVAL - Date.now()));
  });
  const stopAddress = address.watch(() => {
    if (address.read() === written) return;
    written = address.read();
    clearTimeout(waiting);
    waiting = undefined;
    const { link: read, problems } = readLink(written);
    last = read;
    link.set(read);
    problems.forEach(report);
  });
  return () => {
    clearTimeout(waiting);
    stopStore();
    stopAddress();
  };
}
