/** Which pixels raised or lowered the score, on one stated scale, with the error beside it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { certificate } from "../../core/certificate";
import { keyOf } from "../../core/answers";
import { EXPLANATIONS } from "../../core/explanations";
import { SIGNS } from "../../core/link";
import { endsOf, useHeldScale, useMapFacts, type MapFacts } from "../../core/maps";
import { absoluteError, className, count, limitText, number } from "../../core/numbers";
import { pixelsAt, visible } from "../../core/paint";
import { ownLimit, type Scale } from "../../core/scale";
import { type Chosen, mapRequest, useAnswer, useChosen, useKeys, useLink, useSession } from "../../core/session";
import { saveMap } from "../../core/saving";
import { CertificateLine } from "../../parts/certificate";
import { Choice, Radios } from "../../parts/choice";
import { OverlayChoice, useMapKeys } from "../../parts/overlay";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Legend, MODES } from "../../parts/legend";
import { MapPixels, ImagePixels } from "../../parts/pixels";
import { Readout } from "../../parts/readout";
import { Slider } from "../../parts/slider";
import { AnswerState, Remark, Stale } from "../../parts/states";
import { VerdictLine } from "../../parts/verdict";
import type { View } from "../view";
import { remarks } from "./remarks";
import { blockSums, everyPixel, strongestPixels } from "./tables";
import "./attribution.css";

/** From this many pixels a side, single ones are hard to tell apart anyway. */
const FINE = 64;

function Attribution(): JSX.Element {
  const [link, go] = useLink();
  const { error: showsError, smooth } = link;
  const chosen = useChosen();
  const { speech } = useSession();
  const [more, setMore] = useState({ of: "", times: 0 });
  const plain = mapRequest(chosen, link.tolerance);
  const asked = plain ? keyOf(plain) : "";
  const request = plain && more.of === asked ? { ...plain, more: more.times } : plain;
  const question = request ? keyOf(request) : "";
  const answer = useAnswer(request);
  const facts = useMapFacts(answer.payload);
  const refining = answer.payload?.meta.status === "refining";
  const scale = useHeldScale(facts?.values ?? null, link.scale, question, refining);
  useMapKeys(scale.limit);
  useKeys([{ key: "E", says: "The error's map, or the map", run: () => go({ error: !showsError }) }]);
  // Said once when the first level is there, and once when the refining ends.
  const told = answer.payload && !answer.previous ? answer.payload.meta : null;
  useEffect(() => {
    if (told) speech.say(`${told.method_words}, ${told.target_words}: ${told.status === "refining" ? "refining" : certificate(told).words}`);
  }, [question, told?.status === "refining", told !== null]);
  if (!answer.payload || !facts) {
    return (
      <>
        <AnswerState answer={answer} what="Computing the map" />
        <Explain of="attribution" />
      </>
    );
  }
  const { meta } = answer.payload;
  const image = chosen.subject.payload?.arrays.image ?? null;
  const shown = { chosen, facts, scale, image, meta };
  return (
    <div class="attribution">
      <div class="panes">
        <figure class="first">
          <Stale when={answer.previous}>
            <MainMap {...shown} showsError={showsError && facts.error !== null} smooth={smooth} />
          </Stale>
          {facts.error && showsError ? (
            <Legend scale={{ limit: ownLimit(facts.error), mode: "per-image" }} unit={meta.unit} name="amount" values={facts.error} ends={["exact", "estimated error"]} />
          ) : (
            <Legend scale={scale} unit={meta.unit} name={facts.ramp} values={facts.values} ends={endsOf(meta, chosen.classes)} overlay={image ? link.overlay : null} pin />
          )}
          <CertificateLine meta={meta} facts={facts} previous={answer.previous} onMore={() => setMore({ of: asked, times: more.of === asked ? more.times + 1 : 1 })} />
          <VerdictLine of={refining ? null : request} />
          <AnswerState answer={answer} what="Refining the map" />
          {remarks(meta, facts, answer.payload.arrays.baseline ?? null, image, chosen.subject.payload?.arrays.logits.data ?? null).map((text) => (
            <Remark key={text} says={text} />
          ))}
          <p class="summary" data-summary>
            {meta.meaning === "contribution" && meta.baseline_score !== null
              ? `For: ${number(facts.raised, true)}, against: ${number(facts.lowered, true)} ${meta.unit}: the ${meta.target_words} goes from ${number(meta.baseline_score, true)} at the baseline (${meta.baseline}) to ${number(meta.score, true)} at the image.`
              : `${meta.method_words}: ${meta.target_words}, in ${meta.unit}.`}
          </p>
        </figure>
        <Beside {...shown} showsError={showsError} toggle={() => go({ error: !showsError })} />
        <div class="controls">
          <Readout facts={facts} unit={meta.unit} limit={scale.limit} image={image} />
          <Controls facts={facts} chosen={chosen} />
          {facts.width >= FINE && (
            <label class="row facts">
              <input type="checkbox" checked={smooth} onChange={() => go({ smooth: !smooth })} /> Smooth between pixels (the numbers stay those of single pixels)
            </label>
          )}
        </div>
      </div>
      <Tables {...shown} />
      <Explain of="attribution" />
    </div>
  );
}

