/** Score, answer and gradient along the path, on the slider's own axis; with a pinned pixel its contribution too. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { className, number, place, probability } from "../../core/numbers";
import { useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { type Axis, Lines, Plot, type Series } from "../../parts/chart";
import { landmarks, MARGIN } from "./alpha";
import type { At } from "./index";

const DASHES = [undefined, "6 3", "2 3", "8 3 2 3"];

/** A domain with a little room; never empty. */
function domain(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  const room = 0.06 * (high - low || 1);
  return [low - (low < 0 ? room : 0), high + room];
}

export function PathPlots({ path, alpha, chosen, stop, onMove }: At & { stop: number; onMove: (stop: number) => void }): JSX.Element {
  const { hoverClass } = useSession();
  const [link] = useLink();
  const hovered = useStore(hoverClass);
  const { classes } = chosen;
  const { meta, arrays } = path.payload;
  const { target, versus } = meta;
  // The classes that matter: what is explained, what it is compared with, what is said at the end, and what is hovered.
  const shown = useMemo(() => {
    const said = path.says(path.alphas.length - 1).map(([name]) => name);
    const wanted = [target, versus, ...said].filter((name): name is number => name !== null);
    return [...new Set(wanted)].slice(0, 3);
  }, [path, target, versus]);
  const names = hovered !== null && !shown.includes(hovered) ? [...shown, hovered] : shown;

  const positions = useMemo(() => path.alphas.map((at) => path.stops.indexOf(at)), [path]);
  const series = (of: "logits" | "probabilities", factor: number): Series[] =>
    names.flatMap((name, i): Series[] => {
      const course = path.course(of, name);
      if (!course) return [];
      return [
        {
          name: className(name, classes),
          points: Array.from(course, (value, k) => [positions[k], value * factor] as const),
          dash: DASHES[i],
          width: name === target || name === hovered ? 2.25 : 1.5,
          faint: hovered !== null && hovered !== name,
        },
      ];
    });
  const margin = series("logits", 1);
  // A margin or a contrast is another line than the class's own logit.
  const own = target === null ? null : path.course("logits", target);
  const differs = !own || own.some((value, k) => Math.abs(value - arrays.scores.data[k]) > 1e-3 * Math.max(...own.map(Math.abs)));
  if (differs) {
    const points = Array.from(arrays.scores.data, (value, k) => [positions[k], value] as const);
    margin.unshift({ name: "score", points, width: 2.25 });
    margin.slice(1).forEach((line) => Object.assign(line, { width: 1.25, colour: "var(--second)" }));
  }
  const last = path.stops.length - 1;
  const x: Axis = {
    title: "alpha (stops; closer together near 0)",
    domain: [0, Math.max(1, last)],
    ticks: (room) => landmarks(path.stops, room),
    format: (at) => place(path.stops[at]),
  };
  const shared = { margin: MARGIN, onX: (value: number) => onMove(Math.round(value)) };
  const here = positions.includes(stop) ? stop : path.stops.indexOf(path.alphas[path.at(alpha)]);
  const all = margin.flatMap(({ points }) => points.map(([, value]) => value));
  const chances = series("probabilities", 100);
  const hasChances = chances.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
  const norms = Array.from(arrays.norms.data, (value, k) => [positions[k], value > 0 ? value : Number.NaN] as const);
  const sizes = norms.map(([, value]) => value).filter(Number.isFinite);
  const curve = link.pixel && link.pixel[0] < path.height && link.pixel[1] < path.width ? path.curve(...(link.pixel as [number, number])) : null;
  const points = curve?.map(([at, value]) => [path.stops.indexOf(at), value] as const) ?? [];
  const first = arrays.scores.data[0];
  const end = arrays.scores.data[arrays.scores.data.length - 1];
  return (
    <div class="plots">
      <Plot
        title="Score along the path"
        says={`${meta.target_words}: from ${number(first, true)} to ${number(end, true)} ${meta.unit}.`}
        x={x}
        y={{ title: "logit", domain: domain(all) }}
        height={130}
        bare
        {...shared}
      >
        {(room) => <Lines room={room} series={margin} cursor={here} />}
      </Plot>
      {hasChances && (
        <Plot
          title="Probability along the path"
          says={chances.map(({ name, points: at }) => `${name} ends at ${probability((at[at.length - 1]?.[1] ?? Number.NaN) / 100)}`).join(", ")}
          x={x}
          y={{ title: "probability, %", domain: [0, 100], ticks: [0, 50, 100] }}
          height={100}
          bare
          {...shared}
        >
          {(room) => <Lines room={room} series={chances} cursor={here} />}
        </Plot>
      )}
      {sizes.length > 0 && (
        <Plot
          title="Size of the gradient along the path"
          says={`Sum of |gradient| from ${number(sizes[0])} to ${number(sizes[sizes.length - 1])} ${meta.unit} per unit.`}
          x={x}
          y={{ title: "Σ|grad|, log", kind: "log", domain: [Math.min(...sizes) / 1.3, Math.max(...sizes) * 1.3], count: 3 }}
          height={points.length ? 92 : 130}
          bare={points.length > 0}
          {...shared}
        >
          {(room) => <Lines room={room} series={[{ name: "Σ |grad.|", points: norms, width: 2 }]} cursor={here} />}
        </Plot>
      )}
      {points.length > 0 && link.pixel && (
        <Plot
          title={`Contribution of the pixel in row ${link.pixel[0] + 1}, column ${link.pixel[1] + 1} along the path`}
          says="Gradient × (input − baseline) at every alpha."
          x={x}
          y={{ title: "pixel, logit/α", domain: domain(points.map(([, value]) => value)), count: 3 }}
          height={130}
          {...shared}
        >
          {(room) => <Lines room={room} series={[{ name: `${link.pixel![0]}, ${link.pixel![1]}`, points, width: 2 }]} cursor={here} />}
        </Plot>
      )}
    </div>
  );
}
