import type { JSX } from "preact";
import { BLENDS } from "../core/link";
import { useKeys, useLink } from "../core/session";
import { Choice } from "./choice";

/** How maps lie over their picture. */
export function Blend(): JSX.Element {
  const [{ overlay }, go] = useLink("overlay");
  return <Choice label="Blend" value={overlay.blend} options={BLENDS.map((name) => [name, name] as const)} onChange={(blend) => go({ overlay: { ...overlay, blend } })} />;
}

/** The keys of every view with a map: pin this scale (where it has one), bare picture. */
export function useMapKeys(limit: number | null = null): void {
  const [{ scale, overlay }, go] = useLink("scale", "overlay");
  useKeys([
    { key: "S", says: "Pin the scale, or let go of it", run: () => limit !== null && go({ scale: typeof scale === "number" ? "own" : limit }) },
    {
      key: "P",
      says: "The bare picture, or the map",
      run: () => go({ overlay: { ...overlay, blend: overlay.blend === "picture" ? "tint" : "picture" } }),
    },
  ]);
}
