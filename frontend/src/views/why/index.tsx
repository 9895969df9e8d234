/** Why this answer: what is predicted, where the evidence lies on the sharp photo, each class's own, and whether it holds. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Payload } from "../../generated/payloads";
import { EXPLANATIONS } from "../../core/explanations";
import { type Link, SHOWN } from "../../core/link";
import { useMapFacts, endsOf } from "../../core/maps";
import { chanceText, className, count, number } from "../../core/numbers";
import { saidOf } from "../../core/said";
import { ownLimit } from "../../core/scale";
import { type Chosen, mapRequest, type Shown, useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { AboutImage } from "../../frame/strip";
import { Explained } from "../../frame/explained";
import { CertificateLine } from "../../parts/certificate";
import { Radios } from "../../parts/choice";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels, Pixels } from "../../parts/pixels";
import { AnswerState, Stale } from "../../parts/states";
import { truthOf } from "../../parts/verdict";
import type { View } from "../view";
import { Again, How, PartsVerdict, shareOf } from "./again";
import { useAsk } from "./ask";
import { type Belief, beliefOf } from "./belief";
import { saveCard, saveReveal } from "./card";
import { useCrop } from "./crop";
import { useHide } from "./hide";
import { WhatPartsSay } from "./parts";
import { type Evidence, evidenceOf, Photo, shadingOf, type Tested, useSharp } from "./photo";
import { Found, useRegions } from "./regions";
import { DIM, fullEvidence, paintSharp, strengths } from "./sharp";
import "./why.css";

/** Pixels along the longer side of the photo, and of a class's own small one. */
const SIDE = 512;
const SMALL = 64;
/** Classes that have a row, unless another one was chosen. */
const ROWS = 3;
/** Steps of the key to the evidence. */
const STEPS = 128;

type Layer = Link["shown"];

/** What can be done on the photo, one at a time. */
const TOOLS = [
  ["hide", "Hide something yourself"],
  ["ask", "Ask about a part"],
  ["cut", "Choose the regions"],
  ["crop", "Move the crop"],
] as const;

