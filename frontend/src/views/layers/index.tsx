/** How each layer responds to the image: the model as a list of layers, a layer as a grid of channels, a channel large. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { cover, type Pixel } from "../../core/cursor";
import { EXPLANATIONS } from "../../core/explanations";
import { SORTS } from "../../core/link";
import { count, limitText, MINUS, number, percent } from "../../core/numbers";
import type { ImageBytes } from "../../core/paint";
import { useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { useMapKeys } from "../../parts/overlay";
import { Choice, Radios } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { Player } from "../../parts/slider";
import { AnswerState, Stale } from "../../parts/states";
import type { View } from "../view";
import { Convolution } from "./convolution";
import { Enlarged } from "./enlarged";
import { holds, layerFacts, type LayerEntry, type LayerFacts, listOf, sizeOf, sorted, type Tile } from "./order";
import { Bars, limitOf, Tiles } from "./tiles";
import { Tree } from "./tree";
import "./layers.css";

/** Layers a second while the way in plays, and how long a layer must stay before all its channels are asked for. */
const PACE = 1.5;
const SETTLED = 500;
/** Tiles at first; more on request. */
const PAGE = 128;

function useSettled<T>(value: T): T {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), SETTLED);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

function Layers(): JSX.Element {
  const { source } = useSession();
  const [link, go] = useLink();
  const { model, image, subject, classes } = useChosen();
  const request = model && image ? ({ kind: "layers", model: model.id, image } as const) : null;
  const answer = useAnswer(request);
  const list = answer.payload ? listOf(answer.payload) : [];
  // Of many layers the first that is shown unasked; any other is read when it is chosen.
  const index = [list.findIndex(({ name }) => name === link.layer), list.findIndex(({ shown }) => shown > 0), 0].find((at) => at >= 0)!;
  const entry = list[index] as LayerEntry | undefined;
  const settled = useSettled(entry?.name);
  const partly = entry !== undefined && settled === entry.name && (entry.shown > 0 ? entry.shown < entry.channels : source.state !== "file");
  const whole = useAnswer(partly && request ? { ...request, layer: entry.name } : null);
  const better = whole.payload && holds(whole.payload, index) && whole.payload.meta.image === answer.payload?.meta.image && whole.payload.meta.model === answer.payload?.meta.model;
  const payload = better ? whole.payload : answer.payload;
  const facts = useMemo(() => (payload && holds(payload, index) ? layerFacts(payload, index) : null), [payload, index]);
  const { sort, three: threes } = link;
  const shared = link.tiles === "layer";
  const [pages, setPages] = useState(1);
  const tiles = useMemo(() => (facts && payload ? sorted(payload, facts, sort) : []), [facts, payload, sort]);
  useMapKeys();

  if (!answer.payload || !entry || !payload) {
    return (
      <>
        <AnswerState answer={answer} what="Computing the activations" />
        <Explain of="layers" />
      </>
    );
  }
  const choose = (at: number): void => go({ layer: list[at].name, channel: null });
  const tile = tiles.find(({ number: n }) => n === link.channel) ?? tiles[0];
  const shown = tiles.slice(0, pages * PAGE);
  // Channels are classes from where on there are as many of them to the end.
  const names = list.slice(index).every(({ channels }) => channels === classes.length) ? classes : [];
  const single = entry.height * entry.width === 1;
  const constant = facts?.tiles.filter((each) => each.constant).length ?? 0;
  const pick = subject.payload && subject.payload.meta.image === payload.meta.image ? subject.payload.arrays.image : null;
  return (
    <div class="layers">
      <div class="way">
        <Player stops={list.length} at={index} onMove={choose} of="layer" pace={PACE} />
        <div class="narrow">
          <Choice label="Layer" value={entry.name} options={list.map((each) => [each.name, `${each.name} ${sizeOf(each)}`])} onChange={(layer) => go({ layer, channel: null })} />
        </div>
        <Tree list={list} index={index} onChoose={choose} />
      </div>
      <div class="layer">
        <Stale when={answer.previous}>
          {facts && tile ? (
            <>
              <h2>
                {entry.name}{" "}
                <span class="second">
                  {entry.kind} · {sizeOf(entry)} · <span data-shown>{facts.entry.note || `${count(tiles.length)} of ${count(entry.channels)} channels`}</span>
                </span>
              </h2>
              {constant > 0 && <p class="remark">! {count(constant)} of the {count(tiles.length)} channels here are constant: the same value everywhere on this image.</p>}
              <div class="settings">
                <Choice label="Sort by" value={sort} options={SORTS.map((each) => [each, each])} onChange={(value) => go({ sort: value })} />
                {!single && (
                  <>
                    <Radios label="Scale" value={shared ? "layer" : "per-channel"} options={[["layer", "shared"], ["per-channel", "per channel"]]} onChange={(value) => go({ tiles: value as "layer" | "per-channel" })} />
                    <Radios label="Tiles" value={threes ? "three" : "one"} options={[["one", "one channel"], ["three", "three as RGB", tiles.length < 3]]} onChange={(value) => go({ three: value === "three" })} />
                  </>
                )}
              </div>
              {single ? (
                <Bars facts={facts} tiles={shown} chosen={tile.number} onChoose={(channel) => go({ channel })} names={names} />
              ) : (
                <Tiles facts={facts} tiles={shown} chosen={tile.number} onChoose={(channel) => go({ channel })} shared={shared} threes={threes && tiles.length > 2} names={names} />
              )}
              {tiles.length > shown.length && (
                <button type="button" onClick={() => setPages(pages + 1)}>
                  Show more of {count(tiles.length)}
                </button>
              )}
              {single ? null : threes ? (
                <p class="second facts">
                  Three channels as red, green and blue: grey 0, full light +{limitText(facts.limit)}, full dark {MINUS}{limitText(facts.limit)}{shared ? "" : " or each three's own"}.
                </p>
              ) : shared ? (
                <Legend scale={{ limit: facts.limit, mode: "layer" }} unit="activation" name="value" values={facts.all} ends={["below zero", "above"]} />
              ) : (
                <p class="second facts">Per-channel scale: full colour is about the channel's own largest |value|.</p>
              )}
              {!single && <Enlarged payload={payload} facts={facts} tile={tile} shared={shared} image={pick} />}
              {(entry.kind === "convolution" || payload.arrays[`kernels/${index}`]) && (
                <Convolution list={list} layer={entry.name} channel={tile.number} place={placeOf(link.pixel, pick, facts, tile)} image={pick} />
              )}
              <LayerTable name={entry.name} tiles={tiles} limit={(each) => limitOf(each, facts, shared)} />
            </>
          ) : (
            (source.state === "file" || whole.state === "failed") && (
              <p class="remark">
                {entry.name}: {entry.note || "this layer was not recorded."}
              </p>
            )
          )}
        </Stale>
        <AnswerState answer={partly ? whole : answer} what={`Reading all channels of ${entry.name}`} />
        <Explain of="layers" />
      </div>
    </div>
  );
}

