/**
 * A native slider over stop numbers, and a player that walks it.
 *
 * Arrows move one stop, Page keys ten, Home and End to the ends, in every browser alike. Nothing plays by itself;
 * playing stops at the end and with any input.
 */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../core/session";
import { useUnique } from "../core/unique";

export interface SliderProps {
  label: string;
  min?: number;
  max: number;
  step?: number;
  value: number;
  onChange: (value: number) => void;
  /** What the value is called when read out: "alpha 0.03, logit 2.58, says deer, 44 percent". */
  spoken: string;
  /** What stands beside it. */
  output: string;
  class?: string;
}

const PAGE = 10;

export function Slider({ label, min = 0, max, step = 1, value, onChange, spoken, output, ...rest }: SliderProps): JSX.Element {
  const id = useUnique();
  const change = (next: number): void => {
    const bounded = Math.max(min, Math.min(max, next));
    if (bounded !== value) onChange(bounded);
  };
  const keys: Record<string, () => number> = {
    ArrowRight: () => value + step,
    ArrowUp: () => value + step,
    ArrowLeft: () => value - step,
    ArrowDown: () => value - step,
    PageUp: () => value + PAGE * step,
    PageDown: () => value - PAGE * step,
    Home: () => min,
    End: () => max,
  };
  return (
    <span class={`slider ${rest.class ?? ""}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={spoken}
        onInput={(event) => change(event.currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          const move = keys[event.key];
          if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          change(move());
        }}
      />
      <output for={id}>{output}</output>
    </span>
  );
}

const STOPS_PER_SECOND = 8;
const REDUCED = 2;

export interface PlayerProps {
  /** How many stops there are. */
  stops: number;
  at: number;
  onMove: (at: number) => void;
  /** What is walked: "alpha", "epoch". */
  of: string;
  /** What the button says. */
  play?: string;
  /** Stops a second. */
  pace?: number;
}

/** First, back, play or pause, forward, last; and the speed. Space plays and pauses. */
export function Player({ stops, at, onMove, of, play = "Play", pace = STOPS_PER_SECOND }: PlayerProps): JSX.Element {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const latest = useRef({ at, onMove });
  latest.current = { at, onMove };

  useEffect(() => {
    if (!playing) return undefined;
    const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let mine = latest.current.at;
    const timer = setInterval(() => {
      // Somebody else moved: their input pauses.
      if (latest.current.at !== mine || mine >= stops - 1) return setPlaying(false);
      mine++;
      return latest.current.onMove(mine);
    }, 1000 / (Math.min(reduced ? REDUCED : pace, pace) * speed));
    return () => clearInterval(timer);
  }, [playing, speed, stops]);

  const toggle = (): void => {
    if (!playing && at >= stops - 1) onMove(0);
    setPlaying(!playing);
  };
  const step = (to: number): void => {
    setPlaying(false);
    onMove(Math.max(0, Math.min(stops - 1, to)));
  };
  useKeys([{ key: " ", says: "Play or pause", run: toggle }]);
  const button = (text: string, label: string, to: number): JSX.Element => (
    <button class="step" aria-label={label} disabled={Math.max(0, Math.min(stops - 1, to)) === at} onClick={() => step(to)}>
      {text}
    </button>
  );
  return (
    <span class="player" role="group" aria-label={`Play over ${of}`}>
      {button("|‹", `First ${of}`, 0)}
      {button("‹", `Previous ${of}`, at - 1)}
      <button class="play" onClick={toggle} aria-pressed={playing}>
        {playing ? "Pause" : play}
      </button>
      {button("›", `Next ${of}`, at + 1)}
      {button("›|", `Last ${of}`, stops - 1)}
      <select aria-label="Speed" value={String(speed)} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
        <option value="0.5">½×</option>
        <option value="1">1×</option>
        <option value="2">2×</option>
      </select>
    </span>
  );
}
