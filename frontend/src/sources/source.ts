/** Where payloads come from. Views ask and never know whether a server, a file or a notebook answers. */
import type { Kind, Payload } from "../generated/payloads";
import type { Store } from "../core/store";

export interface LayerFacts {
  name: string;
  kind: string;
  height?: number;
  width?: number;
  channels?: number;
}

export interface ModelFacts {
  id: string;
  name: string;
  classes: string[];
  /** What it can say: its classes, and perhaps one more, that it is none of them. */
  answers: string[];
  /** Whether an answer can be read from the outputs at all. */
  decides: boolean;
  /** Error of integrated gradients that is aimed at where nobody says one. */
  tolerance: number;
  input: { height: number; width: number; channels: number };
  layers: (LayerFacts | string)[];
  kind: string;
  differentiable: boolean;
  methods: string[];
  /** What a comparison has found best for it, to begin with, and why in a sentence; no method where it can't be used. */
  kept?: { method?: string; baseline?: string; words: string };
}

export interface SampleFacts {
  image: string;
  name: string;
  label?: number | null;
  /** Data URL of a small PNG. */
  thumbnail?: string;
  /** Number and probability of what is predicted, in a page that knows it. */
  said?: [number, number];
}

export interface RunFacts {
  id: string;
  name: string;
  state: string;
  /** Step of the last checkpoint. */
  checkpoint?: number;
  /** Id of the model that it trained, where that is known. */
  model?: string;
}

/** A data set whose images were surveyed. */
export interface SurveyFacts {
  name: string;
  rows: number;
  /** Id of the model that was surveyed. */
  model: string;
  /** Whether its images can be had. */
  images: boolean;
  /** In a file: numbers of the images that the network inside can be asked about. */
  held?: number[];
}

export interface Hello {
  version: string;
  models: ModelFacts[];
  samples: SampleFacts[];
  runs: RunFacts[];
  survey?: SurveyFacts;
  baselines: string[];
  remote: boolean;
  /** Forward passes that a verdict on a map takes. */
  judging?: number;
  /** The same for what parts alone say. */
  parts?: number;
  /** What installs superpixels; empty where they are there. */
  superpixels?: string;
  file?: boolean;
  /** Which network is inside a file, or why none is. */
  inside?: string;
  /** Where a file opens, as a link; at the first screen without. */
  start?: string;
}

/** What is asked: the kind and, by kind, model, image, target, versus, method, baseline, tolerance, fill, … */
export interface Request {
  kind: Kind;
  model?: string;
  image?: string;
  target?: number | null;
  versus?: number | null;
  method?: string;
  baseline?: string;
  tolerance?: number;
  objective?: string;
  fill?: string;
  mask?: string;
  cells?: [number, number];
  /** How an image is cut into regions, "superpixels" say; or masks, a region each. */
  regions?: string;
  marks?: string[];
  /** Left, top, width and height in pixels of the image as the model sees it. */
  region?: [number, number, number, number];
  layer?: string;
  /** Of that layer: the channel, row and column of the one number that is taken apart, from 0. */
  channel?: number;
  position?: [number, number];
  run?: string;
  /** Images of a surveyed data set, by their numbers, and how they are placed on a map. */
  rows?: readonly number[];
  embedding?: string;
  /** How often a budget that ended too early was continued. */
  more?: number;
}

/** `level` is a better answer on the way; the last four end the request. */
export type AnswerState = "queued" | "level" | "done" | "not-met" | "failed" | "cancelled";
export const ENDED: readonly AnswerState[] = ["done", "not-met", "failed", "cancelled"];

export interface Message {
  state: AnswerState;
  payload?: Payload;
  /** What was wrong, in words. */
  message?: string;
  layer?: string;
  progress?: { done: number; total: number };
}

export type Connection = { state: "open" } | { state: "lost"; retryIn: number };

export interface Source {
  readonly state: "live" | "file" | "notebook";
  readonly hello: Promise<Hello>;
  readonly connection?: Store<Connection>;
  /** Calls back with every message until the request has ended; the returned function cancels it. */
  ask(request: Request, onMessage: (message: Message) => void): () => void;
  /** Whether a request can be answered at all. */
  can(request: Request): boolean;
  /** The values of one field for which requests like this one can be answered; null where all can. */
  choices(request: Request, field: keyof Request): ReadonlySet<unknown> | null;
  upload?(blob: globalThis.Blob, name: string): Promise<{ image: string; name: string } | { message: string }>;
  /** The page that this is, as HTML without the network that is inside it. */
  without?(): string;
  /** A run changed on disk: ask again. */
  onRun?(changed: (run: RunFacts) => void): () => void;
  /** A new hello (samples uploaded, runs begun). */
  onHello?(changed: (hello: Hello) => void): () => void;
}
