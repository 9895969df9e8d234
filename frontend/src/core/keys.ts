/** Single keys: one table, which is the help screen too. Silent while someone types, and when switched off. */

export interface KeyAction {
  /** As the event names it, upper case for letters: "S", "[", " ", "Escape". */
  key: string;
  says: string;
  run: () => void;
}

const TYPING = new Set(["text", "search", "number", "email", "url", "password", ""]);

/** Whether the event's target takes letters, or the key itself. */
function taken(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  if (target instanceof HTMLInputElement && TYPING.has(target.type)) return true;
  // Space presses what is focused.
  return event.key === " " && target.matches("button, summary, a, input[type=checkbox], input[type=radio], [role=application]");
}

export class Keys {
  readonly #actions: KeyAction[] = [];
  on = true;

  /** Later actions go before earlier ones with the same key. Returns how to take them away. */
  add(actions: readonly KeyAction[]): () => void {
    this.#actions.unshift(...actions);
    return () => {
      for (const action of actions) this.#actions.splice(this.#actions.indexOf(action), 1);
    };
  }

  get list(): readonly KeyAction[] {
    const seen = new Set<string>();
    return this.#actions.filter(({ key }) => !seen.has(key) && seen.add(key));
  }

  handle(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const action = this.#actions.find((known) => known.key === key);
    if (!action || (key !== "Escape" && (!this.on || taken(event)))) return;
    // Esc belongs to an open dialog or a field first; there it has no default to prevent.
    if (key !== "Escape") event.preventDefault();
    action.run();
  }
}
