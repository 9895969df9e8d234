/** "Is that so?": what the model says of the map's best part alone and of the rest, beside other parts, and the verdict. */
import type { ComponentChildren, JSX } from "preact";
import type { Payload } from "../../generated/payloads";
import { count } from "../../core/numbers";
import type { ImageBytes } from "../../core/paint";
import type { Shown } from "../../core/session";
import { ImagePixels } from "../../parts/pixels";
import { AnswerState, Stale } from "../../parts/states";

const MARKS: Record<string, string> = { clear: "✓", weak: "~", chance: "✗", "not judged": "–" };
const SIDE = 152;

/** How many of the blocks are on, in per cent. */
export const shareOf = (blocks: Uint8Array): number => Math.round((100 * blocks.reduce((sum, on) => sum + on, 0)) / blocks.length);

type Range = [mean: string, least: string, most: string];

export function Again({ check, asked, name, missing, children }: { check: Shown<"check">; asked: boolean; name: string; missing: boolean; children: ComponentChildren }): JSX.Element {
  const { payload } = check;
  return (
    <section class="test" aria-label="Is that so?">
      <h2>Is that so? We asked the model again.</h2>
      {asked && <AnswerState answer={check} what={check.payload && !check.previous ? "Looking for a clearer map" : "Asking the model with parts of the image"} />}
      {missing && (
        <p class="second facts">
          Not asked for this file: <code>innerview serve</code> asks.
        </p>
      )}
      {payload && (
        <Stale when={check.previous}>
          <Parts payload={payload} name={name} />
        </Stale>
      )}
      {children}
    </section>
  );
}

/** Whether the parts are why, in one line, or what is known while a clearer map is looked for; green only where the answer is known to be right as well. */
export function PartsVerdict({ meta, whole, looking, doubted }: { meta: Payload<"check">["meta"]; whole: string; looking: boolean; doubted: boolean }): JSX.Element {
  const written = meta.written as Record<string, string>;
  const others = meta.others as Record<"only" | "without", Range>;
  return (
    <p class="belief verdict-line" data-check={meta.verdict} data-doubted={doubted || undefined}>
      <span aria-hidden="true">{MARKS[meta.verdict]} </span>
      {looking ? `So far: ${meta.says}` : meta.says.charAt(0).toUpperCase() + meta.says.slice(1)}.{" "}
      <span class="measured">
        Whole photo: <span class="whole">{whole}</span>; only they: <span class="whole">{written.only}</span> (parts elsewhere: <span class="whole">{others.only[0]}</span>); without them: <span class="whole">{written.without}</span> (<span class="whole">{others.without[0]}</span>).
      </span>
    </p>
  );
}

function Parts({ payload: { arrays, meta }, name }: { payload: Payload<"check">; name: string }): JSX.Element {
  const written = meta.written as Record<string, string>;
  const others = meta.others as Record<"only" | "without", Range>;
  const { data, shape } = arrays.parts;
  const share = shareOf(arrays.best.data);
  const n = arrays.only.data.length;
  const part = (i: number): ImageBytes => ({ ...arrays.parts, data: data.subarray((i * data.length) / 2, ((i + 1) * data.length) / 2), shape: shape.slice(1) });
  const rows = [
    ["only", `Only the best ${share} %`, part(0)],
    ["without", "Without them", part(1)],
  ] as const;
  return (
    <>
      <div class="parts">
        {rows.map(([key, words, image]) => {
          const [mean, least, most] = others[key];
          return (
            <figure key={key}>
              <ImagePixels image={image} label={`${words}: ${name} ${written[key]}`} size={SIDE} grid={null} />
              <figcaption>
                <span class="asked-again">
                  {words}: <strong>{name} <span class="whole">{written[key]}</span></strong>
                </span>
                <br />
                {key === "only" ? "others of its size" : "without others"}: <span class="whole">{mean}</span> (<span class="whole">{least}</span> to <span class="whole">{most}</span>, <span class="whole">n = {n}</span>)
              </figcaption>
            </figure>
          );
        })}
      </div>
      <p class="facts second">
        The fill alone ({meta.fill.replace(/^the /, "")}): {name} {written.fill}. The worst {share} %: {written.worst}.
      </p>
    </>
  );
}

/** How it was asked, in sentences, for those who want to know. */
export function How({ payload }: { payload: Payload<"check"> }): JSX.Element {
  const { arrays, meta } = payload;
  const [rows, columns] = arrays.best.shape;
  const tried = meta.tried as [method: string, says: string, p: string][];
  return (
    <>
      <p>
        The image is cut into {rows} × {columns} blocks. The best are those in which the map by {meta.method_words} has most. The others are {count(arrays.only.data.length)} sets of as many blocks: the best ones mirrored, turned and moved by chance. What is not shown is replaced by {meta.fill}. p is how often another set does at least as much, shown and taken away together.
      </p>
      <ul>
        {tried.map(([method, says, p]) => (
          <li key={method}>
            {method}: {says} (p = {p}){method === meta.method_words ? " · shown" : ""}
          </li>
        ))}
      </ul>
      <p class="second">{count(meta.n_evaluations)} forward passes. Clearly: p ≤ 0.025, since two maps may be tried.</p>
    </>
  );
}