/** The place in a layer that is pinned in the image; where none is, the one with the largest |value|. */
function placeOf(pixel: Pixel | null, image: ImageBytes | null, { entry, height, width }: LayerFacts, { values }: Tile): Pixel {
  const all = [entry.height, entry.width] as const;
  if (pixel && image && pixel[0] < image.shape[0] && pixel[1] < image.shape[1]) return cover(pixel, [image.shape[0], image.shape[1]], all);
  const at = values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
  return cover([Math.floor(at / width), at % width], [height, width], all);
}

function LayerTable({ name, tiles, limit }: { name: string; tiles: readonly Tile[]; limit: (tile: Tile) => number }): JSX.Element {
  return (
    <Data
      title={`channels of ${name}`}
      columns={["channel", "mean", "maximum", "minimum", "above zero"]}
      rows={() => tiles.map((each) => [String(each.number), number(each.mean, true), number(each.maximum, true), number(each.minimum, true), percent(each.above)])}
      csv={() => ({
        columns: ["channel", "mean", "maximum", "minimum", "above_zero", "scale"],
        rows: tiles.map((each) => [each.number, each.mean, each.maximum, each.minimum, each.above, limit(each)]),
      })}
      file={`layer-${name}`}
    />
  );
}

export const view: View = {
  key: "4",
  name: "layers",
  title: EXPLANATIONS.layers.title,
  group: "Inside",
  shows: "layers",
  question: () => EXPLANATIONS.layers.question,
  Component: Layers,
};
