/** The class's probability over the fraction of pixels shown: the chosen order against five random ones. */
import type { JSX } from "preact";
import { chanceText, className, count, number, percent } from "../../core/numbers";
import { nearest } from "../../core/path";
import { ticks } from "../../core/positions";
import { type Chosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { type Axis, Lines, Plot, type Series } from "../../parts/chart";
import { Data } from "../../parts/data";
import type { Said } from "../../core/said";
import type { MaskingAnswers } from "./index";

export const ORDER_TITLES: Record<string, string> = { strongest: "largest |v|", highest: "highest first", lowest: "lowest first" };

const DASHES: Record<string, string> = { highest: "6 3", strongest: "9 3 2 3", lowest: "3 5" };

interface MaskingChartProps {
  masking: MaskingAnswers;
  chosen: Chosen;
  target: number;
  at: number;
  painted: { part: number; said: Said } | null;
  onFraction: (percent: number) => void;
}

export function MaskingChart({ masking, chosen, target, at, painted, onFraction }: MaskingChartProps): JSX.Element | null {
  const [link] = useLink();
  const hovered = useStore(useSession().hoverClass);
  const about = hovered !== null && masking.course("logits", 0, hovered) ? hovered : target;
  const likely = masking.course("probabilities", 0, about);
  if (!likely) return null;
  const chances = Number.isFinite(likely[likely.length - 1]);
  const of = chances ? "probabilities" : "logits";
  const factor = chances ? 100 : 1;
  const fractions = Array.from(masking.payload.arrays.fractions.data, (part) => 100 * part);
  const random = masking.indices("random").map((i) => masking.course(of, i, about)!);
  const mean = fractions.map((_, k) => (factor * random.reduce((sum, course) => sum + course[k], 0)) / random.length);
  const shown: Series[] = ["highest", "strongest", "lowest"].flatMap((order): Series[] => {
    const [i] = masking.indices(order);
    const chosenOrder = order === link.order;
    if (i === undefined || (!chosenOrder && link.order !== "random" && order !== "lowest")) return [];
    const course = masking.course(of, i, about)!;
    return [
      {
        name: ORDER_TITLES[order],
        points: fractions.map((x, k) => [x, factor * course[k]] as const),
        width: chosenOrder ? 2.25 : 1.5,
        dash: chosenOrder ? undefined : DASHES[order],
        colour: chosenOrder ? "var(--text)" : "var(--second)",
      },
    ];
  });
  shown.push({ name: "random", points: fractions.map((x, k) => [x, mean[k]] as const), colour: "var(--before)", ...(link.order === "random" ? { width: 2.25 } : { dash: "2 3" }) });
  const band = fractions.map((x, k): [number, number, number] => {
    const values = random.map((course) => factor * course[k]);
    return [x, Math.min(...values), Math.max(...values)];
  });
  const all = [...shown.flatMap(({ points }) => points.map(([, y]) => y)), ...band.flat()];
  const y: Axis = chances
    ? { title: `p(${className(about, chosen.classes)}), %`, domain: [0, 100], ticks: [0, 25, 50, 75, 100] }
    : { title: `logit of ${className(about, chosen.classes)}`, domain: [Math.min(...all), Math.max(...all)] };
  const dot = painted?.said.find(([name]) => name === about);
  return (
    <div class="masking-chart">
      <Plot
        title={`${className(about, chosen.classes)} by fraction of pixels shown`}
        says={`At ${percent(fractions[at] / 100)} of the pixels: ${shown.map(({ name, points }) => `${name} ${number(points[at][1])}`).join(", ")}${chances ? " percent" : ""}.`}
        x={{ title: "pixels shown, %", domain: [0, 100], ticks: (room) => ticks(0, 100, room / 40) }}
        y={y}
        height={200}
        margin={{ right: 84 }}
        onX={(percent) => onFraction(Math.round(fractions[nearest(fractions, percent)]))}
      >
        {(room) => (
          <>
            <Lines room={room} series={shown} bands={[{ points: band }]} cursor={painted ? null : fractions[at]} />
            {dot && painted && (
              <g transform={`translate(${room.x(100 * painted.part)} ${room.y(factor * (chances ? dot[2] : dot[1]))})`}>
                <path d="M-5,-5L5,5M-5,5L5,-5" stroke="var(--text)" stroke-width="2" />
                <text x={8} dy="-0.3em" class="label">
                  your mask
                </text>
              </g>
            )}
          </>
        )}
      </Plot>
      <p class="second facts">Grey: mean and range of five random orders.</p>
    </div>
  );
}

export function MaskingTable({ masking, chosen, target }: { masking: MaskingAnswers; chosen: Chosen; target: number }): JSX.Element {
  const { fractions, n_pixels, classes, logits, probabilities } = masking.payload.arrays;
  const orders = ["highest", "strongest", "lowest", "random"].filter((order) => masking.indices(order).length);
  const n = classes.data.length;
  return (
    <Data
      title="predictions by fraction"
      columns={["fraction", "pixels", ...orders.map((order) => `${ORDER_TITLES[order] ?? "random (mean)"}: prediction`), `p(${className(target, chosen.classes)}), ${ORDER_TITLES[orders[0]]}`]}
      rows={() =>
        Array.from(fractions.data, (part, k) => {
          const first = masking.said(orders[0], k).find(([name]) => name === target);
          return [
            percent(part),
            count(n_pixels.data[k]),
            ...orders.map((order) => className(masking.said(order, k)[0][0], chosen.answers)),
            first ? chanceText(first[2], first[1]) : "–",
          ];
        })
      }
      csv={() => ({
        columns: ["order", "fraction", "pixels", ...Array.from(classes.data, (name) => `logit ${className(name, chosen.classes)}`), ...Array.from(classes.data, (name) => `probability ${className(name, chosen.classes)}`)],
        rows: masking.orders.flatMap((order, o) =>
          Array.from(fractions.data, (part, k) => {
            const from = (o * fractions.data.length + k) * n;
            return [order, part, n_pixels.data[k], ...logits.data.subarray(from, from + n), ...probabilities.data.subarray(from, from + n)];
          }),
        ),
      })}
      file={`masking-${masking.payload.meta.image ?? "image"}-${target}`}
    />
  );
}
