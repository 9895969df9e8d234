/** What training did to the weights: every layer's histogram over the checkpoints, on the same bins. */
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { HISTOGRAMS } from "../../core/link";
import { chosenRuns, timesOf } from "../../core/runs";
import { useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { saveDrawings } from "../../core/drawing";
import { useStore } from "../../core/store";
import { Choice, Radios, RunChoice } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Player, Slider } from "../../parts/slider";
import { AnswerState, Remark, Stale } from "../../parts/states";
import type { View } from "../view";
import { Card } from "./card";
import { byMovement, changed, elsewhere, everyBin, HEADS, movement, tableRows, weightLayers } from "./facts";
import "./weights.css";

function Weights(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const { model } = useChosen();
  const { runs } = useStore(session.hello);
  const [run] = chosenRuns(runs, link.run, model);
  const answer = useAnswer(model ? ({ kind: "weights", model: model.id, ...(run ? { run: run.id } : {}) } as const) : null);
  const { histogram: way, logs: log } = link;
  const cards = useRef<HTMLDivElement>(null);
  const once = answer.payload?.arrays.steps.data.length === 1;
  useLayoutEffect(() => {
    session.question.set(once ? EXPLANATIONS["weights-now"].question : null);
    return () => session.question.set(null);
  }, [once]);
  const payload = answer.payload;
  const layers = useMemo(() => (payload ? weightLayers(payload) : []), [payload]);
  const times = useMemo(() => (payload ? timesOf(payload.arrays, payload.meta.checkpoints as string[]) : null), [payload]);
  if (!payload || !times) {
    return (
      <>
        <RunChoice run={run?.id} />
        <AnswerState answer={answer} what="Counting the weights" />
        <Explain of="weights" />
      </>
    );
  }
  const at = times.find(link.epoch);
  const move = (to: number): void => go({ epoch: times.at[to] });
  const single = times.at.length === 1;
  const known = movement(layers, times);
  const shown = known && link.layers === "moved" ? byMovement(layers) : layers;
  const ends = layers.flatMap(({ edges }) => [edges[0], edges[edges.length - 1]]);
  const axis = link.common ? ([Math.min(...ends), Math.max(...ends)] as const) : null;
  const file = `weights-${run?.id ?? model.name}`;
  return (
    <div class="weights">
      <div class="settings">
        <RunChoice run={run?.id} />
        {!single && <Radios label="View" value={way} options={HISTOGRAMS.map((each) => [each, each])} onChange={(value) => go({ histogram: value })} />}
        <Choice label="Count" value={log ? "log" : "linear"} options={[["linear", "linear"], ["log", "log"]]} onChange={(value) => go({ logs: value === "log" })} />
        <Radios label="Axis" value={axis ? "common" : "own"} options={[["own", "each layer's own"], ["common", "one for all"]]} onChange={(value) => go({ common: value === "common" })} />
        {known && <Radios label="Order" value={link.layers} options={[["moved", "moved most"], ["model", "as in the model"]]} onChange={(value) => go({ layers: value as "moved" | "model" })} />}
      </div>
      {!single && (
        <div class="settings time">
          <Player stops={times.at.length} at={at} onMove={move} of={times.unit} />
          <Slider label={times.unit === "epoch" ? "Epoch" : "Checkpoint"} max={times.at.length - 1} value={at} onChange={move} spoken={`${times.words(at)}, ${at + 1} of ${times.at.length} checkpoints`} output={times.words(at)} />
        </div>
      )}
      {known && <p data-moved>{known}</p>}
      <p class={known ? "second facts" : ""} data-changed>{changed(layers, at, times)}</p>
      {elsewhere(payload, layers).map((words) => (
        <Remark key={words} says={words} />
      ))}
      <Stale when={answer.previous}>
        <div class="cards" ref={cards}>
          {shown.map((layer) => (
            <Card key={layer.name} {...{ layer, times, at, log, axis }} way={single ? "before and after" : way} />
          ))}
        </div>
      </Stale>
      <AnswerState answer={answer} what="Counting the weights" />
      <p class="second facts">One count scale and one set of bins for each layer{single ? "" : `, the same at every ${times.unit}`}. {axis ? "All axes are those of the layer that reaches farthest." : "Axes differ from layer to layer."} A layer's own axis holds at least 99.9 % of its weights; those beyond it are counted under the chart.</p>
      <Data title={`weights at ${times.words(at)}`} columns={HEADS} rows={() => tableRows(layers, at)} csv={() => everyBin(layers, times)} file={file} onPng={() => void saveDrawings(file, cards.current!, session.root)} note="The CSV holds every bin of every checkpoint." />
      <Explain of={single ? "weights-now" : "weights"} />
    </div>
  );
}

export const view: View = {
  key: "5",
  name: "weights",
  title: EXPLANATIONS.weights.title,
  group: "Inside",
  shows: "weights",
  question: () => EXPLANATIONS.weights.question,
  Component: Weights,
};
