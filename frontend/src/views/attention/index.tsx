/** Where a transformer looks: choose a token, and see what it takes from the others, head by head or followed through all layers. */
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { EXPLANATIONS } from "../../core/explanations";
import { count, number, percent } from "../../core/numbers";
import { roundUp } from "../../core/scale";
import { useAnswer, useChosen, useLink, useSession } from "../../core/session";
import { Choice } from "../../parts/choice";
import { Data } from "../../parts/data";
import { Explain } from "../../parts/explain";
import { Legend } from "../../parts/legend";
import { MapPixels } from "../../parts/pixels";
import { AnswerState, Stale } from "../../parts/states";
import { enlarge } from "../layers/order";
import type { View } from "../view";
import { lookingOf } from "./rows";
import "./attention.css";

const SIDE = 72;

function Attention(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("layer", "token", "head");
  const { model, image, subject } = useChosen();
  const about = model && image && model.methods.includes("attention") ? ({ kind: "attention", model: model.id, image, ...(link.layer ? { layer: link.layer } : {}) } as const) : null;
  const held = about !== null && session.source.can(about);
  const answer = useAnswer(held ? about : null);
  const { payload } = answer;
  const looking = useMemo(() => (payload ? lookingOf(payload) : null), [payload]);
  const photo = subject.payload?.arrays.image ?? null;
  if (!payload || !looking || !photo) {
    return (
      <div class="attention">
        {held ? (
          <AnswerState answer={answer} what="Looking at the attention" />
        ) : (
          <p class="empty">
            {about ? "This file holds no attention: " : `${model?.name ?? "This model"} has no attention that can be seen. Open a transformer: `}
            <code>{about ? "innerview serve" : "innerview serve --model timm:vit_tiny_patch16_224"}</code>
          </p>
        )}
        <Explain of="attention" />
      </div>
    );
  }
  const { rows, columns, start, heads, tokens, other } = looking;
  const token = link.token === null ? other : Math.min(link.token, tokens - 1);
  const grid: [number, number] = [photo.shape[0], photo.shape[1]];
  const options = ["mean", ...(payload.arrays.rollout ? ["rollout"] : []), ...Array.from({ length: heads }, (_, h) => String(h))];
  const head = options.includes(link.head) ? link.head : "mean";
  const place = token === null || token < start || token >= start + rows * columns ? null : [Math.floor((token - start) / columns), (token - start) % columns];
  const who = token === null ? "All tokens together" : place ? `The token in row ${place[0] + 1}, column ${place[1] + 1}` : token === other ? "The class token" : `Token ${token}`;
  const named = (each: string): string => (each === "mean" ? `mean of ${heads} heads` : each === "rollout" ? "rollout, all layers" : `head ${Number(each) + 1}`);
  const values = looking.row(head, token);
  const limit = roundUp(Math.max(...values) || 1);
  const overlay = { style: "half", opacity: 80 } as const;
  const best = values.indexOf(Math.max(...values));
  return (
    <div class="attention">
      <div class="settings">
        <Choice label="Layer" value={payload.meta.layer} options={(payload.meta.layers as string[]).map((name, i) => [name, `${i + 1}: ${name}`])} onChange={(layer) => go({ layer })} />
        <span class="row">
          {other !== null && (
            <button class="small" aria-pressed={token === other} onClick={() => go({ token: null })}>
              Class token
            </button>
          )}
          <span class="second">or choose a token on the image</span>
        </span>
      </div>
      <Stale when={answer.previous}>
        <div class="panes">
          <figure>
            <MapPixels
              values={enlarge(values, [rows, columns], grid)}
              height={grid[0]}
              width={grid[1]}
              limit={limit}
              ramp="amount"
              image={photo}
              overlay={overlay}
              cells={[rows, columns]}
              keyboard
              onCell={(cell, phase) => (phase === "down" || phase === "enter") && go({ token: start + cell[0] * columns + cell[1] })}
              label={`${who} looks, ${named(head)}: most at row ${Math.floor(best / columns) + 1}, column ${(best % columns) + 1}, ${percent(values[best])}`}
              size={560}
            >
              {place && <span class="looks" style={{ top: `${(100 * place[0]) / rows}%`, left: `${(100 * place[1]) / columns}%`, height: `${100 / rows}%`, width: `${100 / columns}%` }} />}
            </MapPixels>
            <Legend scale={{ limit, mode: "per-image" }} unit="fraction of its attention" name="amount" values={values} overlay={overlay} />
            <figcaption data-looks>
              <strong>{who}</strong> looks most at row {Math.floor(best / columns) + 1}, column {(best % columns) + 1} of {rows} × {columns} ({percent(values[best])}); {percent(looking.beside(head, token))} goes to tokens that are nowhere in the image.
            </figcaption>
          </figure>
          <div>
            <h2>
              {named(head)} <span class="second">of {head === "rollout" ? `${count((payload.meta.layers as string[]).length)} layers` : payload.meta.layer}</span>
            </h2>
            <ul class="heads" aria-label="Heads">
              {options.map((each) => {
                const own = looking.row(each, token);
                return (
                  <li key={each}>
                    <button aria-pressed={each === head} onClick={() => go({ head: each })}>
                      <MapPixels values={own} height={rows} width={columns} limit={roundUp(Math.max(...own) || 1)} ramp="amount" label="" size={SIDE} fixed grid={null} />
                      <span>{named(each)}</span>
                    </button>
                  </li>
                );
              })}
            </ul>
            <p class="second facts">Each tile has its own scale: compare where, not how much.</p>
            {payload.meta.missing && <p class="second facts">No rollout: {payload.meta.missing}</p>}
            <Data
              title={`attention, ${named(head)}`}
              columns={["row", ...Array.from({ length: columns }, (_, i) => String(i + 1))]}
              rows={() => Array.from({ length: rows }, (_, r) => [String(r + 1), ...Array.from(values.subarray(r * columns, (r + 1) * columns), (value) => number(value))])}
              file={`attention-${image}`}
            />
          </div>
        </div>
      </Stale>
      <AnswerState answer={answer} what="Looking at the attention" />
      <Explain of="attention" />
    </div>
  );
}

export const view: View = {
  key: "9",
  name: "attention",
  title: EXPLANATIONS.attention.title,
  group: "Inside",
  shows: "attention",
  question: () => EXPLANATIONS.attention.question,
  Component: Attention,
};
