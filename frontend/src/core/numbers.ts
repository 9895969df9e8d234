/**
 * How numbers, classes and errors are written, the same as on the Python side (`innerview.images.words`).
 *
 * Three significant digits, a true minus, the unit once; probabilities with one decimal and never rounded to a
 * certainty that is not there; errors rounded up.
 */

export const MINUS = "−";
export const UNKNOWN = "–";

/** An error of so many times the whole is no figure that more digits would help. */
const LARGE = 1e4;

const grouped = (text: string): string => {
  const [whole, part] = text.split(".");
  const commas = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? commas : `${commas}.${part}`;
};

/** "0.0213", "−1,230", "1.23e−5"; with + on positive numbers if `signed`. */
export function number(value: number, signed = false): string {
  if (Number.isNaN(value)) return UNKNOWN;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Number(Math.abs(value).toPrecision(3));
  const exponent = Math.floor(Math.log10(size) + 1e-12);
  let text: string;
  if (exponent >= -4 && exponent < 6) text = grouped(size.toFixed(Math.max(0, 2 - exponent)));
  else {
    const [mantissa, power] = size.toExponential(2).split("e");
    text = `${mantissa}e${Number(power)}`.replace("-", MINUS);
  }
  return (value < 0 ? MINUS : signed ? "+" : "") + text;
}

/** The limit of a scale, without zeros that say nothing: "0.02", "1.25". */
export function limitText(value: number): string {
  const [digits, power] = number(value).split("e");
  const short = digits.includes(".") ? digits.replace(/0+$/, "").replace(/\.$/, "") : digits;
  return power === undefined ? short : `${short}e${power}`;
}

/** A place on the path: "0.01", "1", "1e−5". */
export function place(alpha: number): string {
  if (alpha === 0) return "0";
  const rounded = Number(alpha.toPrecision(4));
  return Math.abs(rounded) < 1e-4 ? rounded.toExponential().replace("e-", `e${MINUS}`) : String(rounded);
}

/** A place on the path for speech, without powers: "0.00001". */
export const spoken = (alpha: number): string =>
  alpha === 0 ? "0" : alpha.toFixed(Math.max(0, 3 - Math.floor(Math.log10(alpha)))).replace(/0+$/, "").replace(/\.$/, "");

/** "61.3 %", "< 0.1 %", "> 99.9 %"; a dash where there is none. */
export function probability(value: number): string {
  if (Number.isNaN(value)) return UNKNOWN;
  if (value < 0.001) return "< 0.1 %";
  return value > 0.999 ? "> 99.9 %" : `${(100 * value).toFixed(1)} %`;
}

/** How likely a class is; its logit where the model gives no probabilities. */
export const chanceText = (chance: number, logit: number): string => (Number.isFinite(chance) ? probability(chance) : number(logit, true));

/** A counted fraction, where none and all are facts: "0 %", "20 %", "1.2 %", "100 %". */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  if (value === 0 || value === 1) return `${100 * value} %`;
  return value > 1 ? `${number(100 * value)} %` : probability(value).replace(".0 %", " %");
}

/**
 * A relative error with two significant digits, rounded **up**: 0.00831 is "0.84 %".
 *
 * The shortest decimal that names the number is rounded, digit by digit, so that no error is ever shown smaller
 * than it is and 0.0084 stays 0.84.
 */
export function error(value: number): string {
  if (value === 0) return "0 %";
  if (!Number.isFinite(value) || value < 0) return UNKNOWN;
  if (value >= LARGE) return `${number(100 * value)} %`;
  const [mantissa, power] = value.toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power) + 2; // of the percentage
  const kept = Math.max(2, exponent + 1);
  const rest = /[1-9]/.test(digits.slice(kept)) ? 1 : 0;
  const size = (Number(digits.slice(0, kept).padEnd(kept, "0")) + rest) * 10 ** (exponent - kept + 1);
  // One digit less behind the point where rounding up gave one more before it: 0.0999 is "10 %".
  const behind = Math.max(0, kept - 1 - exponent - (size >= 10 ** (exponent + 1) * (1 - 1e-9) ? 1 : 0));
  return `${size.toFixed(behind)} %`;
}

/** An absolute error with two significant digits, rounded up, in the unit of the map: "± 0.00021". */
export function absoluteError(value: number): string {
  const written = error(value / 100);
  return written === UNKNOWN ? UNKNOWN : written.replace(" %", "");
}

/** "9,312". */
export const count = (value: number): string => grouped(String(Math.round(value)));

/** "32 × 32 × 128". */
export const shapeText = (sizes: readonly number[]): string => sizes.join(" × ");

/** A class with its number: "3 cat"; the number alone where there is no name. */
export const classTitle = (index: number, classes: readonly string[]): string =>
  classes[index] === undefined || classes[index] === String(index) ? String(index) : `${index} ${classes[index]}`;

/** A class's bare name; with its number where another has the same, the number alone where there is none. */
export function className(index: number, classes: readonly string[]): string {
  const name = classes[index];
  return name !== undefined && classes.indexOf(name) !== classes.lastIndexOf(name) ? classTitle(index, classes) : (name ?? String(index));
}

/** An axis tick: short, with a true minus and powers as 1e−5. */
export function tick(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return grouped(String(Number(size.toPrecision(6)))).replace(/^/, value < 0 ? MINUS : "");
  return value.toExponential().replace(/-/g, MINUS).replace("e+", "e");
}
