/** The class's probability over the share of pixels shown: the chosen order against five random ones. */
import type { JSX } from "preact";
import { chanceText, className, count, number, share } from "../../core/numbers";
import { nearest } from "../../core/path";
import { ticks } from "../../core/positions";
import { type Chosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { type Axis, Lines, Plot, type Series } from "../../parts/chart";
import { Data } from "../../parts/data";
import type { Said } from "../../core/said";
import type { KeepAnswers } from "./index";

export const ORDER_TITLES: Record<string, string> = { strongest: "strongest", highest: "for first", lowest: "least first" };

const DASHES: Record<string, string> = { highest: "6 3", strongest: "9 3 2 3", lowest: "3 5" };

interface KeepChartProps {
  keep: KeepAnswers;
  chosen: Chosen;
  target: number;
  at: number;
  painted: { part: number; said: Said } | null;
  onShare: (percent: number) => void;
}

export function KeepChart({ keep, chosen, target, at, painted, onShare }: KeepChartProps): JSX.Element | null {
  const [link] = useLink();
  const hovered = useStore(useSession().hoverClass);
  const about = hovered !== null && keep.course("logits", 0, hovered) ? hovered : target;
  const likely = keep.course("probabilities", 0, about);
  if (!likely) return null;
  const chances = Number.isFinite(likely[likely.length - 1]);
  const of = chances ? "probabilities" : "logits";
  const factor = chances ? 100 : 1;
  const shares = Array.from(keep.payload.arrays.shares.data, (part) => 100 * part);
  const random = keep.indices("random").map((i) => keep.course(of, i, about)!);
  const mean = shares.map((_, k) => (factor * random.reduce((sum, course) => sum + course[k], 0)) / random.length);
  const shown: Series[] = ["highest", "strongest", "lowest"].flatMap((order): Series[] => {
    const [i] = keep.indices(order);
    const chosenOrder = order === link.order;
    if (i === undefined || (!chosenOrder && link.order !== "random" && order !== "lowest")) return [];
    const course = keep.course(of, i, about)!;
    return [
      {
        name: ORDER_TITLES[order],
        points: shares.map((x, k) => [x, factor * course[k]] as const),
        width: chosenOrder ? 2.25 : 1.5,
        dash: chosenOrder ? undefined : DASHES[order],
        colour: chosenOrder ? "var(--text)" : "var(--second)",
      },
    ];
  });
  shown.push({ name: "random", points: shares.map((x, k) => [x, mean[k]] as const), colour: "var(--before)", ...(link.order === "random" ? { width: 2.25 } : { dash: "2 3" }) });
  const band = shares.map((x, k): [number, number, number] => {
    const values = random.map((course) => factor * course[k]);
    return [x, Math.min(...values), Math.max(...values)];
  });
  const all = [...shown.flatMap(({ points }) => points.map(([, y]) => y)), ...band.flat()];
  const y: Axis = chances
    ? { title: `p(${className(about, chosen.classes)}), %`, domain: [0, 100], ticks: [0, 25, 50, 75, 100] }
    : { title: `logit of ${className(about, chosen.classes)}`, domain: [Math.min(...all), Math.max(...all)] };
  const dot = painted?.said.find(([name]) => name === about);
  return (
    <div class="keep-chart">
      <Plot
        title={`${className(about, chosen.classes)} by share of pixels shown`}
        says={`At ${share(shares[at] / 100)} of the pixels: ${shown.map(({ name, points }) => `${name} ${number(points[at][1])}`).join(", ")}${chances ? " percent" : ""}.`}
        x={{ title: "pixels shown, %", domain: [0, 100], ticks: (room) => ticks(0, 100, room / 40) }}
        y={y}
        height={200}
        margin={{ right: 84 }}
        onX={(percent) => onShare(Math.round(shares[nearest(shares, percent)]))}
      >
        {(room) => (
          <>
            <Lines room={room} series={shown} bands={[{ points: band }]} cursor={painted ? null : shares[at]} />
            {dot && painted && (
              <g transform={`translate(${room.x(100 * painted.part)} ${room.y(factor * (chances ? dot[2] : dot[1]))})`}>
                <path d="M-5,-5L5,5M-5,5L5,-5" stroke="var(--text)" stroke-width="2" />
                <text x={8} dy="-0.3em" class="label">
                  your choice
                </text>
              </g>
            )}
          </>
        )}
      </Plot>
      <p class="second facts">Grey: mean and range of five random choices of as many pixels.</p>
    </div>
  );
}

export function KeepTable({ keep, chosen, target }: { keep: KeepAnswers; chosen: Chosen; target: number }): JSX.Element {
  const { shares, kept, classes, logits, probabilities } = keep.payload.arrays;
  const orders = ["highest", "strongest", "lowest", "random"].filter((order) => keep.indices(order).length);
  const n = classes.data.length;
  return (
    <Data
      title="answers by share"
      columns={["share", "pixels", ...orders.map((order) => `${ORDER_TITLES[order] ?? "random (mean)"} says`), `p(${className(target, chosen.classes)}), ${ORDER_TITLES[orders[0]]}`]}
      rows={() =>
        Array.from(shares.data, (part, k) => {
          const first = keep.said(orders[0], k).find(([name]) => name === target);
          return [
            share(part),
            count(kept.data[k]),
            ...orders.map((order) => className(keep.said(order, k)[0][0], chosen.answers)),
            first ? chanceText(first[2], first[1]) : "–",
          ];
        })
      }
      csv={() => ({
        columns: ["order", "share", "pixels", ...Array.from(classes.data, (name) => `logit ${className(name, chosen.classes)}`), ...Array.from(classes.data, (name) => `probability ${className(name, chosen.classes)}`)],
        rows: keep.orders.flatMap((order, o) =>
          Array.from(shares.data, (part, k) => {
            const from = (o * shares.data.length + k) * n;
            return [order, part, kept.data[k], ...logits.data.subarray(from, from + n), ...probabilities.data.subarray(from, from + n)];
          }),
        ),
      })}
      file={`keep-${keep.payload.meta.picture ?? "picture"}-${target}`}
    />
  );
}
