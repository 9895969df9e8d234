/**
 * The data-set view: filters, the confusion matrix or the map of all images, and the images that are left as a gallery
 * or a table. A chunk of its own with its own copy of what draws; of the page that it is in it uses the session alone:
 * its link, its source, its answers.
 */
import { h, render } from "preact";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";
import type { Draw } from "../src/core/chunk";
import { count } from "../src/core/numbers";
import { save } from "../src/core/saving";
import { SessionContext, useAnswer, useLink, useSession } from "../src/core/session";
import { useStore } from "../src/core/store";
import type { Payload } from "../src/generated/payloads";
import { Radios } from "../src/parts/choice";
import { Confusion } from "../src/parts/confusion";
import { AnswerState, worded } from "../src/parts/states";
import { Filters } from "./filters";
import { Gallery, Table } from "./images";
import { MapPanel } from "./map";
import { Rows } from "./rows";
import { FILTERS, filtered, readState, START, type State, writeState } from "./state";
import { Tiles } from "./tiles";
import "./dataset.css";

function DataSet(): JSX.Element {
  const session = useSession();
  const { survey, models } = useStore(session.hello);
  const answer = useAnswer({ kind: "dataset", model: survey!.model } as const);
  const { payload } = answer;
  if (!payload) return <AnswerState answer={answer} what="Reading the rows of the survey" />;
  const model = models.findIndex(({ id }) => id === survey!.model);
  return <Shown payload={payload} model={model === 0 ? null : survey!.model} />;
}

function Shown({ payload, model }: { payload: Payload<"dataset">; model: string | null }): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("rows");
  const rows = useMemo(() => new Rows(payload), [payload]);
  const { state, problems } = useMemo(() => checked(link.rows, rows, payload), [link.rows, rows, payload]);
  const tiles = useMemo(() => (payload.meta.images ? new Tiles(session.source) : null), [payload, session]);
  useLayoutEffect(() => () => tiles?.close(), [tiles]);
  useEffect(() => problems.forEach((problem) => session.speech.notice(problem)), [problems.join()]);
  const change = (patch: Partial<State>): void => go({ rows: writeState({ ...state, ...patch }) });

  const methods = payload.meta.maps as string[];
  const placed = state.over === "map" || state.lasso !== null || state.box !== null;
  const asked = useAnswer(placed && methods.length ? ({ kind: "embedding", model: payload.meta.model, embedding: state.method } as const) : null);
  const known = asked.previous ? null : asked.payload;
  const points = useMemo(() => known && { x: known.arrays.x.data, y: known.arrays.y.data }, [known]);

  // What each part depends on, and nothing else: a sort filters nothing anew.
  const filter = JSON.stringify(FILTERS.map((field) => state[field]));
  const kept = useMemo(() => rows.mask(state, points), [rows, filter, points]);
  const chosen = useMemo(() => rows.select(kept, state.sort), [rows, kept, state.sort.column, state.sort.descending]);
  const passed = useMemo(() => (state.lasso || state.box ? rows.mask(state, points, ["lasso", "box"]) : kept), [rows, filter, points]);
  const cells = useMemo(() => rows.confusion(state.label === null && state.predicted === null ? kept : rows.mask(state, points, ["label", "predicted"])), [rows, filter, points]);
  const counts = useMemo(
    () => ({ label: rows.counts("label", state.label === null ? kept : rows.mask(state, points, ["label"])), predicted: rows.counts("predicted", state.predicted === null ? kept : rows.mask(state, points, ["predicted"])) }),
    [rows, filter, points],
  );

  const n = rows.classes.length;
  const picked = state.label !== null && state.label >= 0 && state.predicted !== null && state.predicted >= 0 ? state.label * n + state.predicted : null;
  const open = (row: number): void => {
    const image = `data-${rows.index(row)}`;
    const problem = rows.problem(row);
    if (problem !== null) session.speech.notice(`Nothing can be asked about ${rows.name(row)}: ${problem}.`);
    else if (session.source.can({ kind: "subject", model: payload.meta.model, image })) go({ model, image, view: "why" });
    else session.speech.notice("No model is in this file that could be asked about an image: `innerview serve --survey ROWS --data DATA`.");
  };
  const of = `${payload.meta.name} ${filter} ${state.sort.column} ${state.sort.descending}`;
  const labelled = useMemo(() => rows.counts("label", new Uint8Array(rows.count).fill(1))[n] < rows.count, [rows]);
  const about = payload.meta.about as string[];
  const missing = payload.meta.missing as string[];
  const images = { rows, chosen, tiles, of, onOpen: open };
  const shown = tiles ? state.shown : "table";
  return (
    <>
      <p class="second facts about">
        {payload.meta.name}: {about.join(" ")}
      </p>
      <Filters {...{ rows, state, counts, change }} />
      <div class="both">
        <section class="over" aria-label="Overview">
          <Radios label="Overview" value={state.over} options={[["confusion", "confusion matrix"], ["map", "map"]]} onChange={(over) => change({ over })} />
          {state.over === "map" ? (
            <MapPanel {...{ rows, state, change, answer: asked, methods, points, passed, kept, tiles, onOpen: open }} />
          ) : labelled ? (
            <Confusion cells={cells} classes={rows.classes} what="images" picked={picked} onPick={(cell) => change(cell === picked ? { label: null, predicted: null } : { label: Math.floor(cell / n), predicted: cell % n })} />
          ) : (
            <p class="empty">No label of these images is known to the model, so nothing is confused with anything.</p>
          )}
        </section>
        <section class="some" aria-label="The images that are shown">
          <div class="row">
            <p class="count" role="status">
              <strong>{count(chosen.length)}</strong> of {count(rows.count)} images
            </p>
            {tiles && <Radios label="As" value={state.shown} options={[["gallery", "gallery"], ["table", "table"]]} onChange={(next) => change({ shown: next })} />}
            {shown === "gallery" && <Sorting {...{ rows, state, change }} />}
            <button class="small" type="button" aria-label="These images as CSV" onClick={() => save("images.csv", new Blob(rows.csv(chosen), { type: "text/csv" }))}>
              CSV
            </button>
            {filtered(state) && (
              <button class="small" type="button" onClick={() => change(Object.fromEntries(FILTERS.map((field) => [field, START[field]])))}>
                Show all
              </button>
            )}
          </div>
          {chosen.length === 0 ? <p class="empty">No image passes all of these filters.</p> : shown === "table" ? <Table {...images} sort={state.sort} onSort={(sort) => change({ sort })} /> : <Gallery {...images} />}
        </section>
      </div>
      {missing.map((text) => (
        <p key={text} class="second facts">
          {worded(text)}
        </p>
      ))}
    </>
  );
}

