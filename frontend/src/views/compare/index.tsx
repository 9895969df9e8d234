/** What differs between A and B on one scale, when exactly one choice varies. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { listen } from "../../core/listen";
import { type Link, PANES, VARIED, WAYS } from "../../core/link";
import { absoluteError, chanceText, className, count, number } from "../../core/numbers";
import { chosenRuns, timesOf } from "../../core/runs";
import { saidOf } from "../../core/said";
import { ownLimit, type Scale } from "../../core/scale";
import { mapRequest, type Shown, useAnswer, useChosen, useKeys, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import type { ImageBytes } from "../../core/paint";
import type { Request } from "../../sources/source";
import { useMapKeys } from "../../parts/overlay";
import { Choice, Radios } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels } from "../../parts/pixels";
import { Slider } from "../../parts/slider";
import { AnswerState, Stale } from "../../parts/states";
import { VerdictLine } from "../../parts/verdict";
import type { View } from "../view";
import { difference, type Difference, timelineSide, mapSide, mixed, scales, type Side, whyNot } from "./facts";
import "./compare.css";

type Vary = (typeof VARIED)[number];
const PHONE = (): MediaQueryList => matchMedia("(max-width: 599px)");
const STRONGEST = 20;

/** What can be A or B: an id as in the link, its words, whether it is not there. */
type Option = readonly [id: string, words: string, missing: boolean];

interface Variable {
  a: string;
  options: Option[];
  /** Which part of the question it changes. */
  field: keyof Request;
  value: (id: string) => string | number;
  /** Make it A. */
  pick: (id: string) => Partial<Link>;
}