function Why(): JSX.Element {
  const chosen = useChosen();
  const session = useSession();
  const { model, image, target, versus, method, baseline, classes } = chosen;
  const [{ region, mask }] = useLink("region", "mask");
  const [tool, setTool] = useState<(typeof TOOLS)[number][0] | null>(region ? "ask" : mask ? "hide" : null);
  // A link (a lesson, Back) that hides or marks a part opens what does it; each by itself, since the other may be there already.
  useEffect(() => {
    if (region) setTool("ask");
  }, [region !== ""]);
  useEffect(() => {
    if (mask) setTool("hide");
  }, [mask !== ""]);
  const about = model && image ? { model: model.id, image } : null;
  const question = about && target !== null ? { ...about, target, versus, method, baseline } : null;
  const evidence = useAnswer(about && { kind: "evidence" as const, ...about });
  const asks = question && { kind: "check" as const, ...question };
  const held = asks !== null && session.source.can(asks);
  const check = useAnswer(held ? asks : null);
  const ended = !held || check.state === "done" || check.state === "failed";
  // The test by regions takes eight times as long: it waits until what everybody looks at is there.
  const cutting = useRegions(chosen, tool === "cut");
  const truths = question && { kind: "truth" as const, ...question, ...cutting.asked };
  const possible = truths !== null && session.source.can(truths);
  const truth = useAnswer(possible && ended ? truths : null);
  const { judged } = session;
  const usual = !cutting.asked.regions && !cutting.asked.marks;
  const known = usual && truth.payload && !truth.previous ? truthOf({ ...about, target, versus }) : null;
  useEffect(() => {
    if (known && !judged.value.includes(known)) judged.set([...judged.value, known]);
  }, [known]);
  const [{ shown: layer }, go] = useLink("shown");
  const photo = useSharp(chosen, SIDE);
  const name = target === null ? "this class" : `${className(target, classes)}${versus === null ? "" : `, not ${className(versus, classes)}`}`;
  const map = target === null ? null : shownEvidence(evidence.payload, check.previous ? null : check.payload, target, versus);
  const checked = !check.previous && check.payload?.meta.target === target ? check.payload : null;
  // What is done on the photo has outlines of its own.
  const marked = tool === null ? checked : null;
  const tested = useMemo(() => marked && testedOf(marked), [marked]);
  const chance = marked?.meta.verdict === "chance";
  const maps = mapRequest(chosen, null);
  const has: Record<Layer, boolean> = { photo: true, evidence: map !== null, regions: truth.payload !== null, pixels: maps !== null && session.source.can(maps) };
  // What is there first is shown first; whoever chose stays with it.
  const shown = has[layer] && !cutting.drafting ? layer : "photo";
  const asking = useAsk(chosen, tool === "ask");
  const hiding = useHide(chosen, tool === "hide");
  const cropping = useCrop(chosen, tool === "crop");
  const belief = beliefOf(chosen);
  const box = useRef<HTMLDivElement>(null);
  const subject = chosen.subject.payload;
  const ready = subject !== null && photo !== null && ended && tool !== "crop";
  useEffect(() => {
    const lines = [`${model?.name} ${model?.id.slice(0, 8)} · image ${subject?.meta.name} ${image} · innerview ${session.hello.value.version}`];
    const file = `why-${name.replace(/\W+/g, "-")}-${image}`;
    const reveal = ready && layer === "evidence" && map && tool !== "hide" ? () => saveReveal(file, box.current!, lines, photo, shadingOf(photo, map.evidence, tested)) : null;
    session.card.set(ready ? { still: () => void saveCard(file, box.current!, lines), reveal } : null);
    return () => session.card.set(null);
  }, [ready, image, name, model?.id, layer, map?.evidence.values, tool, tested]);
  return (
    <div class="why" ref={box}>
      <div class={`panes ${tool === "hide" ? "painting" : tool === "ask" || tool === "cut" ? "marking" : ""}`}>
        <figure class="shown-photo">
          {cropping.editor ?? (shown === "pixels" ? (
            <PixelMap chosen={chosen} />
          ) : (
            <Photo photo={photo} layer={shown} map={chance ? null : (map?.evidence ?? null)} truth={truth.payload} tested={tested} about={name}>
              {asking.over}
              {hiding.over}
              {cutting.over}
            </Photo>
          ))}
          <div class="row choices">
            <Radios label="Show" value={shown} options={SHOWN.map((each) => [each, each, !has[each]] as const)} onChange={(next) => go({ shown: next })} />
            <span class="row">
              {TOOLS.map(([name, words]) => {
                const { possible } = { hide: hiding, ask: asking, cut: cutting, crop: cropping }[name];
                return (
                  possible && (
                    <button key={name} class="small" aria-expanded={tool === name} onClick={() => setTool(tool === name ? null : name)}>
                      {words}
                    </button>
                  )
                );
              })}
            </span>
          </div>
          {cropping.editor ? <figcaption>The whole photo. The model sees what is in the frame: drag it, or use the arrow keys and + or −.</figcaption> : <Caption layer={shown} name={name} map={map} tested={tested} chance={chance} unit={truth.payload?.meta.unit ?? ""} />}
        </figure>
        <div class="head">
          <Headline chosen={chosen} check={check} meta={checked?.meta ?? null} asked={held} name={name} belief={belief} />
        </div>
        <div class="told">
          {hiding.now}
          <Classes chosen={chosen} evidence={evidence} live={hiding.live} judged={held || possible ? name : ""} />
          <details class="choose">
            <summary>Another class, or one against another</summary>
            <Explained chosen={chosen} />
          </details>
          <Again check={check} asked={held} name={target === null ? "it" : className(target, classes)} missing={asks !== null && !held}>
            <details class="how" open={usual ? undefined : true}>
              <summary>How we asked, and every combination of regions</summary>
              {check.payload && <How payload={check.payload} />}
              {cutting.possible && (
                <button
                  class="small"
                  onClick={() => {
                    setTool("cut");
                    go({ shown: "regions" });
                    box.current?.scrollIntoView({ block: "nearest" });
                  }}
                >
                  Other regions
                </button>
              )}
              {possible && <AnswerState answer={truth} what="Taking regions away" />}
              {truth.payload && (
                <Stale when={truth.previous}>
                  <Found chosen={chosen} payload={truth.payload} />
                </Stale>
              )}
            </details>
          </Again>
        </div>
        <div class="more">
          {subject && <AboutImage payload={subject} />}
          <section class="ask" aria-label="Try it on the photo">
            {question && !hiding.possible && !asking.possible && (
              <p class="second note">
                Hiding or asking about a part that you mark needs the model: <code>innerview serve</code>
              </p>
            )}
            {hiding.panel}
            {asking.panel}
            {cutting.panel}
          </section>
          <WhatPartsSay chosen={chosen} free={tool === null && ended && (!possible || truth.state === "done" || truth.state === "failed")} />
        </div>
      </div>
      <Explain of="why" />
    </div>
  );
}

