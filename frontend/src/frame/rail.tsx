/** What never leaves the screen: the image as the model sees it, what it says, and what is to be explained. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { chanceText, className, classTitle } from "../core/numbers";
import type { Payload } from "../generated/payloads";
import type { ImageBytes } from "../core/paint";
import { ownLimit } from "../core/scale";
import { numbers } from "../core/tensors";
import { type Chosen, mapRequest, useChosen, useKeys, useLink, useSession } from "../core/session";
import { useStore } from "../core/store";
import { saidOf } from "../core/said";
import { Bar } from "../parts/said";
import { Choice } from "../parts/choice";
import { AnswerState } from "../parts/states";
import { MapPixels, ImagePixels } from "../parts/pixels";
import { Camera } from "./camera";
import { ClassChooser } from "./classes";
import { Samples } from "./samples";
import { pasteFromClipboard, send, useDropping } from "./uploading";

const TOP = 5;

export function Rail(): JSX.Element {
  const session = useSession();
  const chosen = useChosen();
  const hello = useStore(session.hello);
  const laid = useStore(session.lay);
  const dropping = useDropping();
  const { subject, answers, image } = chosen;
  const payload = subject.payload;
  const end = useRef<HTMLDivElement>(null);
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setPassed(!entry.isIntersecting && entry.boundingClientRect.top < 0));
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, []);

  // An image that the server does not have (an old link): say so and show the first one.
  const unknown = subject.state === "failed" && session.link.value.image !== null && !hello.samples.some((sample) => sample.image === image);
  useEffect(() => {
    if (!unknown) return;
    session.speech.notice(`The image ${image} of the link is not here: upload it again. Shown is the first one.`);
    session.go({ image: null });
  }, [unknown]);

  const at = hello.samples.findIndex((sample) => sample.image === image);
  const walk = (by: number): void => {
    const { samples } = session.hello.value;
    if (samples.length) session.go({ image: samples[(Math.max(0, at) + by + samples.length) % samples.length].image });
  };
  useKeys([
    { key: "[", says: "Previous image", run: () => walk(-1) },
    { key: "]", says: "Next image", run: () => walk(1) },
  ]);

  const shape = payload?.arrays.image.shape;
  const original = payload?.meta.original as [number, number] | null | undefined;
  return (
    <aside class={`rail ${dropping ? "dropping" : ""}`} aria-label="Image and prediction">
      <div class="glance">
        <div class="seen">
          {payload ? (
            <figure class={subject.previous ? "stale" : ""}>
              {laid ? (
                <MapPixels
                  values={laid.values}
                  height={laid.height}
                  width={laid.width}
                  limit={laid.limit}
                  ramp={laid.ramp}
                  label={laid.says}
                  size={256}
                  grid={[shape![0], shape![1]]}
                />
              ) : (
                <ImagePixels image={payload.arrays.image} label={`Image: ${payload.meta.name}`} size={256} />
              )}
            </figure>
          ) : (
            <p class="empty">
              {image === null
                ? hello.remote
                  ? `Choose, drop or paste an image. It goes to ${location.host}.`
                  : "Choose, drop or paste an image. It stays on this computer."
                : ""}
            </p>
          )}
        </div>
        <div class="facts-of-image">
          <Says chosen={chosen} />
          {payload && shape && (
            <p class="second facts">
              {payload.meta.name} · {shape[1]} × {shape[0]}
              {original && (original[0] !== shape[0] || original[1] !== shape[1]) ? ` of ${original[1]} × ${original[0]}` : ""}
            </p>
          )}
          {payload && <Crop thumbnail={payload.arrays.thumbnail} crop={payload.meta.crop as number[] | null} original={original ?? null} />}
        </div>
      </div>
      <AnswerState answer={subject} what="Reading the image" />
      <Sources walk={walk} count={hello.samples.length} current={image} classes={answers} />
      <Explained chosen={chosen} />
      {payload && <Prediction chosen={chosen} />}
      <div ref={end} />
      {payload && passed && (
        <div class="mini" aria-hidden="true">
          <ImagePixels image={payload.arrays.image} label="" size={44} fixed grid={null} />
          <Says chosen={chosen} />
        </div>
      )}
    </aside>
  );
}

/** "Prediction cat 61.3 %", and the label. */
function Says({ chosen }: { chosen: Chosen }): JSX.Element | null {
  const { subject, model, answers } = chosen;
  if (!subject.payload || subject.previous) return null;
  const [[said, logit, chance]] = saidOf(subject.payload.arrays);
  const { label } = subject.payload.meta;
  return (
    <p class="says">
      <span>
        {model.decides ? "Prediction" : "Score of"} <strong>{className(said, answers)}</strong>{" "}
        {Number.isFinite(chance) || Number.isFinite(logit) ? chanceText(chance, logit) : ""}
      </span>{" "}
      {label !== null && (
        <span class="second">
          label{"\u00a0"}{className(label, answers)}
          {model.decides && label === said ? "\u00a0✓" : ""}
        </span>
      )}
    </p>
  );
}

/** The whole original with the part that the model sees outlined. */
function Crop({ thumbnail, crop, original }: { thumbnail: ImageBytes; crop: number[] | null; original: [number, number] | null }): JSX.Element | null {
  if (!crop || !original) return null;
  const [top, left, height, width] = crop;
  if (height >= original[0] && width >= original[1]) return null;
  const part = (value: number, of: number): string => `${(100 * value) / of}%`;
  return (
    <figure class="crop" title="The original, and the part that the model sees">
      <ImagePixels image={thumbnail} label="The original, with the part that the model sees outlined" size={96} fixed grid={null} smooth>
        <span
          class="square crop-frame"
          style={{ top: part(top, original[0]), left: part(left, original[1]), height: part(height, original[0]), width: part(width, original[1]) }}
        />
      </ImagePixels>
    </figure>
  );
}

