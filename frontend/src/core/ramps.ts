/**
 * Colours for numbers, from the same table file as the Python side, so that both paint the same pixels.
 *
 * Two signed ramps (*evidence*: blue for, red against a class; *value*: green above, purple below zero) and *amount*.
 * 255 entries: zero has one of its own (127), and the negated number always gets the mirrored one.
 */
import table from "../../../src/innerview/pictures/ramps.json";

export type RampName = "evidence" | "value" | "amount";
export type Theme = "light" | "dark";
/** 255 × 3 bytes. */
export type Ramp = Uint8Array;

export const ENTRIES = 255;
export const MIDDLE = 127;

export const parseColour = (colour: string): [number, number, number] => [
  Number.parseInt(colour.slice(1, 3), 16),
  Number.parseInt(colour.slice(3, 5), 16),
  Number.parseInt(colour.slice(5, 7), 16),
];

/** Round to nearest, halves to even: as NumPy does. */
export function rint(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

const made = new Map<string, Ramp>();

/** Entry 127 + 127 t of a signed ramp for t in [−1, 1], entry 254 t of amounts for t in [0, 1]. */
export function ramp(name: RampName, theme: Theme): Ramp {
  const key = `${name} ${theme}`;
  const known = made.get(key);
  if (known) return known;
  const signed = name !== "amount";
  const stops = signed ? table.stops : [0, 1];
  const colours = (name === "amount" ? table.amount : table.signed[name])[theme].map(parseColour);
  const result = new Uint8Array(ENTRIES * 3);
  for (let i = 0; i < ENTRIES; i++) {
    const at = signed ? (i - MIDDLE) / MIDDLE : i / (ENTRIES - 1);
    let k = 0;
    while (k < stops.length - 2 && at >= stops[k + 1]) k++;
    const t = (at - stops[k]) / (stops[k + 1] - stops[k]);
    for (let c = 0; c < 3; c++) result[3 * i + c] = rint(colours[k][c] + (colours[k + 1][c] - colours[k][c]) * t);
  }
  made.set(key, result);
  return result;
}

const clamp = (t: number, low: number): number => (t < low ? low : t > 1 ? 1 : t);

/** The entry of a value on a scale from −limit to limit; NaN sits at zero (whoever draws it hatches it). */
export function entry(value: number, limit: number, name: RampName): number {
  const t = value / limit;
  if (Number.isNaN(t)) return name === "amount" ? 0 : MIDDLE;
  return name === "amount" ? rint(clamp(t, 0) * (ENTRIES - 1)) : MIDDLE + rint(clamp(t, -1) * MIDDLE);
}
