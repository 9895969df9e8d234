/** The frame around every view: header, rail, links to the views, one heading, remarks, and one voice. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { listen } from "../core/listen";
import { writeLink } from "../core/link";
import type { Theme } from "../core/ramps";
import { className, count, limitText } from "../core/numbers";
import { useChosen, useKeys, useLink, useSession } from "../core/session";
import { save } from "../core/saving";
import { useStore } from "../core/store";
import { Remark, worded } from "../parts/states";
import { GROUPS, type View, views } from "../views/view";
import { Help } from "./help";
import { Images } from "./images";
import { LessonPanel, Lessons } from "../lessons/panel";
import { Share } from "./share";
import { Overview } from "./overview";
import { Strip } from "./strip";
import { recall, remember } from "./remembering";

export function App(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("view");
  const { classes, target, versus } = useChosen();
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const view = views.find(({ name }) => name === link.view) ?? views[0];
  const page = session.source.state !== "notebook";
  const toHeading = (): void => session.root.querySelector<HTMLElement>("h1")?.focus();

  // After a view change (not at the start) the heading takes the focus; a lesson keeps it in its panel.
  const before = useRef(view.name);
  useLayoutEffect(() => {
    if (before.current !== view.name && !session.link.value.lesson) toHeading();
    before.current = view.name;
    session.lay.set(null);
    session.hover.set(null);
  }, [view.name]);
  useEffect(() => {
    if (page) document.title = `${view.title} · innerview`;
  }, [view.title, page]);

  useKeys([
    ...views.map(({ key, name, title }) => ({ key, says: title, run: () => go({ view: name }) })),
    { key: "?", says: "This list", run: () => setHelp(true) },
    { key: "T", says: "Open or close the tables", run: () => toggleTables(session.root) },
    { key: "M", says: "Go to the pixel cursor", run: () => session.root.querySelector<HTMLElement>("[data-pixel-cursor]")?.focus() },
    {
      key: "Escape",
      says: "Clear the pixel cursor",
      run: () => {
        session.hover.set(null);
        go({ pixel: null });
      },
    },
  ]);

  const asked = useStore(session.question);
  // Made once: what they show they watch by themselves.
  const [strip, header, nav] = useMemo(() => [<Strip key="strip" />, <Header key="header" onHelp={() => setHelp(true)} />, <Nav key="nav" />], []);
  return (
    <>
      <a
        class="skip"
        href="#innerview-main"
        onClick={(event) => {
          event.preventDefault();
          toHeading();
        }}
      >
        Skip to the view
      </a>
      {header}
      {nav}
      {!view.whole && strip}
      <main ref={main} id="innerview-main">
        <Notices />
        {view.name === "why" && <Overview />}
        {!view.whole && (
          <h1 tabIndex={-1}>
            {asked ?? view.question(target === null ? "this class" : `${className(target, classes)}${versus === null ? "" : ` versus ${className(versus, classes)}`}`)}
          </h1>
        )}
        <view.Component key={view.name} />
      </main>
      <footer>
        {session.hello.value.inside && (
          <p class="second facts inside">
            {session.hello.value.inside}{" "}
            {session.source.without && (
              <button class="small" onClick={() => save(`${document.title.replace(/[^\w]+/g, "-").toLowerCase()}-without-network.html`, new Blob([session.source.without!()], { type: "text/html" }))}>
                Save this page without the network
              </button>
            )}
          </p>
        )}
        <ThemeChooser />
        <PatternChooser />
      </footer>
      <LessonPanel />
      <Voice />
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

/** What a page lacks for a view, as the command that gets it; null where it is there. */
function useMissing(): (view: View) => string | null {
  const { source, hello } = useSession();
  const { runs, survey } = useStore(hello);
  const { model, image } = useChosen();
  return ({ shows, group }) => {
    if (shows === "dataset") return survey ? null : "innerview serve --survey ROWS --data DATA";
    const ofRun = shows === "run" || shows === "tested";
    if (ofRun && !runs.length) return source.state === "file" ? "innerview report with a trained model" : "innerview serve RUNS/";
    if (source.state !== "file" || !model || !image || group === "Why") return null;
    return source.can(ofRun ? { kind: shows } : { kind: shows, model: model.id, image }) ? null : "innerview serve";
  };
}

/** Links, not tabs: each view has an address. What people ask first, then the views that answer a part of it. */
function Nav(): JSX.Element {
  const [link, go] = useLink();
  const { classes } = useChosen();
  const missing = useMissing();
  const list = useRef<HTMLElement>(null);
  const shown = views.find(({ name }) => name === link.view) ?? views[0];
  useLayoutEffect(() => {
    // On a phone the list of views is wider than the screen.
    for (const line of list.current!.children as Iterable<HTMLElement>) {
      const current = line.querySelector<HTMLElement>("[aria-current]");
      if (current) line.scrollLeft = current.offsetLeft - line.offsetLeft - 48;
    }
  }, [link.view]);
  const entry = (view: View, words: JSX.Element | string, current: "page" | "true" | undefined): JSX.Element => {
    const lacks = missing(view);
    return (
      <a
        key={view.name}
        href={writeLink({ ...link, view: view.name }, classes)}
        aria-current={current}
        data-view={view.name}
        class={lacks ? "lacks" : ""}
        title={lacks ? `Nothing to show here yet. Get it with: ${lacks}` : undefined}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go({ view: view.name });
        }}
      >
        {words}
        {lacks && <span class="hidden"> (nothing yet: {lacks})</span>}
      </a>
    );
  };
  const parts = views.filter(({ group }) => group === shown.group);
  return (
    <nav ref={list} aria-label="Views">
      <div class="questions">
        {GROUPS.map((group) => {
          const of = views.filter((view) => view.group === group);
          return entry(of[0], group, group !== shown.group ? undefined : of.length > 1 ? "true" : "page");
        })}
      </div>
      {parts.length > 1 && <div class="parts-of">{parts.map((view) => entry(view, view.title, view === shown ? "page" : undefined))}</div>}
    </nav>
  );
}

