/** A whole data set that was surveyed: what draws it is a chunk of its own (frontend/dataset), since few pages have one. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { chunk } from "../../core/chunk";
import { EXPLANATIONS } from "../../core/explanations";
import { useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { Explain } from "../../parts/explain";
import { Remark } from "../../parts/states";
import type { View } from "../view";
import "./dataset.css";

function DatasetView(): JSX.Element {
  const session = useSession();
  const { survey } = useStore(session.hello);
  return (
    <div class="dataset">
      <h1 tabIndex={-1}>{EXPLANATIONS.dataset.question}</h1>
      {survey ? (
        <Drawn key={survey.name} />
      ) : (
        <p class="empty">
          No surveyed data set is here. <code>innerview survey MODEL DATA -o ROWS</code> asks about every image, and <code>innerview serve --survey ROWS --data DATA</code> shows them.
        </p>
      )}
      <Explain of="dataset" />
    </div>
  );
}

function Drawn(): JSX.Element {
  const session = useSession();
  const root = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState("");
  useLayoutEffect(() => {
    let gone = false;
    let stop = (): void => {};
    chunk("dataset").then(
      (draw) => {
        if (!gone) stop = draw(root.current!, session);
      },
      (problem: Error) => setFailed(problem.message),
    );
    return () => {
      gone = true;
      stop();
    };
  }, [session]);
  return (
    <>
      {failed && <Remark says={failed} />}
      <div ref={root} class="whole-set" />
    </>
  );
}

export const view: View = {
  key: "D",
  name: "dataset",
  title: EXPLANATIONS.dataset.title,
  group: "Data set",
  shows: "dataset",
  question: () => EXPLANATIONS.dataset.question,
  whole: true,
  Component: DatasetView,
};
