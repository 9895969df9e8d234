import { useState } from "preact/hooks";

let made = 0;

/** An id that nothing else on the page has; preact's own counts anew in every root, and a notebook shows several. */
export const useUnique = (): string => useState(() => `innerview-${++made}`)[0];
