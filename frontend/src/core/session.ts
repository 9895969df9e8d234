/**
 * One mounted page: its source, its link, what was answered, and the hooks by which components use them.
 *
 * Nothing here is global, so that a notebook may hold several pages.
 */
import { createContext } from "preact";
import { useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Kind, Payload } from "../generated/payloads";
import type { Hello, ModelFacts, Request, RunFacts, Source } from "../sources/source";
import { Answers, keyOf, type Answer } from "./answers";
import type { Pixel } from "./cursor";
import type { Frame } from "./cropping";
import { type KeyAction, Keys } from "./keys";
import { DEFAULTS, type Link } from "./link";
import type { Theme } from "./ramps";
import { Speech } from "./speech";
import { Store, useStore } from "./store";

/** What a hover lays over the rail's image (a channel, a mask …); see `useSession().lay`. */
export interface Laid {
  values: Float32Array;
  height: number;
  width: number;
  limit: number;
  ramp: "evidence" | "value" | "amount";
  says: string;
}

/** A photo that was sent from this page, whole, and the part of it that an image shows: null, what the model takes of it. */
export interface Own {
  blob: globalThis.Blob;
  name: string;
  frame: Frame | null;
}

export class Session {
  readonly link: Store<Link>;
  readonly hover = new Store<Pixel | null>(null);
  readonly hoverClass = new Store<number | null>(null);
  readonly lay = new Store<Laid | null>(null);
  /** What a view asks here instead of its usual question; null for that. */
  readonly question = new Store<string | null>(null);
  /** Saves what is shown as an image, and as one that moves where there is something to reveal. */
  readonly card = new Store<{ still: () => void; reveal: (() => Promise<void>) | null } | null>(null);
  /** Photos that were sent from this page, by the image that came of them. */
  readonly own = new Map<string, Own>();
  /** Images and classes whose regions were taken away, or are to be; see parts/verdict.tsx. */
  readonly judged = new Store<readonly string[]>([]);
  readonly theme = new Store<Theme>("light");
  /** Whether what speaks against is told by a pattern too: where it was chosen, or where the system forces its colours. */
  readonly patterns = new Store(false);
  readonly speech = new Speech();
  readonly keys = new Keys();
  readonly answers: Answers;
  readonly hello: Store<Hello>;
  readonly source: Source;
  readonly root: HTMLElement;

  constructor(source: Source, hello: Hello, root: HTMLElement, link: Link) {
    this.source = source;
    this.root = root;
    this.hello = new Store(hello);
    this.link = new Store(link);
    this.answers = new Answers(source);
  }

  /** Whether a file has an image: among those at hand, or in its data set. */
  holds(image: string): boolean {
    const { samples, survey } = this.hello.value;
    return samples.some((sample) => sample.image === image) || (survey !== undefined && this.source.can({ kind: "subject", model: survey.model, image }));
  }

  /** Name what the link asks for and this source does not have; what is shown instead follows from `useChosen`. */
  checkLink(): void {
    const { model, image, target, versus, method, baseline } = this.link.value;
    const { models, baselines } = this.hello.value;
    const found = models.find(({ id }) => id === model) ?? models[0];
    const classes = found?.classes.length ?? 0;
    const file = this.source.state === "file";
    const missing: [boolean, string, unknown, unknown][] = [
      [model !== null && found?.id !== model, "model", model, found?.name],
      [file && image !== null && !this.holds(image), "image", image, "the first one"],
      [classes > 0 && target !== null && target >= classes, "class", target, "the predicted one"],
      [classes > 0 && versus !== null && versus >= classes, "class", versus, "no other"],
      [method !== null && !found?.methods.includes(method), "method", method, usual(found, baselines).method],
      [baseline !== null && !baselines.includes(baseline), "baseline", baseline, usual(found, baselines).baseline],
    ];
    for (const [is, what, asked, shown] of missing) if (is) this.speech.notice(`There is no ${what} ${asked} here; ${shown} is shown.`);
  }