interface SourcesProps {
  walk: (by: number) => void;
  count: number;
  current: string | null;
  classes: readonly string[];
}

function Sources({ walk, count, current, classes }: SourcesProps): JSX.Element {
  const session = useSession();
  const file = useRef<HTMLInputElement>(null);
  const [camera, setCamera] = useState(false);
  const { upload, state } = session.source;
  return (
    <div class="sources">
      <div class="row">
        {count > 1 && (
          <>
            <button class="step" aria-label="Previous image" onClick={() => walk(-1)}>
              ‹
            </button>
            <button class="step" aria-label="Next image" onClick={() => walk(1)}>
              ›
            </button>
          </>
        )}
        {upload && (
          <>
            <button onClick={() => file.current!.click()}>
              Upload
            </button>
            <input
              ref={file}
              type="file"
              accept="image/*"
              multiple
              class="hidden"
              aria-label="Image file"
              tabIndex={-1}
              onChange={(event) => {
                const chosen = Array.from(event.currentTarget.files ?? [], (one) => [one, one.name] as const);
                event.currentTarget.value = "";
                void send(session, chosen);
              }}
            />
            <button onClick={() => void pasteFromClipboard(session)}>
              Paste
            </button>
            <button onClick={() => setCamera(true)}>
              Camera
            </button>
          </>
        )}
      </div>
      {count > 1 && <Samples current={current} classes={classes} />}
      {!upload && state === "file" && (
        <p class="second note">
          For your own images: <code>innerview serve</code>
        </p>
      )}
      {camera && <Camera onClose={() => setCamera(false)} />}
    </div>
  );
}

function Explained({ chosen }: { chosen: Chosen }): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("target");
  const hello = useStore(session.hello);
  const { model, image, classes, ranking, subject, target, versus, method, baseline } = chosen;
  const chooser = (mark: string) => (): void => session.root.querySelector<HTMLElement>(`[data-choose=${mark}]`)?.focus();
  useKeys([
    { key: "C", says: "Choose the class", run: chooser("target") },
    { key: "V", says: "Choose the class to compare with (versus …)", run: chooser("versus") },
  ]);
  const request = model && image ? ({ kind: "map", model: model.id, image, method, baseline, versus: null } as const) : null;
  const held = request && session.source.choices(request, "target");
  const heldBaselines = request && target !== null ? session.source.choices({ ...request, target }, "baseline") : null;
  const shared = {
    classes,
    ranking,
    probabilities: subject.previous ? null : (subject.payload?.arrays.probabilities.data ?? null),
    trueClass: subject.payload?.meta.label ?? null,
    held: held?.has(null) ? null : held,
  };
  const total = Math.max(classes.length, ranking.length);
  return (
    <div class="explained">
      <ClassChooser label="Explain" mark="target" {...shared} value={target} onChange={(value) => go({ target: value })} />
      <ClassChooser label="versus" mark="versus" {...shared} none="none" except={target} value={versus} onChange={(value) => go({ versus: value })} />
      <Choice
        label="Baseline"
        value={baseline}
        options={hello.baselines.map((name) => [name, name, heldBaselines !== null && !heldBaselines.has(name) && !heldBaselines.has(null)] as const)}
        onChange={(name) => go({ baseline: name })}
      />
      {shared.held && shared.held.size < total && (
        <p class="second note">
          This file holds {shared.held.size} of {total} classes. For others: <code>innerview serve</code>
        </p>
      )}
      {link.target !== null && ranking.length > 0 && link.target !== ranking[0] && (
        <button class="small" onClick={() => go({ target: null })}>
          Back to the highest: {className(ranking[0], classes)}
        </button>
      )}
    </div>
  );
}

/** The five likeliest classes, and those that are being explained if they are not among them. */
function Prediction({ chosen }: { chosen: Chosen }): JSX.Element {
  const session = useSession();
  const hovered = useStore(session.hoverClass);
  // A hovered class speaks everywhere: its bar, its curves, and its map if that was worked out already.
  const hover = (i: number | null): void => {
    session.hoverClass.set(i);
    const request = i === null ? null : mapRequest({ ...chosen, target: i, versus: null }, session.link.value.tolerance);
    const known = (request && session.answers.known(request)?.payload) as Payload<"map"> | null | undefined;
    const values = known && numbers(known.arrays, "heatmap");
    const [height, width] = known?.arrays.heatmap.shape ?? [];
    session.lay.set(values ? { values, height, width, limit: ownLimit(values), ramp: known!.meta.meaning === "contribution" ? "evidence" : "value", says: `Map for ${className(i!, classes)}` } : null);
  };
  const { subject, ranking, classes, target, versus } = chosen;
  const { probabilities, logits } = subject.payload!.arrays;
  const { label } = subject.payload!.meta;
  const top = ranking.slice(0, TOP);
  const rows = [...top, ...[target, versus].filter((i): i is number => i !== null && ranking.length > 0 && !top.includes(i))];
  return (
    <ol class={`prediction ${subject.previous ? "stale" : ""}`} aria-label="Prediction">
      {rows.map((i) => {
        const chance = probabilities.data[i];
        return (
          <li key={i} class={hovered === i ? "lit" : ""} onPointerEnter={() => hover(i)} onPointerLeave={() => hover(null)}>
            <button onClick={() => session.go({ target: i })} title={`Explain ${classTitle(i, classes)}`}>
              <span class="name">
                {className(i, classes)}
                {i === target && <span class="mark for"> for</span>}
                {i === versus && <span class="mark against"> versus</span>}
                {i === label && <span class="second"> label</span>}
              </span>
              <Bar chance={chance} />
              <span class="figure">{chanceText(chance, logits.data[i])}</span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}
