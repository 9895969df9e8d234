/** Lessons: the list in the header, and the panel of the one that is told, which points at what it speaks of. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { listen } from "../core/listen";
import { useLink, useSession } from "../core/session";
import { useStore } from "../core/store";
import { lessonsFor, linkAt, type Step, stepOf } from "./lesson";
import "./lessons.css";

/** Of the screen, what the panel leaves for what is pointed at. */
const ROOM = 0.55;

export function Lessons(): JSX.Element | null {
  const session = useSession();
  useStore(session.hello);
  const folded = useRef<HTMLDetailsElement>(null);
  const here = lessonsFor(session);
  if (!here.length) return null;
  return (
    <details class="menu lessons" ref={folded}>
      <summary>Lessons</summary>
      <div>
        <p class="second facts">Short tours, told with the network in front of you.</p>
        {here.map((lesson) => (
          <button
            key={lesson.key}
            onClick={() => {
              folded.current!.open = false;
              session.go(linkAt(session, lesson, 0));
            }}
          >
            {lesson.title} <span class="second">{lesson.steps.length} steps</span>
          </button>
        ))}
      </div>
    </details>
  );
}

export function LessonPanel(): JSX.Element | null {
  const session = useSession();
  const [{ lesson: text }, go] = useLink("lesson");
  const found = text ? stepOf(session, text) : null;
  const next = useRef<HTMLButtonElement>(null);
  // An address that names a lesson and nothing else shows what the step shows. At once: later it would undo the next step.
  useLayoutEffect(() => {
    if (found) go(linkAt(session, found.lesson, found.at));
    else if (text) session.speech.notice("This lesson needs the built-in network and its example images, which are not in this page.");
  }, [text]);
  usePointing(found ? found.lesson.steps[found.at] : null);
  useEffect(() => {
    session.root.toggleAttribute("data-lesson", found !== null);
    next.current?.focus({ preventScroll: true });
  }, [text]);
  if (!found) return null;
  const { lesson, at } = found;
  const last = at === lesson.steps.length - 1;
  const close = (): void => {
    go({ lesson: "" });
    session.root.querySelector<HTMLElement>("h1")?.focus();
  };
  return (
    <section class="lesson" aria-label={`Lesson: ${lesson.title}`} onKeyDown={(event) => event.key === "Escape" && close()}>
      <h2>
        {lesson.title}{" "}
        <span class="second">
          {at + 1} of {lesson.steps.length}
        </span>
      </h2>
      <p role="status">{lesson.steps[at].says}</p>
      <div class="row">
        <button disabled={at === 0} onClick={() => go(linkAt(session, lesson, at - 1))}>
          Back
        </button>
        <button ref={next} class="main" onClick={() => (last ? close() : go(linkAt(session, lesson, at + 1)))}>
          {last ? "Done" : "Next"}
        </button>
        {!last && (
          <button class="leave" onClick={close}>
            Leave
          </button>
        )}
      </div>
    </section>
  );
}

/** Frame what the step points at, as soon as it is there, and bring it into sight once. */
function usePointing(step: Step | null): void {
  const { root } = useSession();
  useEffect(() => {
    if (!step) return undefined;
    let pointed: Element | null = null;
    // Whatever is drawn above it moves it: it is brought back until the reader moves the page.
    let own = false;
    const point = (): void => {
      const found = root.querySelector(step.at);
      if (found !== pointed) {
        pointed?.removeAttribute("data-pointed");
        pointed = found;
        found?.setAttribute("data-pointed", "");
      }
      if (!found || own) return;
      const { top, height } = found.getBoundingClientRect();
      const room = ROOM * innerHeight;
      if (top < 0 || top + Math.min(height, room) > innerHeight - room / 2) found.scrollIntoView({ block: height > room ? "start" : "center" });
    };
    const moved = (): void => {
      own = true;
    };
    point();
    const watcher = new MutationObserver(point);
    watcher.observe(root, { childList: true, subtree: true });
    const stop = listen(root, { wheel: moved, touchmove: moved, keydown: moved });
    return () => {
      watcher.disconnect();
      stop();
      pointed?.removeAttribute("data-pointed");
    };
  }, [step]);
}