/** Open all tables of the view; close them when all are open. */
function toggleTables(root: HTMLElement): void {
  const tables = [...root.querySelectorAll<HTMLDetailsElement>("details[data-table]")];
  const open = tables.some((table) => !table.open);
  for (const table of tables) table.open = open;
  if (open) tables[0]?.querySelector("summary")?.focus();
}

function Header({ onHelp }: { onHelp: () => void }): JSX.Element {
  const session = useSession();
  const { models } = useStore(session.hello);
  const { model } = useChosen();
  const [link, go] = useLink("scale");
  const known = Math.max(model?.classes.length ?? 0, 1);
  return (
    <header>
      <strong class="brand">innerview</strong>
      <span class="model">
        {models.length > 1 ? (
          <label>
            <span class="hidden">Model</span>
            <select value={model?.id} onChange={(event) => go({ model: event.currentTarget.value })}>
              {models.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <span>{model?.name}</span>
        )}
        {model && (
          <span class="second knows">
            {" "}
            knows {count(known)} {known === 1 ? "thing" : "things"}
          </span>
        )}
      </span>
      <Images />
      <span class="tools">
        {typeof link.scale === "number" && (
          <button class="chip" onClick={() => go({ scale: "per-image" })} aria-label={`Unpin the scale ±${limitText(link.scale)}`}>
            ±{limitText(link.scale)} pinned ×
          </button>
        )}
        <Lessons />
        <Share />
        <button onClick={onHelp} aria-label="Help and keys">
          ?
        </button>
      </span>
    </header>
  );
}

function ThemeChooser(): JSX.Element {
  const session = useSession();
  const [choice, setChoice] = useState(recall("theme") ?? "system");
  useLayoutEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = (): void => {
      const theme: Theme = choice === "light" || choice === "dark" ? choice : dark.matches ? "dark" : "light";
      session.root.dataset.theme = theme;
      session.theme.set(theme);
    };
    apply();
    return listen(dark, { change: apply });
  }, [choice, session]);
  return (
    <label class="theme">
      <span>Theme </span>
      <select
        aria-label="Theme"
        value={choice}
        onChange={(event) => {
          setChoice(event.currentTarget.value);
          remember("theme", event.currentTarget.value);
        }}
      >
        <option value="system">system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

/** Against by a pattern too, for those to whom colours don't tell it: on by itself where colours are forced or there are none. */
function PatternChooser(): JSX.Element {
  const session = useSession();
  const [choice, setChoice] = useState(recall("patterns"));
  const patterns = useStore(session.patterns);
  useLayoutEffect(() => {
    const colourless = matchMedia("(forced-colors: active), (monochrome)");
    const apply = (): void => {
      session.patterns.set(choice === null ? colourless.matches : choice === "on");
      session.root.toggleAttribute("data-patterns", session.patterns.value);
    };
    apply();
    return listen(colourless, { change: apply });
  }, [choice, session]);
  return (
    <label class="theme">
      <input
        type="checkbox"
        checked={patterns}
        onChange={(event) => {
          const next = event.currentTarget.checked ? "on" : "off";
          setChoice(next);
          remember("patterns", next);
        }}
      />{" "}
      Hatch what speaks against
    </label>
  );
}

/** Remarks on the link, the lost connection, and what failed. */
function Notices(): JSX.Element {
  const { speech, source } = useSession();
  const notices = useStore(speech.notices);
  const alarm = useStore(speech.alarm);
  return (
    <>
      {source.connection && <Lost store={source.connection} />}
      <div role="status">
        {notices.map((text) => (
          <p key={text} class="remark">
            {worded(text)}{" "}
            <button class="small" aria-label={`Dismiss: ${text}`} onClick={() => speech.dismiss(text)}>
              ×
            </button>
          </p>
        ))}
      </div>
      <div role="alert">
        {alarm && (
          <Remark says={alarm}>
            <button class="small" aria-label="Dismiss" onClick={() => speech.alert(null)}>
              ×
            </button>
          </Remark>
        )}
      </div>
    </>
  );
}

function Lost({ store }: { store: NonNullable<ReturnType<typeof useSession>["source"]["connection"]> }): JSX.Element | null {
  const connection = useStore(store);
  const since = useRef("");
  if (connection.state === "open") {
    since.current = "";
    return null;
  }
  since.current ||= new Date().toLocaleTimeString();
  return <p class="remark">Connection lost. What is shown is from before {since.current}. Trying again in {Math.ceil(connection.retryIn / 1000)} s; everything on screen still works.</p>;
}

function Voice(): JSX.Element {
  const said = useStore(useSession().speech.said);
  return (
    <div class="hidden" aria-live="polite">
      {said}
    </div>
  );
}
