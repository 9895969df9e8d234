/**
 * A notebook cell: the page comes with the widget's model; with a living kernel behind it the same questions and
 * answers go through the widget's messages as through the socket.
 */
import { Channel, liveSource } from "./channel";
import { fileSource, type FilePage } from "./file";
import type { Source } from "./source";

/** What we use of a widget's model. */
export interface WidgetModel {
  get(name: string): unknown;
  on(event: string, callback: (message: never, buffers?: DataView[]) => void): void;
  off?(event: string, callback: unknown): void;
  send?(content: unknown): void;
}

const PATIENCE = 5000;
const SILENT = "The kernel has not answered yet. It is busy with another cell, or it was stopped: then run this cell again.";

export function widgetSource(model: WidgetModel): { source: Source; close: () => void } {
  const page = model.get("page") as FilePage | null | undefined;
  const held = page && "hello" in page ? fileSource(page, "notebook") : null;
  if (!model.get("live") || !model.send) {
    if (!held) throw new Error("This widget holds no page: make it anew with `innerview.view(…)`.");
    return { source: held, close: () => {} };
  }
  const channel = new Channel();
  const heard = (message: { id?: number; state: string }, buffers: DataView[] = []): void => {
    channel.told(message);
    for (const view of buffers) {
      // A view may begin anywhere in its buffer; a copy begins at 0 and is aligned.
      const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer;
      if (message.id === undefined) channel.bytes(bytes);
      else channel.payload(message.id, bytes, 0);
    }
  };
  model.on("msg:custom", heard as never);
  channel.open({ send: (text) => model.send!(JSON.parse(text)) });
  model.send({ kind: "hello" });
  const live = liveSource(channel, "notebook");
  // A kernel that was stopped takes messages as one that is busy does: without a word.
  const ask: Source["ask"] = (request, onMessage) => {
    const timer = setTimeout(() => onMessage({ state: "queued", message: SILENT }), PATIENCE);
    const cancel = live.ask(request, (message) => {
      clearTimeout(timer);
      onMessage(message);
    });
    return () => {
      clearTimeout(timer);
      cancel();
    };
  };
  const source: Source = held
    ? { ...live, hello: held.hello, ask: (request, onMessage) => (held.can(request) ? held.ask : ask)(request, onMessage) }
    : { ...live, ask };
  return { source, close: () => model.off?.("msg:custom", heard) };
}
