/** Hear several events of one target. Returns how to stop. */
export function listen(target: EventTarget, handlers: Record<string, (event: never) => void>): () => void {
  const control = new AbortController();
  for (const [name, handler] of Object.entries(handlers)) target.addEventListener(name, handler as never, { signal: control.signal });
  return () => control.abort();
}
