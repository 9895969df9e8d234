/** The colours' key, always drawn: −S, 0, +S, what the ends mean, unit, how S was chosen, fraction beyond; and the pin. */
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Overlay } from "../core/link";
import { limitText, MINUS, percent } from "../core/numbers";
import { blended } from "../core/paint";
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

export function Strip({ name, overlay = null }: { name: RampName; overlay?: Overlay | null }): JSX.Element {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    canvas.current!.getContext("2d")!.putImageData(new ImageData(blended(ramp(name, theme), name, overlay), ENTRIES, 1), 0, 0);
  }, [name, theme, overlay?.style, overlay?.opacity]);
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
  /** How the map lies over its image: the legend shows the colours that it has there. */
  overlay?: Overlay | null;
  /** Offer to pin this scale (and to unpin a pinned one). */
  pin?: boolean;
}

export function Legend({ scale, unit, name = "evidence", values, ends, overlay, pin = false }: LegendProps): JSX.Element {
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
      <div class={signed ? "signed" : ""}>
        <Strip name={name} overlay={overlay} />
      </div>
      <div class="numbers">
        <span class="end">{signed ? `${MINUS}${text}` : "0"}</span>
        {signed && <span class="end">0</span>}
        <span class="end">{signed ? `+${text}` : text}</span>
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