export interface ShownMap {
  evidence: Evidence;
  /** Exact class evidence, or blocks of a map that holds better. */
  exact: boolean;
  method: string;
}

/** The blocks that were tested, unless they do no better than others. */
function testedOf({ arrays, meta }: Payload<"check">): Tested | null {
  return meta.verdict === "clear" || meta.verdict === "weak" ? { best: arrays.best, sure: meta.verdict === "clear" } : null;
}

/** The map on the photo: class evidence, or what the check shows in its place. */
function shownEvidence(evidence: Payload<"evidence"> | null, check: Payload<"check"> | null, target: number, versus: number | null): ShownMap | null {
  const own = evidenceOf(evidence?.arrays, target, versus);
  if (check && check.meta.target === target && (check.meta.method !== "class-evidence" || !own)) {
    const { data, shape } = check.arrays.blocks;
    return { evidence: { values: data, rows: shape[0], columns: shape[1] }, exact: false, method: check.meta.method_words };
  }
  return own && { evidence: own, exact: true, method: "class evidence" };
}

/** What is predicted, loudest; because of what; and what should be known before it is believed. */
function Headline({ chosen, check, meta, asked, name, belief }: { chosen: Chosen; check: Shown<"check">; meta: Payload<"check">["meta"] | null; asked: boolean; name: string; belief: Belief | null }): JSX.Element {
  const { subject, model, answers, target, versus } = chosen;
  const arrays = subject.payload?.arrays;
  if (!arrays) {
    return (
      <>
        <h1 tabIndex={-1}>{chosen.image === null ? "Choose, drop or paste an image" : "…"}</h1>
        <AnswerState answer={subject} what="Reading the image" />
      </>
    );
  }
  const [[said, logit, chance]] = saidOf(arrays);
  return (
    <>
      <h1 tabIndex={-1}>
        {model.decides ? "It says" : "Score of"} <strong>{className(said, answers)}</strong>
        {(Number.isFinite(chance) || Number.isFinite(logit)) && (
          <>
            , <span class="whole">{chanceText(chance, logit)}</span>
          </>
        )}
      </h1>
      <p class="because" data-because={meta?.verdict}>
        {meta ? <Because meta={meta} other={target === said && versus === null ? null : name} /> : check.state === "failed" || !asked ? "" : "Because of what? Asking the model …"}
      </p>
      {belief && (
        <p class="belief" data-belief={belief.kind} data-because-of={belief.because}>
          <span aria-hidden="true">{belief.sign} </span>
          {belief.says}
        </p>
      )}
      {meta && <PartsVerdict meta={meta} whole={chanceText(arrays.probabilities.data[target!], arrays.logits.data[target!])} looking={check.state === "waiting" || check.state === "level"} doubted={belief !== null && belief.kind !== "yes"} />}
    </>
  );
}

