/** What training did to the weights: every layer's histogram over the checkpoints, on the same bins. */
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
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
import { changed, elsewhere, everyBin, HEADS, tableRows, weightLayers } from "./facts";
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
  const file = `weights-${run?.id ?? model.name}`;
  return (
    <div class="weights">
      <div class="settings">
        <RunChoice run={run?.id} />
        <Radios label="View" value={way} options={HISTOGRAMS.map((each) => [each, each])} onChange={(value) => go({ histogram: value })} />
        <Choice label="Count" value={log ? "log" : "linear"} options={[["linear", "linear"], ["log", "log"]]} onChange={(value) => go({ logs: value === "log" })} />
      </div>
      <div class="settings time">
        <Player stops={times.at.length} at={at} onMove={move} of={times.unit} />
        <Slider label={times.unit === "epoch" ? "Epoch" : "Checkpoint"} max={times.at.length - 1} value={at} onChange={move} spoken={`${times.words(at)}, ${at + 1} of ${times.at.length} checkpoints`} output={times.words(at)} />
      </div>
      <p data-changed>{changed(layers, at, times)}</p>
      {elsewhere(payload, layers).map((words) => (
        <Remark key={words} says={words} />
      ))}
      <Stale when={answer.previous}>
        <div class="cards" ref={cards}>
          {layers.map((layer) => (
            <Card key={layer.name} {...{ layer, times, at, way, log }} />
          ))}
        </div>
      </Stale>
      <AnswerState answer={answer} what="Counting the weights" />
      <p class="second facts">One count scale and one set of bins for each layer, the same at every {times.unit}. The axis holds at least 99.9 % of the layer's weights; those beyond it are counted under the chart.</p>
      <Data title={`weights at ${times.words(at)}`} columns={HEADS} rows={() => tableRows(layers, at)} csv={() => everyBin(layers, times)} file={file} onPng={() => void saveDrawings(file, cards.current!, session.root)} note="The CSV holds every bin of every checkpoint." />
      <Explain of="weights" />
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