function Compare(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const chosen = useChosen();
  const hello = useStore(session.hello);
  const { model, image, target, ranking, classes, subject, method, baseline } = chosen;
  const [run] = chosenRuns(hello.runs, link.run, model);
  const timeline = useAnswer(link.vary === "epoch" && run && model && image ? ({ kind: "timeline", run: run.id, model: model.id, image } as const) : null);
  const times = useMemo(() => (timeline.payload ? timesOf(timeline.payload.arrays) : null), [timeline.payload]);
  const question = mapRequest(link.vary === "class" ? { ...chosen, versus: null } : chosen, link.tolerance);
  const held = (field: keyof Request) => {
    const found = question && session.source.choices(question, field);
    return (value: unknown): boolean => found !== null && !found.has(value) && !found.has(null);
  };
  const missing = { target: held("target"), image: held("image"), model: held("model"), method: held("method") };
  const classesHeld = { target, versus: chosen.versus };
  const variables: Record<Vary, Variable> = {
    class: {
      a: String(target),
      options: ranking.map((i) => [String(i), className(i, classes), missing.target(i)]),
      field: "target",
      value: Number,
      pick: (id) => ({ target: Number(id) }),
    },
    image: {
      a: image ?? "",
      options: hello.samples.map((sample) => [sample.image, sample.name, missing.image(sample.image)]),
      field: "image",
      value: String,
      pick: (id) => ({ image: id, ...classesHeld }),
    },
    model: {
      a: model?.id ?? "",
      options: hello.models.map(({ id, name }) => [id, name, missing.model(id)]),
      field: "model",
      value: String,
      pick: (id) => ({ model: id, ...classesHeld }),
    },
    method: {
      a: method,
      options: (model?.methods ?? []).map((name) => [name, name.replace(/-/g, " "), missing.method(name)]),
      field: "method",
      value: String,
      pick: (id) => ({ method: id }),
    },
    epoch: {
      a: times ? String(times.at[times.find(link.epoch)]) : "",
      options: times ? times.at.map((time, i) => [String(time), times.words(i), false]) : [],
      field: "run",
      value: String,
      pick: (id) => ({ epoch: Number(id) }),
    },
  };
  const { vary } = link;
  const { a, options, field, value, pick } = variables[vary];
  const usable = options.filter(([id, , gone]) => id !== a && !gone);
  const b = (usable.find(([id]) => id === link.other) ?? usable[0])?.[0] ?? null;
  const words = (id: string | null): string => options.find(([each]) => each === id)?.[1] ?? "";
  const asks = vary !== "epoch" && b !== null ? question : null;
  const answers = [useAnswer(asks), useAnswer(asks && { ...asks, [field]: value(b!) })];
  const seen = model && image && b && (vary === "image" || vary === "model") ? ({ kind: "subject", model: model.id, image, [vary]: b } as const) : null;
  const other = useAnswer(seen && session.source.can(seen) ? seen : null);
  const swap = (): void => void (b && go({ ...pick(b), other: a }));
  const sides = useMemo((): (Side | null)[] => {
    const mine = subject.payload?.arrays.image ?? null;
    if (vary === "epoch") {
      const found = timeline.payload;
      return [a, b].map((id) => (found && times && id ? timelineSide(words(id), found, times.find(Number(id))) : null));
    }
    const images = [mine, vary === "image" ? (other.payload?.arrays.image ?? null) : mine];
    return answers.map(({ payload, state }, i) => (payload && state !== "failed" ? mapSide(words(i ? b : a), payload, images[i]) : null));
  }, [vary, a, b, timeline.payload, subject.payload, other.payload, answers[0].payload, answers[1].payload, answers[0].state, answers[1].state]);
  const [first, second] = sides;
  useKeys([{ key: "X", says: "Swap A and B", run: swap }]);
  useMapKeys(first && second && scales(first, second, "per-image")[0].limit);
  const shared = Object.entries({
    image: `image ${subject.payload?.meta.name ?? image}`,
    class: `class ${target === null ? "" : className(target, classes)}${chosen.versus === null || vary === "class" ? "" : ` versus ${className(chosen.versus, classes)}`}`,
    model: `model ${model?.name}`,
    method: method.replace(/-/g, " "),
    baseline: `baseline ${baseline}`,
  }).flatMap(([key, text]) => (key === vary ? [] : [text]));
  // A timeline has its own image and target.
  const same = vary === "epoch" && timeline.payload ? [`image ${timeline.payload.meta.name}`, timeline.payload.meta.target_words, `run ${run?.name}`] : shared;
  return (
    <div class="compare">
      <div class="settings">
        <Choice
          label="Vary"
          value={vary}
          options={VARIED.map((each) => [each, each, each !== "epoch" ? variables[each].options.length < 2 : !run])}
          onChange={(next) => go({ vary: next, other: "" })}
        />
        <Choice label="A" value={a} options={options.map(([id, text, gone]) => [id, text, gone || id === b])} onChange={(id) => go(pick(id))} />
        <Choice label="B" value={b ?? ""} options={options.map(([id, text, gone]) => [id, text, gone || id === a])} onChange={(id) => go({ other: id })} />
        <button type="button" onClick={swap} disabled={b === null}>
          Swap <kbd>X</kbd>
        </button>
      </div>
      <p data-predicts>
        <Predicts of={subject} answers={chosen.answers} letter={other.payload ? "A" : "Both"} />
        <Predicts of={other} answers={hello.models.find(({ id }) => id === (vary === "model" ? b : model?.id))?.answers ?? []} letter="B" />
      </p>
      <p class="second facts" data-same>
        The same for both: {same.join(" · ")}
      </p>
      {b === null && answers.every(({ state }) => state !== "failed") && (!run || vary !== "epoch") && (
        <p class="empty">
          There is no second {vary} here{session.source.state === "file" && <>; for more: <code>innerview serve</code></>}.
        </p>
      )}
      {first && second && (
        <Stale when={subject.previous || (vary === "epoch" ? [timeline] : answers).some(({ previous }) => previous)}>
          <Panes a={first} b={second} vary={vary} asked={[asks, asks && { ...asks, [field]: value(b!) }]} />
        </Stale>
      )}
      {vary === "epoch" ? <AnswerState answer={timeline} what="Computing the timeline" /> : answers.map((answer, i) => <AnswerState key={i} answer={answer} what={`Computing ${"AB"[i]}`} />)}
      <Explain of="compare" />
    </div>
  );
}

/** What is predicted of a side's image. */
function Predicts({ of, answers, letter }: { of: Shown<"subject">; answers: readonly string[]; letter: string }): JSX.Element | null {
  if (!of.payload || of.previous) return null;
  const [[said, logit, chance]] = saidOf(of.payload.arrays);
  return (
    <span>
      {letter}: <strong>{className(said, answers)}</strong> {chanceText(chance, logit)}{" "}
    </span>
  );
}

