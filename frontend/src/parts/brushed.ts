/** What the model says of what a brush leaves, while it paints. */
import { useEffect, useState } from "preact/hooks";
import { type Shown, useAnswer } from "../core/session";
import type { Request } from "../sources/source";

type Brushed = Required<Pick<Request, "model" | "image" | "mask" | "cells" | "fill">>;

/**
 * Asks again as soon as the last question was answered, so that answers come at the model's own pace: a brush changes
 * its mask faster than any model answers, and a question that is taken back at every cell would never be.
 */
export function useBrushed(about: Brushed | null): Shown<"mask"> {
  const [mask, ask] = useState(about?.mask);
  const same = about !== null && mask !== undefined;
  const answer = useAnswer(same ? { kind: "mask", ...about, mask } : null);
  const free = !same || answer.state === "done" || answer.state === "failed";
  const latest = about?.mask;
  useEffect(() => {
    if (free && mask !== latest) ask(latest);
  }, [free, mask, latest]);
  return mask === latest ? answer : { ...answer, previous: answer.payload !== null };
}
