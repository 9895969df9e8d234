/** What parts of the image say alone: asked of a small image when all else is there, else when somebody wants to know. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { count } from "../../core/numbers";
import type { ImageBytes } from "../../core/paint";
import { type Chosen, useAnswer, useSession } from "../../core/session";
import { useStore } from "../../core/store";
import { ImagePixels } from "../../parts/pixels";
import { AnswerState } from "../../parts/states";

const SIDE = 152;
/** Pixels along the longer side of an image that is asked about without a question: some seconds of processor time. */
const SMALL = 64;
const TITLES: Record<string, string> = { other: "something else", alone: "smallest alone", "in place": "smallest in place" };

type Window = [left: number, top: number, width: number, height: number];

/** `free`: what everybody looks at is there, and nothing else is being worked out. */
export function WhatPartsSay({ chosen, free }: { chosen: Chosen; free: boolean }): JSX.Element | null {
  const session = useSession();
  const { parts } = useStore(session.hello);
  const { model, image, subject } = chosen;
  const request = model && image ? { kind: "parts" as const, model: model.id, image } : null;
  const possible = request !== null && session.source.can(request);
  const about = `${model?.id} ${image}`;
  const [choice, choose] = useState({ about: "", ask: false });
  const [height, width] = subject.payload?.arrays.image.shape ?? [Infinity, Infinity];
  const wanted = choice.about === about ? choice.ask : free && Math.max(height, width) <= SMALL;
  // What is known, or held by a file, is shown without a question.
  const asked = possible && (wanted || !session.source.connection || session.answers.known(request)?.state === "done");
  const answer = useAnswer(asked ? request : null);
  if (!possible || !model?.decides || !subject.payload) return null;
  const busy = answer.state === "waiting";
  return (
    <section class="say" aria-label="What parts say alone">
      {asked ? (
        <>
          <h2>What do its parts say alone?</h2>
          <AnswerState answer={answer} what="Asking about parts, one by one" />
          {busy && (
            <button class="small" onClick={() => choose({ about, ask: false })}>
              Stop
            </button>
          )}
          {answer.payload && !answer.previous && <Told payload={answer.payload} image={subject.payload.arrays.image} />}
        </>
      ) : (
        <p class="row">
          <button class="small" onClick={() => choose({ about, ask: true })}>
            What do its parts say alone?
          </button>
          {parts && <span class="second facts">{count(parts)} forward passes</span>}
        </p>
      )}
    </section>
  );
}

function Told({ payload: { arrays, meta }, image }: { payload: Payload<"parts">; image: ImageBytes }): JSX.Element {
  const kinds = meta.kinds as string[];
  const says = meta.says as Record<string, string>;
  const said = meta.said as string[];
  const windows = kinds.map((_, i) => [...arrays.windows.data.subarray(4 * i, 4 * i + 4)] as Window);
  const [height, width] = image.shape;
  return (
    <div role="status">
      <div class="parts-told">
        <figure>
          <div class="outlined">
            <ImagePixels image={image} label="The image, with the parts outlined" size={SIDE} grid={null}>
              <svg class="outline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
                {windows.map(([left, top, across, down], i) => (
                  <g key={kinds[i]}>
                    <path d={`M${left} ${top}h${across}v${down}h${-across}z`} />
                    <path d={`M${left} ${top}h${across}v${down}h${-across}z`} stroke-dasharray={i ? `${6 - 2 * i} ${2 * i}` : undefined} />
                  </g>
                ))}
              </svg>
              {windows.map(([left, top], i) => (
                <span key={kinds[i]} class="which" aria-hidden="true" style={{ left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%` }}>
                  {i + 1}
                </span>
              ))}
            </ImagePixels>
          </div>
        </figure>
        {windows.map((window, i) => (
          <figure key={kinds[i]}>
            <ImagePixels image={cutOut(image, window)} label={`Part ${i + 1}, ${TITLES[kinds[i]]}: ${said[i]}`} size={SIDE} grid={null} />
            <figcaption>
              <strong class="asked-again">
                {i + 1} · {said[i]}
              </strong>
              <br />
              {TITLES[kinds[i]]}
            </figcaption>
          </figure>
        ))}
      </div>
      {Object.entries(says).map(([kind, line]) => (
        <p key={kind}>
          {kinds.includes(kind) && <strong>{kinds.indexOf(kind) + 1} · </strong>}
          {line}
        </p>
      ))}
      <p class="second facts">
        {(meta.notes as string[]).join(" ")} {count(meta.n_evaluations)} forward passes.
      </p>
    </div>
  );
}

/** The pixels of a window. */
function cutOut({ data, shape: [, columns, channels] }: ImageBytes, [left, top, width, height]: Window): ImageBytes {
  const found = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * columns + left) * channels;
    found.set(data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data: found, shape: [height, width, channels] };
}
