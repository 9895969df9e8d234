/** The confusion matrix, and the most confident errors. */
import type { JSX } from "preact";
import { className, count, probability } from "../../core/numbers";
import { type Shown, useLink } from "../../core/session";
import type { Payload } from "../../generated/payloads";
import { Confusion } from "../../parts/confusion";
import { ImagePixels } from "../../parts/pixels";
import { AnswerState, Stale, worded } from "../../parts/states";
import type { RunFacts } from "../../sources/source";

export interface MistakesProps {
  answer: Shown<"tested">;
  /** The run, as it is now. */
  run: RunFacts;
  /** The image in the rail. */
  image: string | null;
  onMore: () => void;
  onAgain: () => void;
  onImage: (image: string) => void;
}

export function Mistakes({ answer, run, image, onMore, onAgain, onImage }: MistakesProps): JSX.Element {
  const { payload, previous } = answer;
  const [{ cell }, go] = useLink("cell");
  const n = (payload?.meta.classes as string[] | undefined)?.length ?? 0;
  const picked = cell && Math.max(...cell) < n ? cell[0] * n + cell[1] : null;
  const old = payload && answer.state === "done" && run.checkpoint !== undefined && run.checkpoint > payload.meta.step;
  return (
    <Stale when={previous}>
      {payload && (
        <Confusion cells={payload.arrays.confusion.data} classes={payload.meta.classes as string[]} what="test images" picked={picked} onPick={(i) => go({ cell: i === picked ? null : [Math.floor(i / n), i % n] })}>
          <p class="second facts">{worded(payload.meta.about)}</p>
        </Confusion>
      )}
      <p class="settings">
        {payload?.meta.more && answer.state === "done" && (
          <button class="small" onClick={onMore}>
            Test four times as many
          </button>
        )}
        {old && (
          <button class="small" onClick={onAgain}>
            Test step {count(run.checkpoint!)}
          </button>
        )}
      </p>
      <AnswerState answer={answer} what="Predicting test images" />
      {payload && <Wrong {...{ payload, image, onImage, picked }} />}
    </Stale>
  );
}

function Wrong({ payload: { arrays, meta }, image, onImage, picked }: { payload: Payload<"tested">; picked: number | null } & Pick<MistakesProps, "image" | "onImage">): JSX.Element | null {
  const [classes, names, held] = [meta.classes, meta.names, meta.held] as string[][];
  const [predicted, label, chance] = [arrays.predicted, arrays.label, arrays.probability].map(({ data }) => data);
  const { data, shape } = arrays.images ?? { data: new Uint8Array(), shape: [0] };
  const [, height = 0, width, channels] = shape;
  const size = height && height * width * channels;
  const only = picked === null ? null : [Math.floor(picked / classes.length), picked % classes.length];
  const chosen = [...names.keys()].filter((i) => !only || (label[i] === only[0] && predicted[i] === only[1]));
  if (!names.length && !meta.mistakes_about) return null;
  return (
    <section aria-label="Most confident errors">
      <h2>Most confident errors</h2>
      {meta.mistakes_about && <p class="second facts">{worded(meta.mistakes_about)}</p>}
      {only && (
        <p class="facts" data-picked>
          {chosen.length ? `${count(chosen.length)} of these` : "None of these"}: {className(only[0], classes)} predicted as {className(only[1], classes)}.
        </p>
      )}
      <ul class="wrong">
        {chosen.map((i) => {
          const name = names[i];
          const words = `${className(predicted[i], classes)} ${probability(chance[i])}`;
          const shown = (
            <>
              {size ? (
                <ImagePixels
                  image={{ data: data.subarray(i * size, (i + 1) * size), shape: [height, width, channels] }}
                  label={`Label ${className(label[i], classes)}, prediction ${words}`}
                  size={96}
                  fixed
                  grid={null}
                />
              ) : (
                name
              )}
              <span>{words}</span>
              <span class="second">label {className(label[i], classes)}</span>
            </>
          );
          return (
            <li key={`${name} ${i}`}>
              {held[i] ? (
                <button type="button" aria-pressed={held[i] === image} title={`Explain ${name}`} onClick={() => onImage(held[i])}>
                  {shown}
                </button>
              ) : (
                shown
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