type Asked = Parameters<typeof VerdictLine>[0]["of"];

function Panes({ a, b, vary, asked }: { a: Side; b: Side; vary: Vary; asked: [Asked, Asked] }): JSX.Element {
  const [link, go] = useLink();
  const [phone, setPhone] = useState(PHONE().matches);
  // Where nothing was picked the first, on a phone the second.
  const way = link.way ?? WAYS[Number(phone)];
  const cut = Math.round((link.edge / 100) * a.width);
  const move = (at: number): void => go({ edge: Math.round((1000 * at) / a.width) / 10 });
  const reason = whyNot(a, b, vary);
  const gap = useMemo(() => (reason ? null : difference(a, b)), [a, b, reason]);
  useEffect(() => listen(PHONE(), { change: (event: MediaQueryListEvent) => setPhone(event.matches) }), []);
  const [left, right] = scales(a, b, link.scale);
  const fits = a.width === b.width && a.height === b.height && a.ramp === b.ramp && a.image?.data.length === b.image?.data.length;
  const panes: Record<string, () => JSX.Element> = {
    A: () => <Pane key="A" letter="A" side={a} asked={asked[0]} scale={left} keyboard />,
    B: () => <Pane key="B" letter="B" side={b} asked={asked[1]} scale={right} keyboard={way !== "side by side"} />,
    ...(gap ? { "A − B": () => <Gap key="gap" gap={gap} a={a} b={b} /> } : {}),
  };
  const one = link.pane in panes ? link.pane : "A";
  return (
    <>
      <div class="settings">
        <Radios label="Show" value={way} options={WAYS.map((each) => [each, each, each === "swipe" && !fits])} onChange={(value) => go({ way: value })} />
        {way === "one at a time" && <Radios label="Now" value={one} options={PANES.filter((each) => each in panes).map((each) => [each, each])} onChange={(value) => go({ pane: value })} />}
      </div>
      {way === "swipe" && fits ? (
        <div class="single">
          <Pane
            letter="A | B"
            side={{
              ...a,
              words: `${a.words} | ${b.words}`,
              values: mixed(a.values, b.values, a.width, cut),
              image: a.image && b.image && ({ ...a.image, data: mixed(a.image.data, b.image.data, a.width, cut, a.image.shape[2]) } satisfies ImageBytes),
              certificate: `A: ${a.certificate} · B: ${b.certificate}`,
            }}
            scale={left}
            keyboard
          >
            <Edge at={cut} of={a.width} onMove={move} />
          </Pane>
          <Slider label="Swipe" max={a.width} value={cut} onChange={move} spoken={`A up to column ${cut}`} output={`${cut} of ${a.width}`} />
        </div>
      ) : (
        <div class={way === "one at a time" ? "single" : "panes"}>{way === "one at a time" ? panes[one]() : Object.values(panes).map((pane) => pane())}</div>
      )}
      <Pixel a={a} b={b} gap={gap} />
      {reason && <p class="facts" data-reason>{reason}</p>}
      {gap && (
        <p class="facts" data-within>
          {gap.within
            ? `${count(gap.cells)} of ${count(gap.values.length)} cells differ by less than both errors together (hatched).`
            : "At least one of the two has no error estimate, so nothing can be called too small to count."}{" "}
          Correlation of the two maps: {number(gap.correlation)}.
        </p>
      )}
      <DifferenceTable a={a} b={b} gap={gap} />
    </>
  );
}

/** The edge between A and B, to be dragged; keys move the slider under the map. */
function Edge({ at, of, onMove }: { at: number; of: number; onMove: (at: number) => void }): JSX.Element {
  const held = useRef(false);
  return (
    <span
      class="edge"
      aria-hidden="true"
      style={{ left: `${(100 * at) / of}%` }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        held.current = true;
      }}
      onPointerMove={(event) => {
        if (!held.current) return;
        const box = event.currentTarget.parentElement!.getBoundingClientRect();
        onMove(Math.max(0, Math.min(of, Math.round((of * (event.clientX - box.left)) / box.width))));
      }}
      onPointerUp={() => {
        held.current = false;
      }}
    />
  );
}

