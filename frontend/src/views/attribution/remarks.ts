/** One sentence for each way in which a map can say little: flat score, baseline equal to the image, non-finite cells. */
import type { MapMeta } from "../../generated/payloads";
import type { MapFacts } from "../../core/maps";
import { count, number } from "../../core/numbers";
import type { ImageBytes } from "../../core/paint";

/** Below this share of the logits' range the change of the score is hardly anything. */
const FLAT = 1e-3;

export function remarks(meta: MapMeta, facts: MapFacts, baseline: ImageBytes | null, image: ImageBytes | null, logits: Float32Array | null): string[] {
  const found: string[] = [];
  const broken = facts.values.reduce((n, v) => n + (Number.isFinite(v) ? 0 : 1), 0);
  if (broken) found.push(`${count(broken)} of ${count(facts.values.length)} pixels are not finite numbers; they are hatched and take no part in the scale.`);
  const equal = baseline && image && baseline.data.length === image.data.length && baseline.data.every((v, i) => v === image.data[i]);
  if (equal) found.push("The baseline equals the image, so there is no change to attribute: choose another baseline.");
  else if (meta.meaning === "contribution" && meta.baseline_score !== null && logits) {
    const range = Math.max(...logits) - Math.min(...logits);
    const moved = Math.abs(meta.score - meta.baseline_score);
    if (facts.total <= FLAT * range) found.push(`The score moves by ${number(moved)} ${meta.unit} from baseline to image: hardly anything to attribute.`);
  }
  for (const note of meta.notes as string[]) found.push(note);
  return found;
}