  /**
   * A run's folder changed: its state in the list, and what was asked about it anew.
   *
   * A timeline changes with the checkpoints only; testing takes long, and the training may need the processor: while it
   * goes on, whoever looks says when.
   */
  runChanged(run: RunFacts): void {
    const { runs } = this.hello.value;
    const known = runs.find(({ id }) => id === run.id);
    this.hello.set({ ...this.hello.value, runs: known ? runs.map((old) => (old.id === run.id ? { ...old, ...run } : old)) : [...runs, run] });
    const kinds = ["run", "weights"];
    if (known?.checkpoint !== run.checkpoint) kinds.push("timeline", ...(run.state === "running" ? [] : ["tested"]));
    else if (known?.state !== run.state) kinds.push("tested");
    this.answers.forget((request) => request.run === run.id && kinds.includes(request.kind));
  }

  /** Change parts of the link. A changed image or model forgets what only made sense for the old one. */
  go = (patch: Partial<Link>): void => {
    const before = this.link.value;
    const next = { ...before, ...patch };
    const changed = (field: keyof Link): boolean => field in patch && patch[field] !== before[field];
    // Another image or model has other likely classes: start from what is predicted, unless a class was chosen with it.
    if ((changed("image") || changed("model")) && !("target" in patch)) Object.assign(next, { target: null, versus: null });
    if (changed("target") && next.versus === next.target) next.versus = null;
    if (changed("image") && !("mask" in patch)) next.mask = DEFAULTS.mask;
    if ((changed("image") || changed("model")) && !("region" in patch)) next.region = DEFAULTS.region;
    // What was painted belongs to one image; superpixels are made of each.
    if ((changed("image") || changed("model")) && !("cut" in patch) && next.cut !== "superpixels") next.cut = DEFAULTS.cut;
    this.link.set(next);
  };
}

export const SessionContext = createContext<Session>(null as never);
export const useSession = (): Session => useContext(SessionContext);

type Go = (patch: Partial<Link>) => void;

/**
 * The link's state and how to change it: `const [link, go] = useLink(); go({ alpha: 0.1 })`.
 *
 * With names of fields, the component renders again only when one of these changes: `useLink("scale")`. A slider
 * moves one field many times a second, so whatever does not show it should say what it shows.
 */
export function useLink(): [Link, Go];
export function useLink<K extends keyof Link>(...fields: K[]): [Pick<Link, K>, Go];
export function useLink(...fields: (keyof Link)[]): [Link, Go] {
  const { link, go } = useSession();
  useStore(link, fields.length ? (value) => fields.map((field) => value[field]) : undefined);
  return [link.value, go];
}

export const useTheme = (): Theme => useStore(useSession().theme);

/** Keys of a view, as long as it is shown. */
export function useKeys(actions: readonly KeyAction[]): void {
  const { keys } = useSession();
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(
    () => keys.add(actions.map(({ key, says }) => ({ key, says, run: () => latest.current.find((action) => action.key === key)?.run() }))),
    [keys, actions.map(({ key }) => key).join()],
  );
}

const IDLE: Answer = { state: "waiting", payload: null, message: null, progress: null, levels: 0 };

/** An answer as a view shows it: the old payload stays, marked as `previous`, until the new one is there. */
export interface Shown<K extends Kind> extends Omit<Answer<K>, "payload"> {
  payload: Payload<K> | null;
  /** The payload on screen answers an earlier question, or was not finished. */
  previous: boolean;
}

/**
 * Ask for a payload and show it as it refines. `null` asks nothing.
 *
 * Nothing of another image, model or run stays: on a new photo an old map would be taken for its own. Beside an error
 * stands only what is about the same class too. What another tolerance, budget, method, baseline or fill could not
 * replace stays, as `previous`.
 */