interface Part {
  chosen: Chosen;
  facts: MapFacts;
  scale: Scale;
  image: NonNullable<Chosen["subject"]["payload"]>["arrays"]["image"] | null;
  meta: NonNullable<ReturnType<typeof useAnswer<"map">>["payload"]>["meta"];
}

const about = ({ meta, chosen }: Part): string =>
  `${meta.target === null ? meta.target_words : className(meta.target, chosen.classes)}${meta.versus === null ? "" : ` versus ${className(meta.versus, chosen.classes)}`}`;

function MainMap({ showsError, smooth, ...part }: Part & { showsError: boolean; smooth: boolean }): JSX.Element {
  const [link] = useLink();
  const { facts, scale, image, meta } = part;
  const { height, width } = facts;
  const [row, column] = facts.strongest;
  const fits = image && image.shape[0] === height && image.shape[1] === width ? image : null;
  if (showsError && facts.error) {
    return (
      <div class="main-map">
        <MapPixels
          values={facts.error}
          height={height}
          width={width}
          limit={ownLimit(facts.error)}
          ramp="amount"
          label={`Estimated error of each pixel for ${about(part)}, at most ${absoluteError(Math.max(...facts.error))} ${meta.unit}`}
          size={960}
          keyboard
        />
      </div>
    );
  }
  return (
    <div class="main-map">
      <MapPixels
        values={facts.values}
        height={height}
        width={width}
        limit={scale.limit}
        ramp={facts.ramp}
        image={fits}
        overlay={link.overlay}
        show={link.show}
        top={link.top}
        label={`${meta.method_words} for ${about(part)}: Σ for ${number(facts.raised)}, Σ against ${number(facts.lowered)} ${meta.unit}, largest |value| at row ${row + 1}, column ${column + 1}`}
        size={960}
        smooth={smooth}
        keyboard
      />
    </div>
  );
}

/** The bare image and the error (or the map, when the error is large), small. */
function Beside({ showsError, toggle, ...part }: Part & { showsError: boolean; toggle: () => void }): JSX.Element {
  const { facts, scale, image, meta } = part;
  const error = facts.error;
  const limit = error ? ownLimit(error) : 1;
  return (
    <div class="beside">
      {image && (
        <figure>
          <ImagePixels image={image} label="The image" size={256} />
          <figcaption>image</figcaption>
        </figure>
      )}
      {error && (
        <figure>
          {showsError ? (
            <MapPixels values={facts.values} height={facts.height} width={facts.width} limit={scale.limit} ramp={facts.ramp} label="The map, small" size={256} />
          ) : (
            <MapPixels values={error} height={facts.height} width={facts.width} limit={limit} ramp="amount" label={`Estimated error, from 0 to ${limitText(limit)} ${meta.unit}`} size={256} />
          )}
          <figcaption>
            <button class="small" aria-pressed={showsError} onClick={toggle}>
              enlarge error <kbd>E</kbd>
            </button>
            <br />
            {showsError ? "map" : `error 0 to ${limitText(limit)} ${meta.unit}`}
          </figcaption>
        </figure>
      )}
    </div>
  );
}

