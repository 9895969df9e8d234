/** The frame around every view: header, rail, links to the views, one heading, remarks, and one voice. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { listen } from "../core/listen";
import { writeLink } from "../core/link";
import type { Theme } from "../core/ramps";
import { className, limitText } from "../core/numbers";
import { useChosen, useKeys, useLink, useSession } from "../core/session";
import { useStore } from "../core/store";
import { Remark, worded } from "../parts/states";
import { views } from "../views/view";
import { Help } from "./help";
import { Rail } from "./rail";
import { recall, remember } from "./remembering";

export function App(): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("view");
  const { classes, target, versus } = useChosen();
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const view = views.find(({ name }) => name === link.view) ?? views[0];
  const page = session.source.state !== "notebook";

  // After a view change (not at the start) the heading takes the focus.
  const before = useRef(view.name);
  useLayoutEffect(() => {
    if (before.current !== view.name) heading.current!.focus();
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

  // Made once: what they show they watch by themselves.
  const [rail, header, nav] = useMemo(() => [<Rail key="rail" />, <Header key="header" onHelp={() => setHelp(true)} />, <Nav key="nav" />], []);
  return (
    <>
      <a
        class="skip"
        href="#innerview-main"
        onClick={(event) => {
          event.preventDefault();
          heading.current!.focus();
        }}
      >
        Skip to the view
      </a>
      {header}
      <div class="columns">
        {rail}
        <div class="work">
          {nav}
          <main ref={main} id="innerview-main">
            <Notices />
            <h1 ref={heading} tabIndex={-1}>
              {view.question(target === null ? "this class" : `${className(target, classes)}${versus === null ? "" : ` versus ${className(versus, classes)}`}`)}
            </h1>
            <view.Component key={view.name} />
          </main>
        </div>
      </div>
      <Voice />
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

/** Links, not tabs: each view has an address. */
function Nav(): JSX.Element {
  const [link, go] = useLink();
  const { classes } = useChosen();
  const list = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    // On a phone the list of views is wider than the screen.
    const shown = list.current!.querySelector<HTMLElement>("[aria-current]")!;
    list.current!.scrollLeft = shown.offsetLeft - list.current!.offsetLeft - 48;
  }, [link.view]);
  return (
    <nav ref={list} aria-label="Views">
      {views.map(({ key, name, title }) => (
        <a
          key={name}
          href={writeLink({ ...link, view: name }, classes)}
          aria-current={name === link.view ? "page" : undefined}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            go({ view: name });
          }}
        >
          <kbd aria-hidden="true">{key}</kbd> {title}
        </a>
      ))}
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
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const page = session.source.state !== "notebook";
  const copy = async (): Promise<void> => {
    const address = new URL(location.href);
    address.hash = writeLink(session.link.value, model?.classes).slice(1);
    address.searchParams.delete("token");
    try {
      await navigator.clipboard.writeText(address.href);
      setCopied(true);
      session.speech.say("Link copied");
    } catch {
      session.speech.alert("The browser did not let the link be copied: copy it from the address bar.");
    }
  };
  return (
    <header>
      <strong class="brand">innerview</strong>
      {models.length > 1 ? (
        <label class="model">
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
        <span class="model second">{model?.name}</span>
      )}
      <span class="tools">
        {typeof link.scale === "number" && (
          <button class="chip" onClick={() => go({ scale: "per-image" })} aria-label={`Unpin the scale ±${limitText(link.scale)}`}>
            ±{limitText(link.scale)} pinned ×
          </button>
        )}
        {page && (
          <button onClick={() => void copy()}>
            {copied ? "Copied" : "Copy link"}
          </button>
        )}
        <ThemeChooser />
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
  if (connection.state === "open") return null;
  return <p class="remark">Connection lost. Trying again in {Math.ceil(connection.retryIn / 1000)} s; everything on screen still works.</p>;
}

function Voice(): JSX.Element {
  const said = useStore(useSession().speech.said);
  return (
    <div class="hidden" aria-live="polite">
      {said}
    </div>
  );
}
