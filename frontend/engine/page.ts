/**
 * A page with a network inside: what was computed before it was written is shown as it stands, everything else is asked
 * of the engine, in a worker made of a text of this page, since a file has no other. The viewer finds this by the name
 * `innerviewLive` and hands over what it has: so both are built by themselves.
 */
import { unpack } from "../src/sources/file";
import type { Channel } from "../src/sources/channel";
import type { Hello, Message, Request, Source } from "../src/sources/source";
import type { Live } from "../src/sources/live";
import { BASELINES, KINDS, METHODS } from "./answered";

type Reply = { image: string; name: string } | { message: string };

const text = (id: string): string => document.getElementById(id)?.textContent ?? "";
/** Each holds the network in a memory of its own. */
const MOST_WORKERS = 4;
const ELSEWHERE = "The network in this page does not answer that; for everything: `innerview serve`.";

class Engine {
  readonly #channel: Channel;
  #worker: Promise<Worker | null> | null = null;
  readonly #uploads = new Map<number, (reply: Reply) => void>();
  #next = 1;
  readonly own = new Set<string>();
  problem: string | null = null;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** The worker, begun when it is first needed; null where there is none, and then `problem` says why. */
  begin(): Promise<Worker | null> {
    this.#worker ??= this.#begun().catch((problem: unknown) => {
      this.problem = `The network in this page can't be run in this browser (${problem instanceof Error ? problem.message : String(problem)}).`;
      return null;
    });
    return this.#worker;
  }

  async #begun(): Promise<Worker> {
    const script = await unpack(text("engine"));
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
    worker.onmessage = ({ data }: MessageEvent<{ id: number; state: string; blob?: ArrayBuffer; taken?: number; reply: Reply }>) => {
      if (data.taken === undefined) {
        this.#channel.told(data);
        if (data.blob) this.#channel.payload(data.id, data.blob, 0);
        return;
      }
      this.#uploads.get(data.taken)?.(data.reply);
      this.#uploads.delete(data.taken);
    };
    worker.onerror = ({ message }) => {
      const problem = `The network in this page stopped${message ? ` (${message})` : ""}. What was computed stays; open the page again to go on.`;
      worker.terminate();
      this.#worker = Promise.resolve(null);
      this.problem = problem;
      for (const give of this.#uploads.values()) give({ message: problem });
    };
    worker.postMessage({ open: text("network"), more: { most: Math.min(navigator.hardwareConcurrency || 1, MOST_WORKERS) - 1, script } });
    this.#channel.open({ send: (ask) => worker.postMessage({ ask }) });
    return worker;
  }

  ask(request: Request, onMessage: (message: Message) => void): () => void {
    let wanted = true;
    let cancel = (): void => {};
    void this.begin().then((worker) => {
      if (!wanted) return;
      if (worker) cancel = this.#channel.ask(request, onMessage);
      else onMessage({ state: "failed", message: this.problem! });
    });
    return () => {
      wanted = false;
      cancel();
    };
  }

  upload = async (blob: Blob, name: string): Promise<Reply> => {
    const worker = await this.begin();
    if (!worker) return { message: this.problem! };
    const take = this.#next++;
    const reply = await new Promise<Reply>((resolve) => {
      this.#uploads.set(take, resolve);
      worker.postMessage({ take, blob, name });
    });
    if ("image" in reply) this.own.add(reply.image);
    return reply;
  };
}

const TAKEN_OUT = "The network was taken out of this page: it shows what was computed before. For everything: `innerview serve`.";

/** This document as it was opened, without the network and what runs it. */
function pageWithout(hello: Hello): string {
  const copy = document.documentElement.cloneNode(true) as HTMLElement;
  const viewer = document.createElement("div");
  viewer.id = "viewer";
  copy.querySelector("#viewer")!.replaceWith(viewer);
  for (const part of copy.querySelectorAll("#network, #engine, script:not([id]):not([type])")) part.remove();
  const page = copy.querySelector("#innerview")!;
  page.textContent = JSON.stringify({ ...JSON.parse(page.textContent!), hello: { ...hello, inside: TAKEN_OUT } }).replace(/</g, "\\u003c");
  const policy = copy.querySelector('meta[http-equiv="Content-Security-Policy"]')!;
  policy.setAttribute("content", policy.getAttribute("content")!.replace(" 'wasm-unsafe-eval'", "").replace("worker-src blob:; ", ""));
  return `<!doctype html>\n${copy.outerHTML}`;
}

function live(file: Source, hello: Hello, channel: Channel): Source {
  const engine = new Engine(channel);
  const { id: fingerprint, tolerance: usual } = hello.models[0];
  const held = new Set([...hello.samples.map(({ image }) => image), ...(hello.survey?.held ?? []).map((one) => `data-${one}`)]);
  const answers = (request: Request): boolean =>
    KINDS.includes(request.kind) &&
    (request.model ?? fingerprint) === fingerprint &&
    request.run === undefined &&
    request.regions === undefined &&
    (request.image === undefined || held.has(request.image) || engine.own.has(request.image)) &&
    (request.method === undefined || METHODS.includes(request.method)) &&
    [request.baseline, request.fill].every((one) => one === undefined || one === "" || BASELINES.includes(one));
  // What is held is shown as it is, unless something finer is asked for that can be worked out.
  const finer = (request: Request): boolean => (request.tolerance ?? usual) < usual || (request.more ?? 0) > 0 || request.mask !== undefined || request.region !== undefined;
  const ofFile = (request: Request): boolean => file.can(request) && !(finer(request) && answers(request));
  const models = hello.models.map((one) => (one.id === fingerprint ? { ...one, methods: [...new Set([...one.methods, ...METHODS])] } : one));
  setTimeout(() => void engine.begin(), 300);
  return {
    ...file,
    hello: Promise.resolve({ ...hello, models, baselines: [...new Set([...hello.baselines, ...BASELINES])] }),
    connection: channel.connection,
    ask(request, onMessage) {
      if (ofFile(request)) return file.ask(request, onMessage);
      if (answers(request)) return engine.ask(request, onMessage);
      const timer = setTimeout(() => onMessage({ state: "failed", message: ELSEWHERE }));
      return () => clearTimeout(timer);
    },
    can: (request) => file.can(request) || answers(request),
    choices(request, field) {
      const found = file.choices(request, field);
      const { [field]: _, ...rest } = request;
      if (!found || !answers(rest as Request)) return found;
      if (field === "method") return new Set([...found, ...METHODS]);
      return field === "baseline" || field === "fill" ? new Set([...found, ...BASELINES]) : null;
    },
    upload: engine.upload,
    without: () => pageWithout(hello),
  };
}

(globalThis as { innerviewLive?: Live }).innerviewLive = live;