/** What the link says, without what this survey does not have. */
function checked(text: string, rows: Rows, { meta }: Payload<"dataset">): { state: State; problems: string[] } {
  const { state, problems } = readState(text);
  const n = rows.classes.length;
  const columns = new Set(rows.columns.map(({ key }) => key));
  const maps = meta.maps as string[];
  const wrong: [boolean, Partial<State>, string][] = [
    [(state.label ?? 0) >= n, { label: null }, `class ${state.label}`],
    [(state.predicted ?? 0) >= n, { predicted: null }, `class ${state.predicted}`],
    [typeof state.group === "number" && state.group >= rows.groups.length, { group: null }, `group ${Number(state.group) + 1}`],
    [state.group === "any" && !rows.groups.length, { group: null }, "suspicious group"],
    [state.range !== null && rows.numbers(state.range.column) === undefined, { range: null }, `column ${state.range?.column}`],
    [!columns.has(state.sort.column), { sort: START.sort }, `column ${state.sort.column}`],
    [(state.lasso !== null || state.box !== null) && !maps.length, { lasso: null, box: null }, "map"],
    [maps.length > 0 && !maps.includes(state.method), { method: START.method, lasso: null, box: null }, `map by ${state.method}`],
  ];
  for (const [is, patch, what] of wrong) {
    if (!is) continue;
    Object.assign(state, patch);
    problems.push(`This survey has no ${what}; it is left out.`);
  }
  return { state, problems };
}

function Sorting({ rows, state, change }: { rows: Rows; state: State; change: (patch: Partial<State>) => void }): JSX.Element {
  const { column, descending } = state.sort;
  return (
    <span class="field sorting">
      <label>
        Sort{" "}
        <select value={column} onChange={(event) => change({ sort: { column: event.currentTarget.value, descending } })}>
          {rows.columns.map(({ key, title }) => (
            <option key={key} value={key}>
              {key === "index" ? "as in the data set" : title}
            </option>
          ))}
        </select>
      </label>
      <button class="small" type="button" aria-label={descending ? "Largest first; turn round" : "Smallest first; turn round"} onClick={() => change({ sort: { column, descending: !descending } })}>
        {descending ? "↓" : "↑"}
      </button>
    </span>
  );
}

const draw: Draw = (root, session) => {
  render(h(SessionContext.Provider, { value: session, children: h(DataSet, {}) }), root);
  return () => render(null, root);
};

const found = globalThis as { innerviewParts?: Record<string, Draw> };
(found.innerviewParts ??= {}).dataset = draw;
