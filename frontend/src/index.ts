/**
 * The viewer's one module: `mount` it on an element with a source; `start` does so for a page; the default export is
 * what anywidget wants.
 */
import "./style.css"; // First: views refine it.
import { h, render as draw } from "preact";
import { type Address, keepInStep, memoryAddress, pageAddress } from "./core/address";
import { listen } from "./core/listen";
import { readLink } from "./core/link";
import { Session, SessionContext } from "./core/session";
import { App } from "./frame/app";
import { keysRemembered } from "./frame/help";
import { Channel } from "./sources/channel";
import { fileSource } from "./sources/file";
import type { Live } from "./sources/live";
import { socketSource } from "./sources/socket";
import type { Source } from "./sources/source";
import { widgetSource, type WidgetModel } from "./sources/widget";

export { fileSource, socketSource, widgetSource };
export type { Source };

/** Show the viewer in an element. Returns how to take it away. */
export function mount(root: HTMLElement, source: Source, address?: Address): () => void {
  const where = address ?? (source.state === "notebook" ? memoryAddress() : pageAddress(window));
  root.classList.add("innerview");
  root.dataset.home = source.state;
  root.innerHTML = '<p class="starting">innerview …</p>';
  let stop = (): void => {};
  let gone = false;
  void source.hello.then((hello) => {
    if (gone) return;
    root.textContent = "";
    const { link, problems } = readLink(where.read() || (hello.start ?? ""));
    const session = new Session(source, hello, root, link);
    session.keys.on = keysRemembered();
    problems.forEach((problem) => session.speech.notice(problem));
    session.checkLink();
    const classes = (): readonly string[] =>
      (hello.models.find(({ id }) => id === session.link.value.model) ?? hello.models[0])?.classes ?? [];
    const stops = [
      keepInStep(where, session.link, classes, (problem) => session.speech.notice(problem)),
      session.link.watch(() => session.checkLink()),
      source.onHello?.((again) => session.hello.set(again)) ?? (() => {}),
      source.onRun?.((run) => session.runChanged(run)) ?? (() => {}),
    ];
    // A page hears its keys anywhere; a notebook cell only when the focus is inside.
    const hears: EventTarget = source.state === "notebook" ? root : document;
    stops.push(listen(hears, { keydown: (event: KeyboardEvent) => session.keys.handle(event) }));
    draw(h(SessionContext.Provider, { value: session, children: h(App, {}) }), root);
    stop = () => {
      stops.forEach((each) => each());
      draw(null, root);
    };
  });
  return () => {
    gone = true;
    stop();
  };
}

/** Show this document: the payloads that it holds, or what the server behind it computes. */
export function start(root: HTMLElement = document.getElementById("viewer") ?? document.body.appendChild(document.createElement("div"))): () => void {
  const inFile = document.getElementById("innerview");
  const token = new URLSearchParams(location.search).get("token") ?? undefined;
  if (!inFile) return mount(root, socketSource(new URL("socket", location.href), token));
  const file = fileSource(document);
  // A page with a network inside brings what answers by it (../engine/page.ts).
  const { innerviewLive } = globalThis as { innerviewLive?: Live };
  return mount(root, innerviewLive ? innerviewLive(file, JSON.parse(inFile.textContent!).hello, new Channel()) : file);
}

/** anywidget: one cell. */
export default {
  render({ model, el }: { model: WidgetModel; el: HTMLElement }): () => void {
    const { source, close } = widgetSource(model);
    const root = document.createElement("div");
    // Notebook 7 takes arrow keys for its own commands, from whatever has the focus and does not forbid it itself.
    const ours = ({ target, ctrlKey, metaKey }: KeyboardEvent): void =>
      void (root.contains(target as Element) && (target as Element).toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey));
    addEventListener("keydown", ours, true);
    // The notebook holds the same page in a frame, for when it is opened without a kernel: while this lives, it hides that.
    const saved = `[data-innerview-saved="${String(model.get("key"))}"]`;
    const hiding = document.createElement("style");
    hiding.textContent = `${saved}, .jp-OutputArea-child:has(${saved}) { display: none }`;
    el.append(hiding, root);
    const unmount = mount(root, source, memoryAddress(String(model.get("fragment") ?? "")));
    return () => {
      unmount();
      close();
      hiding.remove();
      removeEventListener("keydown", ours, true);
      root.remove();
    };
  },
};
