import type { JSX } from "preact";
import { className, number, place, probability } from "../../core/numbers";
import type { Path } from "../../core/path";
import type { Chosen } from "../../core/session";
import { Data } from "../../parts/data";

/** Every computed alpha: score, answer and size of the gradient. */
export function PathTable({ path, chosen }: { path: Path; chosen: Chosen }): JSX.Element {
  const { arrays, meta } = path.payload;
  const { classes, logits } = arrays;
  const n = classes.data.length;
  return (
    <Data
      title="the path"
      columns={["alpha", `score, ${meta.unit}`, "prediction", "probability", "Σ |gradient|"]}
      rows={() =>
        path.alphas.map((alpha, i) => {
          const [best] = path.says(i);
          return [
            place(alpha),
            number(arrays.scores.data[i], true),
            className(best[0], chosen.answers),
            probability(best[2]),
            number(arrays.norms.data[i]),
          ];
        })
      }
      csv={() => ({
        columns: ["alpha", "score", "norm", ...Array.from(classes.data, (name) => `logit ${className(name, chosen.classes)}`)],
        rows: path.alphas.map((alpha, i) => [alpha, arrays.scores.data[i], arrays.norms.data[i], ...logits.data.subarray(i * n, (i + 1) * n)]),
      })}
      file={`path-${meta.image ?? "image"}-${meta.target ?? "score"}`}
    />
  );
}
