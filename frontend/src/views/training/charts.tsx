/** The curves of one or more runs in small charts, with one cursor. */
import type { JSX } from "preact";
import { count, number, tick } from "../../core/numbers";
import type { Cell } from "../../core/saving";
import type { Payload } from "../../generated/payloads";
import { Lines, Plot, type Series } from "../../parts/chart";
import { Data } from "../../parts/data";
import { type AxisName, clock, type Curve, curvesOf, measures, smooth, usual, valueAt } from "./curves";

export interface ChartsProps {
  /** The run in detail is the first. */
  runs: readonly Payload<"run">[];
  axis: AxisName;
  smoothing: number;
  /** The step of the checkpoint that is shown; null for none. */
  step: number | null;
  onStep: (step: number) => void;
}

const words = (measure: string): string => measure.replace(/_/g, " ");
/** Letters of another run's name beside its curve. */
const NAME = 12;
/** So many times where it began, a run has diverged: its line leaves the chart, in which the others stay legible. */
const FAR = 9;
/** Dashes of other runs: of tests, and of training. */
const DASHES = [
  ["1 3", "1 6"],
  ["10 3", "10 3 1 3"],
  ["4 4", "4 8"],
  ["12 2 2 2 2 2", "14 6"],
] as const;
const UNITS: Record<AxisName, string> = { epoch: "epoch", step: "step", time: "minutes" };

export function Charts(props: ChartsProps): JSX.Element {
  const { runs } = props;
  const lines = runs.map(curvesOf);
  const all = measures(lines.flat());
  const chart = (measure: string): JSX.Element => <Chart key={measure} {...props} measure={measure} lines={lines} />;
  const others = all.filter((measure) => !usual(measure));
  return (
    <>
      <div class="charts">{all.filter(usual).map(chart)}</div>
      {others.length > 0 && (
        <details>
          <summary>Other curves: {others.map(words).join(", ")}</summary>
          <div class="charts">{others.map(chart)}</div>
        </details>
      )}
      <Data
        title="the first run's curves"
        columns={["curve", "points", "first", "last", "smallest", "largest"]}
        rows={() =>
          lines[0].map(({ measure, tested, values }) => [
            `${words(measure)}, ${tested ? "test" : "training"}`,
            count(values.length),
            ...[values[0], values[values.length - 1], Math.min(...values), Math.max(...values)].map((value) => number(value)),
          ])
        }
        csv={() => ({
          columns: ["run", "curve", "tested", "step", "value"],
          rows: runs.flatMap(({ meta }, i) => lines[i].flatMap(({ measure, tested, steps, values }) => Array.from(steps, (step, k): Cell[] => [meta.name, measure, tested ? 1 : 0, step, values[k]]))),
        })}
        file={`curves-${runs[0].meta.name}`}
      />
    </>
  );
}

function Chart({ runs, axis, smoothing, step, onStep, measure, lines }: ChartsProps & { measure: string; lines: Curve[][] }): JSX.Element {
  const percent = measure === "accuracy";
  const factor = percent ? 100 : 1;
  const times = runs.map((run) => clock(run, axis));
  const drawn = lines.flatMap((curves, r) => curves.filter((curve) => curve.measure === measure).map((curve) => ({ ...curve, r })));
  const series = (weight: number): Series[] =>
    drawn.map(({ r, tested, steps, values }) => {
      // A schedule is no measurement: smoothed it would bend.
      const smoothed = tested || measure === "learning_rate" ? values : smooth(values, weight);
      const name = `${tested ? "test" : "train"}${r ? ` ${runs[r].meta.name.slice(0, NAME)}` : ""}`;
      return {
        name,
        points: Array.from(steps, (at, i) => [times[r](at), factor * smoothed[i]] as const),
        colour: r ? `var(--run-${r})` : tested ? "var(--test)" : "var(--train)",
        // Of each run its own dashes, so that they are told apart without colours.
        dash: r ? DASHES[r - 1][Number(!tested)] : tested ? undefined : "6 3",
      };
    });
  const whole = series(0);
  const far = measure === "loss" ? FAR * Math.max(...whole.map(({ points: [[, first]] }) => first)) : Number.POSITIVE_INFINITY;
  const within = (bottom: number, top: number, all: Series[]): Series[] =>
    all.map((each) => ({ ...each, points: each.points.map(([at, value]) => [at, value < bottom || value > top ? Number.NaN : value]) }));
  const raw = within(Number.NEGATIVE_INFINITY, far, whole);
  const points = raw.flatMap((each) => each.points).filter((point) => point.every(Number.isFinite));
  const log = measure === "gradient_norm" && points.some(([, value]) => value > 0);
  // 0, of a model that is dead, has no logarithm
  const values = points.map(([, value]) => value).filter((value) => !log || value > 0);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const shown = smoothing ? within(low, high, series(smoothing)) : raw;
  const room = 0.06 * (high - low || 1);
  const domain: [number, number] = percent ? [0, 100] : log ? [low / 1.2, high * 1.2] : [low >= 0 ? 0 : low - room, high + room];
  const mine = drawn.filter(({ r }) => r === 0);
  const said = (at: number): string => mine.map((curve) => `${curve.tested ? "test" : "train"} ${number(factor * valueAt(curve, at))}${percent ? " %" : ""}`).join(" · ");
  const last = Math.max(...points.map(([x]) => x));
  const stops = mine.flatMap(({ steps }) => [...steps]);
  return (
    <figure>
      <Plot
        title={words(measure)}
        says={`At the end: ${said(Number.POSITIVE_INFINITY)}.`}
        x={{ title: UNITS[axis], domain: [Math.min(0, ...points.map(([x]) => x)), last || 1] }}
        y={{ title: `${words(measure)}${percent ? ", %" : log ? ", log" : ""}`, domain, kind: log ? "log" : "linear", count: 4, format: tick }}
        height={180}
        margin={{ right: runs.length > 1 ? 116 : 44 }}
        onX={(value) => stops.length && onStep(stops.reduce((best, at) => (Math.abs(times[0](at) - value) < Math.abs(times[0](best) - value) ? at : best)))}
      >
        {(space) => (
          <>
            {smoothing > 0 && <Lines room={space} series={raw.map((each) => ({ ...each, faint: true, width: 1 }))} labels={false} />}
            <Lines room={space} series={shown} cursor={step === null ? null : times[0](step)} />
          </>
        )}
      </Plot>
      <figcaption>{said(step ?? Number.POSITIVE_INFINITY)}</figcaption>
    </figure>
  );
}