/** One sentence that names the regions, as sure as the check is. */
function Because({ meta, other }: { meta: Payload<"check">["meta"]; other: string | null }): JSX.Element {
  const names = (meta.regions as string[]).map((each) => `the ${each}`);
  const listed = names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}` : names[0];
  const about = other === null ? "" : `For “${other}”: `;
  const bold = <strong>{listed}</strong>;
  if (!listed || meta.verdict === "not judged") return <>{about}Nothing in the image speaks for it alone.</>;
  if (meta.verdict === "chance") {
    return (
      <>
        {about}The map points at {listed}, but that is no better than chance.
      </>
    );
  }
  return (
    <>
      {meta.verdict === "weak" ? "perhaps " : ""}
      {other === null ? <>because of {bold}</> : <>“{other}” is supported by {bold}</>}.
    </>
  );
}

const CAPTIONS: Record<Layer, (name: string, unit: string) => string> = {
  photo: () => "The part of the photo that the model sees.",
  evidence: (name) => `In colour and bright: where the evidence for “${name}” lies.`,
  regions: (name, unit) => `What each region adds to “${name}”, in ${unit}: blue adds, red takes away; ? depends on what is put there instead.`,
  pixels: (name) => `What each pixel adds to “${name}”: the map, with its error where that is known.`,
};

interface CaptionProps {
  layer: Layer;
  name: string;
  map: ShownMap | null;
  tested: Tested | null;
  /** Whether what the map points at is no better than chance. */
  chance: boolean;
  unit: string;
}

function Caption({ layer, name, map, tested, chance, unit }: CaptionProps): JSX.Element {
  const full = map ? fullEvidence(map.evidence.values) : Number.POSITIVE_INFINITY;
  const graded = layer === "evidence" && map !== null && !tested && !chance;
  const words = (): string => {
    if (layer !== "evidence") return CAPTIONS[layer](name, unit);
    if (chance) return `What the map for “${name}” points at is no better than chance, so nothing is marked.`;
    const of = map?.exact === false ? `the map by ${map.method}` : "the evidence";
    if (tested) return `Bright: the best ${shareOf(tested.best.data)} % of ${of} for “${name}”, about which the model was asked again.`;
    return `${CAPTIONS.evidence(name, unit)}${map?.exact === false ? ` An estimate: blocks of the map by ${map.method}.` : ""}`;
  };
  return (
    <figcaption>
      <span class="words">{words()}</span>
      {graded && (
        <span class="key">
          <Shades />
          <span class="end">0 or against</span>
          <span class="end">{Number.isFinite(full) ? `${number(full, true)} or more a ${map.exact ? "position" : "block"}` : "nothing for it"}</span>
        </span>
      )}
    </figcaption>
  );
}

/** From dim and grey to all of its colour: what evidence looks like, on a colour of middle brightness. */
function Shades(): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const photo = new ImageData(Uint8ClampedArray.from({ length: 4 * STEPS }, (_, i) => [206, 128, 60, 255][i % 4]), STEPS, 1);
    const out = new Uint8ClampedArray(4 * STEPS);
    paintSharp(out, photo, { strength: Float32Array.from({ length: STEPS }, (_, i) => i / (STEPS - 1)), dim: DIM });
    canvas.current!.getContext("2d")!.putImageData(new ImageData(out, STEPS, 1), 0, 0);
  }, []);
  return <canvas ref={canvas} width={STEPS} height={1} class="strip" role="presentation" />;
}

/** The certified map by pixels, with its legend and its error. */
function PixelMap({ chosen }: { chosen: Chosen }): JSX.Element {
  const [link, go] = useLink("tolerance", "overlay");
  const answer = useAnswer(mapRequest(chosen, link.tolerance));
  const facts = useMapFacts(answer.payload);
  const image = chosen.subject.payload?.arrays.image ?? null;
  if (!answer.payload || !facts) return <AnswerState answer={answer} what="Computing the map" />;
  const { meta } = answer.payload;
  const limit = ownLimit(facts.values);
  return (
    <>
      <MapPixels
        values={facts.values}
        height={facts.height}
        width={facts.width}
        limit={limit}
        ramp={facts.ramp}
        image={image}
        overlay={link.overlay}
        label={`${meta.method_words}: Σ for ${number(facts.raised)}, Σ against ${number(facts.lowered)} ${meta.unit}`}
        size={640}
      />
      <Legend scale={{ limit, mode: "per-image" }} unit={meta.unit} name={facts.ramp} values={facts.values} ends={endsOf(meta, chosen.classes)} overlay={link.overlay} />
      <CertificateLine meta={meta} facts={facts} previous={answer.previous} />
      {chosen.model.kept && (
        <p class="second facts">
          {chosen.model.kept.words}{" "}
          <button class="small" onClick={() => go({ view: "attribution" })}>
            Another method →
          </button>
        </p>
      )}
    </>
  );
}

/** A row for each likely class: its evidence, its score, its probability; choosing one makes it the one explained, which `judged` names. */
function Classes({ chosen, evidence, live, judged }: { chosen: Chosen; evidence: Shown<"evidence">; live: Payload<"mask">["arrays"] | null; judged: string }): JSX.Element | null {
  const [, go] = useLink("target", "versus");
  const photo = useSharp(chosen, SMALL);
  const subject = chosen.subject.payload;
  const { target, versus, ranking, classes } = chosen;
  const arrays = evidence.payload?.arrays;
  const now = live && saidOf(live)[0][0] < classes.length ? saidOf(live)[0][0] : null;
  const rows = [...new Set([...ranking.slice(0, ROWS), ...[target, versus, now].filter((index) => index !== null)])];
  const maps = useMemo(() => rows.map((index) => evidenceOf(arrays, index, null)), [arrays, rows.join()]);
  if (!subject || !ranking.length) return null;
  const { logits, probabilities } = subject.arrays;
  const low = Math.min(0, ...rows.map((index) => logits.data[index]));
  const high = Math.max(...rows.map((index) => logits.data[index]), low + 1e-9);
  // As long as its number says: readers took a full bar for 100 %. Where there is no probability, the score's.
  const length = (index: number): number => {
    const chance = (live ?? subject.arrays).probabilities.data[index];
    return Number.isFinite(chance) ? chance : Math.max(0, Math.min(1, ((live ?? subject.arrays).logits.data[index] - low) / (high - low)));
  };
  const full = Math.min(...maps.map((map) => (map ? fullEvidence(map.values) : Number.POSITIVE_INFINITY)));
  const positions = arrays ? arrays.evidence.shape[1] * arrays.evidence.shape[2] : 0;
  return (
    <section class="classes" aria-label="Classes">
      {rows.map((index, i) => {
        const map = maps[i];
        return (
          <div key={index} class={index === target ? "row-of on" : "row-of"}>
            <button class="class" aria-pressed={index === target} onClick={() => go({ target: index, ...(versus === null ? {} : { versus: null }) })}>
              {photo && map && (
                <Pixels
                  height={photo.height}
                  width={photo.width}
                  paint={(out) => paintSharp(out, photo, { strength: strengths(map.values, map.rows, map.columns, photo.width, photo.height, full), dim: DIM })}
                  of={[photo, map.values, full]}
                  label=""
                  size={SMALL}
                  fixed
                  grid={null}
                />
              )}
              <span class="name">{className(index, classes)}</span>
              <span class="chance">{chanceText((live ?? subject.arrays).probabilities.data[index], Number.NaN)}</span>
              <span class={live ? "bar live" : "bar"} aria-hidden="true">
                <span style={{ width: `${100 * length(index)}%` }} />
                {live && Number.isFinite(probabilities.data[index]) && <i style={{ left: `${100 * probabilities.data[index]}%` }} />}
              </span>
              <span class="score second">{number((live ?? subject.arrays).logits.data[index], true)}</span>
            </button>
            {index !== target && target !== null && (
              <button class="not" aria-pressed={index === versus} title={`${className(target, classes)}, not ${className(index, classes)}`} onClick={() => go({ versus: index === versus ? null : index })}>
                not this
              </button>
            )}
          </div>
        );
      })}
      {live ? (
        <p class="second facts">Bars: probability of each class from what is left; the mark: from the whole image.</p>
      ) : arrays ? (
        <p class="second facts" title={evidence.payload!.meta.says}>
          Each score is exactly the sum of its {count(positions)} positions: nothing is left over.
          {judged && ` Only the map of “${judged}” is judged.`}
        </p>
      ) : (
        evidence.state === "failed" && <p class="second facts">No class evidence: this model does not end in a sum of positions, so the map is an estimate.</p>
      )}
    </section>
  );
}

export const view: View = {
  key: "0",
  name: "why",
  title: EXPLANATIONS.why.title,
  group: "Why",
  shows: "subject",
  whole: true,
  question: (target) => `Why “${target}”?`,
  Component: Why,
};
