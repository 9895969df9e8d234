/**
 * A long list of which only what is on screen is in the page, scrolled by the browser itself.
 *
 * Browsers draw no element of more than some ten million pixels, so a longer list is scrolled in proportion. One item
 * takes the Tab key; arrows, Page keys, Home and End move among all of them, also where they are not drawn yet.
 */
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const TALLEST = 8_000_000;
/** Lines drawn beyond either end, so that a small step shows no gap. */
const BEYOND = 2;

export interface Window {
  /** Items that are drawn: from the first to before the last. */
  first: number;
  last: number;
  /** Pixels over and under them. */
  above: number;
  below: number;
  /** The item that takes the Tab key. */
  current: number;
}

export interface ScrollerProps {
  items: number;
  /** Items in a line, of a width in pixels. */
  perLine: (width: number) => number;
  lineHeight: number;
  /** Pixels at the top that stay in place (the head of a table). */
  head?: number;
  label: string;
  /** What the list is of: another text begins at its top. */
  of: string;
  draw: (window: Window) => ComponentChildren;
  /** Called with the first and last item on screen. */
  onShown: (first: number, last: number) => void;
}

/** Where lists were left, by what they were of: whoever comes back from an image finds it again. */
const left = new Map<string, { top: number; current: number }>();

export function Scroller({ items, perLine, lineHeight, head = 0, label, of, draw, onShown }: ScrollerProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [current, setCurrent] = useState(0);
  const focusing = useRef(false);

  const across = Math.max(1, perLine(room.width));
  const lines = Math.ceil(items / across);
  const view = Math.max(0, room.height - head);
  const whole = lines * lineHeight;
  const inner = Math.min(whole, TALLEST);
  const ratio = inner > view && whole > view ? (whole - view) / (inner - view) : 1;
  const at = Math.min(top * ratio, Math.max(0, whole - view));
  const firstLine = Math.max(0, Math.floor(at / lineHeight) - BEYOND);
  const lastLine = Math.min(lines, Math.ceil((at + view) / lineHeight) + BEYOND);
  const above = Math.max(0, Math.min(top - (at - firstLine * lineHeight), inner - (lastLine - firstLine) * lineHeight));
  const [first, last] = [firstLine * across, Math.min(items, lastLine * across)];

  useLayoutEffect(() => {
    const measure = (): void => setRoom({ width: box.current!.clientWidth, height: box.current!.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const known = left.get(of) ?? { top: 0, current: 0 };
    box.current!.scrollTop = known.top;
    setTop(box.current!.scrollTop);
    setCurrent(Math.min(known.current, Math.max(0, items - 1)));
  }, [of, room.height > 0]);
  useLayoutEffect(() => onShown(first, last), [first, last, of, items]);
  // An item that was moved to takes the focus as soon as it is drawn.
  useLayoutEffect(() => {
    if (!focusing.current) return;
    const found = box.current!.querySelector<HTMLElement>(`[data-at="${current}"]`);
    if (!found) return;
    focusing.current = false;
    found.focus({ preventScroll: true });
  });

  const move = (to: number): void => {
    const next = Math.max(0, Math.min(items - 1, to));
    const line = Math.floor(next / across) * lineHeight;
    let wanted = at;
    if (line < at) wanted = line;
    else if (line + lineHeight > at + view) wanted = line + lineHeight - view;
    if (wanted !== at) {
      box.current!.scrollTop = wanted / ratio;
      setTop(box.current!.scrollTop);
    }
    focusing.current = true;
    setCurrent(next);
    left.set(of, { top: box.current!.scrollTop, current: next });
  };
  const page = Math.max(1, Math.floor(view / lineHeight)) * across;
  const steps: Record<string, number> = {
    ArrowUp: -across,
    ArrowDown: across,
    PageUp: -page,
    PageDown: page,
    Home: -Infinity,
    End: Infinity,
    ...(perLine(1e4) > 1 ? { ArrowLeft: -1, ArrowRight: 1 } : {}),
  };
  return (
    <div
      ref={box}
      class="scroller"
      role="group"
      aria-label={label}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
        left.set(of, { top: event.currentTarget.scrollTop, current });
      }}
      onKeyDown={(event) => {
        const step = steps[event.key];
        const from = (event.target as HTMLElement).dataset?.at;
        if (step === undefined || from === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        move(Number(from) + step);
      }}
      onFocusIn={(event) => {
        const to = (event.target as HTMLElement).dataset?.at;
        if (to !== undefined) setCurrent(Number(to));
      }}
    >
      {room.height > 0 && draw({ first, last, above, below: Math.max(0, inner - above - (lastLine - firstLine) * lineHeight), current: current >= first && current < last ? current : first })}
    </div>
  );
}