function Controls({ facts, chosen }: { facts: MapFacts; chosen: Chosen }): JSX.Element {
  const [link, go] = useLink();
  const { source } = useSession();
  const { overlay, top } = link;
  const pixels = pixelsAt(top, facts.values.length);
  const request = mapRequest(chosen, link.tolerance);
  const held = request && source.choices(request, "method");
  return (
    <>
      <Choice
        label="Method"
        value={chosen.method}
        options={chosen.model.methods.map((name) => [name, name.replace(/-/g, " "), held !== null && !held.has(name)] as const)}
        onChange={(name) => go({ method: name })}
      />
      {chosen.model.kept && <p class="second note">{chosen.model.kept.words}</p>}
      <Radios label="Show" value={link.show} options={SIGNS.map((sign) => [sign, sign] as const)} onChange={(show) => go({ show })} />
      <OverlayChoice />
      {overlay.style === "tint" && (
        <Slider
          label="Opacity"
          max={100}
          step={5}
          value={overlay.opacity}
          onChange={(opacity) => go({ overlay: { ...overlay, opacity } })}
          spoken={`${overlay.opacity} percent`}
          output={`${overlay.opacity} %`}
        />
      )}
      <Slider
        label="Top"
        max={100}
        value={top}
        onChange={(value) => go({ top: value })}
        spoken={`top ${top} percent, ${pixels} pixels`}
        output={`${top} %`}
      />
      {top < 100 && <p class="second facts">{count(pixels)} of {count(facts.values.length)} pixels shown</p>}
      <button onClick={() => go({ view: "masking", order: "strongest", fraction: top < 100 ? top : link.fraction })}>
        Show the model only these pixels →
      </button>
    </>
  );
}

function Tables(part: Part): JSX.Element {
  const [link] = useLink();
  const { facts, scale, image, meta, chosen } = part;
  const file = `attribution-${meta.image ?? "image"}-${meta.target ?? "score"}`;
  const png = (): void =>
    void saveMap(file, {
      title: `${meta.method_words}: ${about(part)}`,
      values: visible(facts.values, link.show, link.top),
      height: facts.height,
      width: facts.width,
      limit: scale.limit,
      unit: meta.unit,
      mode: MODES[scale.mode],
      name: facts.ramp,
      image,
      overlay: link.overlay,
      ends: endsOf(meta, chosen.classes),
      lines: [
        ...(link.show !== "both" || link.top < 100 ? [`Shown: ${link.show}, top ${link.top} % of the pixels`] : []),
        certificate(meta).words,
        `${chosen.model.name} ${chosen.model.id.slice(0, 8)} · image ${meta.image} · baseline ${meta.baseline || "none"}`,
      ],
    });
  return (
    <>
      <Data
        title="top pixels"
        columns={["rank", "row", "column", meta.unit, "error"]}
        rows={() => strongestPixels(facts)}
        csv={() => everyPixel(facts)}
        file={file}
        onPng={png}
        note="The 20 with the largest |values|; the CSV holds every pixel."
      />
      <Data title="sums of 8 × 8 blocks" columns={["rows", "columns", `sum, ${meta.unit}`]} rows={() => blockSums(facts)} file={`${file}-blocks`} />
    </>
  );
}

export const view: View = {
  key: "1",
  name: "attribution",
  title: EXPLANATIONS.attribution.title,
  group: "Why",
  shows: "map",
  question: (target) => `Which pixels raised or lowered “${target}”?`,
  Component: Attribution,
};
