/** Preferences of this browser (theme, single keys, patterns); a sandboxed frame has no storage, and the page goes on. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`innerview ${name}`, value);
  } catch {
    // No storage here.
  }
}

export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`innerview ${name}`);
  } catch {
    return null;
  }
}
