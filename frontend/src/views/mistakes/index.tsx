/** Where a trained model is wrong: its confusion matrix, and the errors that it was surest of. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { chosenRuns } from "../../core/runs";
import { useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { RunChoice } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { NoRun } from "../../parts/states";
import type { View } from "../view";
import { Mistakes } from "./tested";
import "./mistakes.css";

function MistakesView(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink();
  const { model, image } = useChosen();
  const { runs } = useStore(session.hello);
  const [run] = chosenRuns(runs, link.run, model);
  const [more, setMore] = useState(0);
  const tested = useAnswer(run ? ({ kind: "tested", run: run.id, ...(more ? { more } : {}) } as const) : null);
  return (
    <div class="mistakes-view">
      <RunChoice run={run?.id} />
      {run ? (
        <Mistakes
          {...{ run, image }}
          answer={tested}
          onMore={() => setMore(more + 1)}
          onAgain={() => session.answers.forget((request) => request.run === run.id && request.kind === "tested")}
          onImage={(chosen) => go({ image: chosen, view: "why" })}
        />
      ) : (
        <NoRun />
      )}
      <Explain of="mistakes" />
    </div>
  );
}

export const view: View = {
  key: "8",
  name: "mistakes",
  title: EXPLANATIONS.mistakes.title,
  group: "Its mistakes",
  shows: "tested",
  question: () => EXPLANATIONS.mistakes.question,
  Component: MistakesView,
};