function Pane({ letter, side, asked = null, scale, keyboard, children }: { letter: string; side: Side; asked?: Asked; scale: Scale; keyboard?: boolean; children?: ComponentChildren }): JSX.Element {
  const [link] = useLink();
  const { words, values, height, width, unit, ramp } = side;
  const fits = side.image && side.image.shape[0] === height && side.image.shape[1] === width;
  return (
    <figure data-side={letter}>
      <h2>
        {letter} <span class="second">{words}</span>
      </h2>
      <MapPixels
        {...{ values, height, width, ramp, keyboard }}
        limit={scale.limit}
        image={fits ? side.image : null}
        overlay={link.overlay}
        label={`${letter}, ${words}: from ${number(Math.min(...values), true)} to ${number(Math.max(...values), true)} ${unit}`}
        size={640}
      >
        {children}
      </MapPixels>
      <Legend scale={scale} unit={unit} name={ramp} values={values} ends={ramp === "evidence" ? ["against", "for"] : undefined} overlay={fits ? link.overlay : null} pin={letter !== "B"} />
      <p class="second facts">{side.certificate}</p>
      <VerdictLine of={asked} />
    </figure>
  );
}

function Gap({ gap: { values, within }, a, b }: { gap: Difference; a: Side; b: Side }): JSX.Element {
  const limit = useMemo(() => ownLimit(values), [values]);
  return (
    <figure data-side="A − B">
      <h2>
        A − B <span class="second">difference</span>
      </h2>
      <MapPixels
        {...{ values, limit }}
        height={a.height}
        width={a.width}
        ramp="value"
        hatched={within}
        label={`${a.words} minus ${b.words}: from ${number(Math.min(...values), true)} to ${number(Math.max(...values), true)} ${a.unit}`}
        size={640}
      />
      <Legend scale={{ limit, mode: "per-image" }} unit={a.unit} name="value" values={values} ends={["more in B", "more in A"]} />
      {within && <p class="second facts">grey, hatched: within the error of both</p>}
    </figure>
  );
}

function Pixel({ a, b, gap }: { a: Side; b: Side; gap: Difference | null }): JSX.Element {
  const { hover } = useSession();
  const [link] = useLink();
  const pixel = useStore(hover) ?? link.pixel;
  if (!pixel || pixel[0] >= a.height || pixel[1] >= a.width) return <p class="second facts">Point at a pixel for its numbers.</p>;
  const i = pixel[0] * a.width + pixel[1];
  const told = ({ values, error, unit }: Pick<Side, "values" | "error"> & { unit: string }): string =>
    `${number(values[i], true)}${error ? ` ± ${absoluteError(error[i])}` : ""} ${unit}`;
  return (
    <p class="facts" data-readout>
      Row {pixel[0] + 1}, column {pixel[1] + 1}: A {told(a)} · B {i < b.values.length ? told(b) : "–"}
      {gap && ` · A − B ${told({ ...gap, unit: a.unit })}${gap.within?.[i] ? ", within the error" : ""}`}
    </p>
  );
}

function DifferenceTable({ a, b, gap }: { a: Side; b: Side; gap: Difference | null }): JSX.Element | null {
  if (!gap) return null;
  const { values, error, within } = gap;
  const order = (): number[] => [...values.keys()].sort((i, j) => Math.abs(values[j]) - Math.abs(values[i]));
  const place = (i: number): [number, number] => [Math.floor(i / a.width) + 1, (i % a.width) + 1];
  return (
    <Data
      title="largest differences"
      columns={["row", "column", "A", "B", `A − B, ${a.unit}`, "both errors"]}
      rows={() =>
        order()
          .slice(0, STRONGEST)
          .map((i) => [...place(i).map(String), ...[a.values[i], b.values[i], values[i]].map((v) => number(v, true)), error ? `${absoluteError(error[i])}${within![i] ? " (within)" : ""}` : "–"])
      }
      csv={() => ({ columns: ["row", "column", "a", "b", "difference", "error"], rows: order().map((i) => [...place(i), a.values[i], b.values[i], values[i], error ? error[i] : ""]) })}
      file="compare"
      note={`The ${STRONGEST} largest; the CSV holds every cell.`}
    />
  );
}

export const view: View = {
  key: "7",
  name: "compare",
  title: EXPLANATIONS.compare.title,
  group: "Compare",
  shows: "map",
  question: () => EXPLANATIONS.compare.question,
  Component: Compare,
};