export function useAnswer<K extends Kind>(request: (Request & { kind: K }) | null): Shown<K> {
  const { answers } = useSession();
  const [, again] = useState(0);
  const last = useRef<{ payload: Payload<K>; about: string; of: string } | null>(null);
  const key = request && keyOf(request);
  const of = `${request?.model} ${request?.image} ${request?.run}`;
  const about = request && keyOf({ ...request, tolerance: 0, more: 0, method: "", baseline: "", fill: "" });
  const current = request ? ((answers.known(request) ?? IDLE) as Answer<K>) : (IDLE as Answer<K>);
  useLayoutEffect(() => {
    if (!request) return undefined;
    const { store, release } = answers.hold(request);
    const redraw = (): void => again((n) => n + 1);
    redraw();
    const stop = store.watch(redraw);
    return () => {
      stop();
      release();
    };
  }, [key, answers]);
  const failed = current.state === "failed";
  if (current.payload) last.current = { payload: current.payload, about: about!, of };
  else if (last.current && (last.current.of !== of || (failed && last.current.about !== about))) last.current = null;
  const payload = (request && last.current?.payload) ?? null;
  return { ...current, payload, previous: payload !== null && (failed || !current.payload) };
}

/** Everything that follows from the link and the prediction: what is really shown when nothing was chosen. */
export interface Chosen {
  model: ModelFacts;
  /** Null when there is no image to show yet. */
  image: string | null;
  subject: Shown<"subject">;
  /** Classes from the most to the least likely; empty until the prediction is there. */
  ranking: number[];
  /** Null until the prediction is there. */
  target: number | null;
  versus: number | null;
  classes: string[];
  /** Names of the answers: the classes, and perhaps one more. */
  answers: string[];
  method: string;
  baseline: string;
}

/** Where nobody has chosen: what a comparison has kept of the model, or else what is usual. */
export function usual(model: Pick<ModelFacts, "methods" | "kept"> | undefined, baselines: readonly string[]): { method: string; baseline: string } {
  const one = (has: readonly string[], ...wanted: (string | undefined)[]): string => wanted.find((name) => name !== undefined && has.includes(name)) ?? has[0] ?? wanted.at(-1)!;
  const { kept } = model ?? {};
  return { method: one(model?.methods ?? [], kept?.method, "integrated-gradients"), baseline: one(baselines, kept?.baseline, "blurred") };
}

export function useChosen(): Chosen {
  const session = useSession();
  const hello = useStore(session.hello);
  const [link] = useLink("model", "image", "target", "versus", "method", "baseline");
  const model = hello.models.find(({ id }) => id === link.model) ?? hello.models[0];
  const held = session.source.state !== "file" || (link.image !== null && session.holds(link.image));
  const image = (held ? link.image : null) ?? hello.samples[0]?.image ?? null;
  const subject = useAnswer(model && image ? { kind: "subject", model: model.id, image } : null);
  const logits = subject.payload && !subject.previous ? subject.payload.arrays.logits.data : null;
  const ranking = useMemo(() => (logits ? Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b) : []), [logits]);
  const classes = model?.classes ?? [];
  const first = usual(model, hello.baselines);
  const known = (index: number | null): number | null => (index !== null && index < Math.max(classes.length, ranking.length) ? index : null);
  const target = known(link.target) ?? ranking[0] ?? null;
  const versus = known(link.versus);
  return {
    model,
    image,
    subject,
    ranking,
    target,
    versus: versus === target ? null : versus,
    classes,
    answers: model?.answers ?? classes,
    method: link.method !== null && model?.methods.includes(link.method) ? link.method : first.method,
    baseline: link.baseline !== null && hello.baselines.includes(link.baseline) ? link.baseline : first.baseline,
  };
}

/**
 * The question for the map that the controls ask for; null until it is known what to explain.
 *
 * A tolerance of null is the usual one of the model.
 */
export function mapRequest(chosen: Chosen, tolerance: number | null, but: Partial<Request> = {}): (Request & { kind: "map" }) | null {
  const { model, image, target, versus, method, baseline } = chosen;
  if (!model || image === null || target === null) return null;
  return { kind: "map", model: model.id, image, target, versus, method, baseline, ...(tolerance !== null && { tolerance }), ...but } as Request & { kind: "map" };
}
