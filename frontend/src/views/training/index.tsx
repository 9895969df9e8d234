/** When the model learned, and when it learned this image: curves, mistakes, and one image's timeline. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { AXES } from "../../core/link";
import { count } from "../../core/numbers";
import { nearest } from "../../core/path";
import { chosenRuns, timesOf } from "../../core/runs";
import { type Shown, useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { useMapKeys } from "../../parts/overlay";
import { Radios, RunChoice } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { Player, Slider } from "../../parts/slider";
import { AnswerState, NoRun, Remark, Stale } from "../../parts/states";
import type { View } from "../view";
import { Charts } from "./charts";
import { clock, notesOf } from "./curves";
import { Timeline } from "./timeline";
import "./training.css";

/** Runs drawn at most. */
const MOST = 5;

function Training(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const chosen = useChosen();
  const { model, image } = chosen;
  const { runs } = useStore(session.hello);
  const shown = chosenRuns(runs, link.run, model).slice(0, MOST);
  const [run] = shown;
  // A fixed number of questions, since each is a hook.
  const answers: Shown<"run">[] = Array.from({ length: MOST }, (_, i) => useAnswer(shown[i] ? ({ kind: "run", run: shown[i].id } as const) : null));
  const timeline = useAnswer(run && model && image ? ({ kind: "timeline", run: run.id, model: model.id, image } as const) : null);
  const { over: axis, smoothing } = link;
  const times = useMemo(() => (timeline.payload ? timesOf(timeline.payload.arrays) : null), [timeline.payload]);
  useMapKeys();

  const payloads = answers.flatMap(({ payload, previous, state }) => (payload && (!previous || state === "failed") ? [payload] : []));
  if (!run || !payloads.length) {
    return (
      <>
        <RunChoice run={run?.id} />
        {run ? (
          <AnswerState answer={answers[0]} what="Reading the run" />
        ) : (
          <NoRun />
        )}
        <Explain of="training" />
      </>
    );
  }
  const [first] = payloads;
  const { state, step, steps, health } = first.meta;
  const over = axis ?? (Number.isFinite(clock(first, "epoch")(0)) ? "epoch" : "step");
  const at = times?.find(link.epoch) ?? 0;
  const move = (to: number): void => void (times && go({ epoch: times.at[to] }));
  const shownTimeline = timeline.payload;
  const pick = (id: string, on: boolean): void => go({ run: [run.id, ...shown.slice(1).map((each) => each.id), ...(on ? [id] : [])].filter((each) => on || each !== id).join(",") });
  return (
    <div class="training">
      <div class="settings">
        <RunChoice run={run.id} />
        {runs.length > 1 && (
          <fieldset>
            <legend>Compare with</legend>
            {runs
              .filter(({ id }) => id !== run.id)
              .map(({ id, name }) => (
                <label key={id}>
                  <input type="checkbox" checked={shown.some((each) => each.id === id)} onChange={(event) => pick(id, event.currentTarget.checked)} /> {name}
                </label>
              ))}
          </fieldset>
        )}
        <Radios label="Over" value={over} options={AXES.map((each) => [each, each, !Number.isFinite(clock(first, each)(step))])} onChange={(value) => go({ over: value })} />
        <Slider label="Smoothing" max={95} step={5} value={smoothing} onChange={(value) => go({ smoothing: value })} spoken={`${smoothing} percent`} output={`${smoothing} %`} />
      </div>
      <p class="facts" data-run>
        {first.meta.name}: {state}, step {count(step)}
        {steps ? ` of ${count(steps)}` : ""} {state === "running" && <progress max={steps ?? undefined} value={steps ? step : undefined} aria-label="Training" />}
      </p>
      {answers.map((answer, i) => answer.state === "failed" && <AnswerState key={i} answer={answer} what="Reading the run" />)}
      <Charts
        runs={payloads}
        axis={over}
        smoothing={smoothing / 100}
        step={shownTimeline && times ? shownTimeline.arrays.steps.data[at] : null}
        onStep={(to) => shownTimeline && move(nearest(shownTimeline.arrays.steps.data, to))}
      />
      {notesOf(first, chosen.classes.length).map((note) => (
        <p key={note} class="second facts" data-note>
          {note}
        </p>
      ))}
      {times && shownTimeline && (
        <>
          <div class="settings time">
            <Player stops={times.at.length} at={at} onMove={move} of={times.unit} />
            <Slider
              label="Epoch"
              max={times.at.length - 1}
              value={at}
              onChange={move}
              spoken={`${times.words(at)}, ${at + 1} of ${times.at.length} checkpoints`}
              output={times.words(at)}
            />
          </div>
          {shownTimeline.meta.image !== image && !timeline.previous && (
            <p class="second facts">This run recorded no timeline of this image: shown is {shownTimeline.meta.name}.</p>
          )}
          <Stale when={timeline.previous}>
            <Timeline timeline={shownTimeline} times={times} at={at} onMove={move} chosen={chosen} />
          </Stale>
        </>
      )}
      <AnswerState answer={timeline} what="Computing the timeline" />
      <section aria-label="Warnings">
        <h2>Warnings</h2>
        {(health as { words: string }[]).map(({ words }) => (
          <Remark key={words} says={words} />
        ))}
        {!(health as unknown[]).length && <p class="facts">No warnings.</p>}
      </section>
      <Explain of="training" />
    </div>
  );
}

export const view: View = {
  key: "6",
  name: "training",
  title: EXPLANATIONS.training.title,
  group: "How it learnt",
  shows: "run",
  question: () => EXPLANATIONS.training.question,
  Component: Training,
};
