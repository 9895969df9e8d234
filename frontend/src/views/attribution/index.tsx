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
import { Blend, useMapKeys } from "../../parts/blend";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Legend, MODES } from "../../parts/legend";
import { MapPixels, PicturePixels } from "../../parts/pixels";
import { Readout } from "../../parts/readout";
import { Slider } from "../../parts/slider";
import { AnswerState, Remark, Stale } from "../../parts/states";
import type { View } from "../view";
import { remarks } from "./remarks";
import { blockSums, everyPixel, strongestPixels } from "./tables";
import "./attribution.css";

/** From this many pixels a side, single ones are hard to tell apart anyway. */
const FINE = 64;

function Attribution(): JSX.Element {
  const [link] = useLink();
  const chosen = useChosen();
  const { speech } = useSession();
  const [showsError, setShowsError] = useState(false);
  const [smooth, setSmooth] = useState(false);
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
  useKeys([{ key: "E", says: "The error's map, or the map", run: () => setShowsError(!showsError) }]);
  // Said once when the first level is there, and once when the refining ends.
  const told = answer.payload && !answer.previous ? answer.payload.meta : null;
  useEffect(() => {
    if (told) speech.say(`${told.method_words}, ${told.target_words}: ${told.status === "refining" ? "refining" : certificate(told).words}`);
  }, [question, told?.status === "refining", told !== null]);
  if (!answer.payload || !facts) {
    return (
      <>
        <AnswerState answer={answer} what="Working out the map" />
        <Explain of="attribution" />
      </>
    );
  }
  const { meta } = answer.payload;
  const picture = chosen.subject.payload?.arrays.picture ?? null;
  const shown = { chosen, facts, scale, picture, meta };
  return (
    <div class="attribution">
      <div class="panes">
        <figure class="first">
          <Stale when={answer.previous}>
            <MainMap {...shown} showsError={showsError && facts.error !== null} smooth={smooth} />
          </Stale>
          {facts.error && showsError ? (
            <Legend scale={{ limit: ownLimit(facts.error), mode: "own" }} unit={meta.unit} name="amount" values={facts.error} ends={["exact", "estimated error"]} />
          ) : (
            <Legend scale={scale} unit={meta.unit} name={facts.ramp} values={facts.values} ends={endsOf(meta, chosen.classes)} pin />
          )}
          <CertificateLine meta={meta} facts={facts} previous={answer.previous} onMore={() => setMore({ of: asked, times: more.of === asked ? more.times + 1 : 1 })} />
          <AnswerState answer={answer} what="Refining the map" />
          {remarks(meta, facts, answer.payload.arrays.baseline ?? null, picture, chosen.subject.payload?.arrays.logits.data ?? null).map((text) => (
            <Remark key={text} says={text} />
          ))}
          <p class="summary" data-summary>
            {meta.meaning === "contribution" && meta.baseline_score !== null
              ? `For ${number(facts.raised, true)}, against ${number(facts.lowered, true)} ${meta.unit}: the ${meta.target_words} goes from ${number(meta.baseline_score, true)} at the baseline (${meta.baseline}) to ${number(meta.score, true)} at the picture.`
              : `${meta.method_words}: ${meta.target_words}, in ${meta.unit}.`}
          </p>
        </figure>
        <Beside {...shown} showsError={showsError} toggle={() => setShowsError(!showsError)} />
        <div class="controls">
          <Readout facts={facts} unit={meta.unit} limit={scale.limit} picture={picture} />
          <Controls facts={facts} chosen={chosen} />
          {facts.width >= FINE && (
            <label class="row facts">
              <input type="checkbox" checked={smooth} onChange={() => setSmooth(!smooth)} /> Smooth between pixels (the numbers stay those of single pixels)
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
  picture: NonNullable<Chosen["subject"]["payload"]>["arrays"]["picture"] | null;
  meta: NonNullable<ReturnType<typeof useAnswer<"map">>["payload"]>["meta"];
}

const about = ({ meta, chosen }: Part): string =>
  `${meta.target === null ? meta.target_words : className(meta.target, chosen.classes)}${meta.versus === null ? "" : `, not ${className(meta.versus, chosen.classes)}`}`;

function MainMap({ showsError, smooth, ...part }: Part & { showsError: boolean; smooth: boolean }): JSX.Element {
  const [link] = useLink();
  const { facts, scale, picture, meta } = part;
  const { height, width } = facts;
  const [row, column] = facts.strongest;
  const fits = picture && picture.shape[0] === height && picture.shape[1] === width ? picture : null;
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
        picture={fits}
        overlay={link.overlay}
        show={link.show}
        threshold={link.threshold}
        label={`${meta.method_words} for ${about(part)}: Σ for ${number(facts.raised)}, Σ against ${number(facts.lowered)} ${meta.unit}, strongest at row ${row}, column ${column}`}
        size={960}
        smooth={smooth}
        keyboard
      />
    </div>
  );
}

/** The bare picture and the error (or the map, when the error is large), small. */
function Beside({ showsError, toggle, ...part }: Part & { showsError: boolean; toggle: () => void }): JSX.Element {
  const { facts, scale, picture, meta } = part;
  const error = facts.error;
  const limit = error ? ownLimit(error) : 1;
  return (
    <div class="beside">
      {picture && (
        <figure>
          <PicturePixels picture={picture} label="The picture" size={256} />
          <figcaption>picture</figcaption>
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
              error large <kbd>E</kbd>
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
  const { overlay, threshold } = link;
  const pixels = pixelsAt(threshold, facts.values.length);
  const request = mapRequest(chosen, link.tolerance);
  const held = request && source.choices(request, "method");
  return (
    <>
      <Choice
        label="Method"
        value={chosen.method}
        options={chosen.network.methods.map((name) => [name, name.replace(/-/g, " "), held !== null && !held.has(name)] as const)}
        onChange={(name) => go({ method: name })}
      />
      <Radios label="Show" value={link.show} options={SIGNS.map((sign) => [sign, sign] as const)} onChange={(show) => go({ show })} />
      <Blend />
      {overlay.blend === "tint" && (
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
        label="Strongest"
        max={100}
        value={threshold}
        onChange={(value) => go({ threshold: value })}
        spoken={`strongest ${threshold} percent, ${pixels} pixels`}
        output={`${threshold} %`}
      />
      {threshold < 100 && <p class="second facts">{count(pixels)} of {count(facts.values.length)} pixels shown</p>}
      <button onClick={() => go({ view: "keep", order: "strongest", share: threshold < 100 ? threshold : link.share })}>
        Keep only these pixels →
      </button>
    </>
  );
}

function Tables(part: Part): JSX.Element {
  const [link] = useLink();
  const { facts, scale, picture, meta, chosen } = part;
  const file = `attribution-${meta.picture ?? "picture"}-${meta.target ?? "score"}`;
  const png = (): void =>
    void saveMap(file, {
      title: `${meta.method_words}: ${about(part)}`,
      values: visible(facts.values, link.show, link.threshold),
      height: facts.height,
      width: facts.width,
      limit: scale.limit,
      unit: meta.unit,
      mode: MODES[scale.mode],
      name: facts.ramp,
      picture,
      overlay: link.overlay,
      ends: endsOf(meta, chosen.classes),
      lines: [
        ...(link.show !== "both" || link.threshold < 100 ? [`Shown: ${link.show}, strongest ${link.threshold} % of the pixels`] : []),
        certificate(meta).words,
        `${chosen.network.name} ${chosen.network.id.slice(0, 8)} · picture ${meta.picture} · baseline ${meta.baseline || "none"}`,
      ],
    });
  return (
    <>
      <Data
        title="strongest pixels"
        columns={["rank", "row", "column", meta.unit, "error"]}
        rows={() => strongestPixels(facts)}
        csv={() => everyPixel(facts)}
        file={file}
        onPng={png}
        note="The 20 strongest; the CSV holds every pixel."
      />
      <Data title="sums of 8 × 8 blocks" columns={["rows", "columns", `sum, ${meta.unit}`]} rows={() => blockSums(facts)} file={`${file}-blocks`} />
    </>
  );
}

export const view: View = {
  key: "1",
  name: "attribution",
  title: EXPLANATIONS.attribution.title,
  question: (target) => `Which pixels raised or lowered “${target}”?`,
  Component: Attribution,
};
