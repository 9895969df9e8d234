import type { JSX } from "preact";
import { STYLES } from "../core/link";
import { useKeys, useLink } from "../core/session";
import { Choice } from "./choice";

/** How maps lie over their image. */
export function OverlayChoice(): JSX.Element {
  const [{ overlay }, go] = useLink("overlay");
  return <Choice label="Overlay" value={overlay.style} options={STYLES.map((name) => [name, name] as const)} onChange={(style) => go({ overlay: { ...overlay, style } })} />;
}

/** The keys of every view with a map: pin this scale (where it has one), bare image. */
export function useMapKeys(limit: number | null = null): void {
  const [{ scale, overlay }, go] = useLink("scale", "overlay");
  useKeys([
    { key: "S", says: "Pin or unpin the scale", run: () => limit !== null && go({ scale: typeof scale === "number" ? "per-image" : limit }) },
    {
      key: "P",
      says: "The bare image, or the map",
      run: () => go({ overlay: { ...overlay, style: overlay.style === "image" ? "tint" : "image" } }),
    },
  ]);
}
