/** Rows of attention: what one token takes from the image's own tokens, and from those that are nowhere in it. */
import type { Payload } from "../../generated/payloads";
import { numbers } from "../../core/tensors";

export interface Looking {
  heads: number;
  tokens: number;
  start: number;
  rows: number;
  columns: number;
  /** What `token` takes from the tokens of the grid, row by row; null is the mean over all tokens. */
  row: (head: string, token: number | null) => Float32Array;
  /** And from class and register tokens together. */
  beside: (head: string, token: number | null) => number;
  /** The first token that is nowhere in the image; null where there is none. */
  other: number | null;
}

export function lookingOf({ arrays, meta }: Payload<"attention">): Looking {
  const [heads, tokens] = arrays.weights.shape;
  const weights = numbers(arrays, "weights");
  const rollout = arrays.rollout ? numbers(arrays, "rollout") : null;
  const { start, rows, columns } = meta;
  const size = rows * columns;
  const others = Array.from({ length: tokens }, (_, i) => i).filter((i) => i < start || i >= start + size);
  /** The whole row: of one head, of the rollout, or the mean over the heads. */
  const whole = (head: string, token: number | null): Float32Array => {
    const from = head === "rollout" && rollout ? [rollout] : head === "mean" || Number(head) >= heads || head === "rollout" ? Array.from({ length: heads }, (_, h) => weights.subarray(h * tokens * tokens, (h + 1) * tokens * tokens)) : [weights.subarray(Number(head) * tokens * tokens, (Number(head) + 1) * tokens * tokens)];
    const looks = token === null ? Array.from({ length: tokens }, (_, i) => i) : [Math.min(token, tokens - 1)];
    const out = new Float32Array(tokens);
    for (const matrix of from) for (const at of looks) for (let i = 0; i < tokens; i++) out[i] += matrix[at * tokens + i] / (from.length * looks.length);
    return out;
  };
  return {
    heads,
    tokens,
    start,
    rows,
    columns,
    row: (head, token) => whole(head, token).slice(start, start + size),
    beside: (head, token) => {
      const all = whole(head, token);
      const total = all.reduce((a, b) => a + b, 0);
      return total > 0 ? others.reduce((sum, i) => sum + all[i], 0) / total : 0;
    },
    other: others[0] ?? null,
  };
}
