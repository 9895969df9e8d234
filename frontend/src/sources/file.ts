/**
 * One file: everything that was embedded, and nothing else.
 *
 * Payloads are packed (deflate) texts; each is unpacked when it is first asked for. A map of "class A, not B" is made
 * from the two classes' maps when both are there, since the attribution is linear in the score.
 */
import { MISSED } from "../core/certificate";
import { readPayload } from "../core/safetensors";
import { margin } from "../core/margin";
import type { Kind, Payload } from "../generated/payloads";
import type { Hello, Message, Request, Source } from "./source";

export interface Packed {
  kind: Kind;
  model?: string | null;
  image?: string | null;
  target?: number | null;
  versus?: number | null;
  method?: string | null;
  baseline?: string | null;
  run?: string | null;
  fill?: string | null;
  /** base64 of deflate-raw of the blob; or … */
  bytes?: string;
  /** … the id of the script element that holds this text. */
  element?: string;
}

export interface FilePage {
  version: string;
  hello: Hello;
  payloads: Packed[];
}

/** Fields by which a payload is found; one that the payload leaves open suits every request. */
const FIELDS = ["model", "image", "target", "versus", "method", "baseline", "run", "fill"] as const;

const KEPT = 60;

export async function unpack(text: string): Promise<ArrayBuffer> {
  const packed = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Response(packed).body!.pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

export const isPage = (found: unknown): found is FilePage =>
  typeof found === "object" && found !== null && "hello" in found && "payloads" in found;

/** Read the page from a document (its `script` elements) or from the JSON itself. */
export function fileSource(from: Document | FilePage, state: "file" | "notebook" = "file"): Source {
  const page = isPage(from) ? from : (JSON.parse((from as Document).getElementById("innerview")!.textContent!) as FilePage);
  const textOf = (packed: Packed): string =>
    packed.bytes ?? (isPage(from) ? "" : ((from as Document).getElementById(packed.element ?? "")?.textContent ?? ""));
  const opened = new Map<Packed, Promise<Payload>>();

  const open = (packed: Packed): Promise<Payload> => {
    const known = opened.get(packed) ?? unpack(textOf(packed)).then((buffer) => readPayload(buffer));
    opened.delete(packed);
    opened.set(packed, known);
    // Hundreds of images: only the latest stay unpacked.
    if (opened.size > KEPT) opened.delete(opened.keys().next().value!);
    return known;
  };
  const suits = (packed: Packed, request: Request, but?: keyof Request): boolean =>
    packed.kind === request.kind &&
    request.regions === undefined &&
    request.marks === undefined &&
    FIELDS.every((field) => {
      if (field === but || request[field] === undefined) return true;
      if (field === "versus") return (packed.versus ?? null) === (request.versus ?? null);
      return (packed[field] ?? "") === "" || packed[field] === request[field];
    });
  const find = (request: Request): Packed | undefined => page.payloads.find((packed) => suits(packed, request));

  /** The two maps that a margin can be made from. */
  const parts = (request: Request): [Packed, Packed] | undefined => {
    if (request.kind !== "map" || typeof request.versus !== "number") return undefined;
    const a = find({ ...request, versus: null });
    const b = find({ ...request, target: request.versus, versus: null });
    return a && b && a !== b ? [a, b] : undefined;
  };
  const answer = async (request: Request): Promise<Payload> => {
    const packed = find(request);
    if (packed) return open(packed);
    const two = parts(request);
    if (!two) throw new Error("This file does not hold that. It was made without a model; for everything: `innerview serve`.");
    const [a, b] = await Promise.all(two.map(open));
    const classes = page.hello.models.find(({ id }) => id === request.model)?.classes.length ?? 0;
    return margin(a as Payload<"map">, b as Payload<"map">, classes);
  };

  return {
    state,
    hello: Promise.resolve(page.hello),
    ask(request, onMessage) {
      let wanted = true;
      answer(request).then(
        (payload) => {
          const missed = payload.kind === "map" && MISSED.includes(payload.meta.status);
          if (wanted) onMessage({ state: missed ? "not-met" : "done", payload } satisfies Message);
        },
        (problem: Error) => wanted && onMessage({ state: "failed", message: problem.message }),
      );
      return () => {
        wanted = false;
      };
    },
    can: (request) => find(request) !== undefined || parts(request) !== undefined,
    choices(request, field) {
      const found = page.payloads.filter((packed) => suits(packed, request, field));
      const values = found.map((packed) => packed[field as keyof Packed] ?? null);
      return new Set(values);
    },
  };
}
