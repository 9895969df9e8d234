import type { JSX } from "preact";
import { BLENDS } from "../core/link";
import { useLink } from "../core/session";
import { Choice } from "./choice";

/** How maps lie over their picture. */
export function Blend(): JSX.Element {
  const [{ overlay }, go] = useLink("overlay");
  return <Choice label="Blend" value={overlay.blend} options={BLENDS.map((name) => [name, name] as const)} onChange={(blend) => go({ overlay: { ...overlay, blend } })} />;
}
