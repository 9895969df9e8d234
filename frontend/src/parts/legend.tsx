/** The colours' key, always drawn: −S, 0, +S, what the ends mean, unit, how S was chosen, fraction beyond; and the pin. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { limitText, MINUS, percent } from "../core/numbers";
import { ENTRIES, ramp, type RampName } from "../core/ramps";
import { beyond, type Scale } from "../core/scale";
import { useLink, useTheme } from "../core/session";

export const MODES: Record<Scale["mode"], string> = {
  "per-image": "per-image scale",
  "per-alpha": "per-alpha scale",
  "per-channel": "per-channel scale",
  shared: "shared scale",
  pinned: "pinned scale",
  layer: "one scale for the layer",
  path: "one scale for the path",
  timeline: "one scale for all epochs",
};

export function Strip({ name }: { name: RampName }): JSX.Element {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const colours = ramp(name, theme);
    const bytes = new Uint8ClampedArray(ENTRIES * 4);
    for (let i = 0; i < ENTRIES; i++) bytes.set([colours[3 * i], colours[3 * i + 1], colours[3 * i + 2], 255], 4 * i);
    canvas.current!.getContext("2d")!.putImageData(new ImageData(bytes, ENTRIES, 1), 0, 0);
  }, [name, theme]);
  return <canvas ref={canvas} width={ENTRIES} height={1} class="strip" role="presentation" />;
}

export interface LegendProps {
  scale: Scale;
  unit: string;
  name?: RampName;
  /** What is drawn: for the fraction beyond. Left out, none is stated. */
  values?: ArrayLike<number>;
  /** What the ends mean, e.g. ["against cat", "for cat"]. */
  ends?: readonly [string, string];
  /** Offer to pin this scale (and to unpin a pinned one). */
  pin?: boolean;
}

export function Legend({ scale, unit, name = "evidence", values, ends, pin = false }: LegendProps): JSX.Element {
  const [link, go] = useLink("scale");
  const { limit, mode } = scale;
  const over = values ? beyond(values, limit) : 0;
  const text = limitText(limit);
  const signed = name !== "amount";
  const many = typeof link.scale === "number" && over > 0.05;
  return (
    <div class="legend">
      <div class="ends">
        <span>{ends?.[0]}</span>
        <span>{ends?.[1]}</span>
      </div>
      <Strip name={name} />
      <div class="numbers">
        <span>{signed ? `${MINUS}${text}` : "0"}</span>
        {signed && <span>0</span>}
        <span>{signed ? `+${text}` : text}</span>
      </div>
      <p class="facts">
        <span>
          {unit} · {MODES[mode]}
          {values && ` · ${percent(over)} of pixels beyond`}
        </span>
        {pin && typeof link.scale !== "number" && (
          <button class="small" onClick={() => go({ scale: limit })} title="Hold this scale for other images, classes and views (key S)">
            Pin <kbd>S</kbd>
          </button>
        )}
        {pin && typeof link.scale === "number" && (
          <button class="chip" onClick={() => go({ scale: "per-image" })} aria-label={`Unpin the scale ±${limitText(link.scale)}`}>
            ±{limitText(link.scale)} pinned ×
          </button>
        )}
        {pin && many && (
          <button class="small" onClick={() => go({ scale: "shared" })}>
            {percent(over)} beyond: use the shared scale
          </button>
        )}
      </p>
    </div>
  );
}
