/** What stands where a result will be: nothing for 150 ms, then what is going on; and what went wrong, in words. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Kind } from "../generated/payloads";
import { count } from "../core/numbers";
import type { Shown } from "../core/session";

const PATIENCE = 150;

function Waiting({ what, progress }: { what: string; progress: { done: number; total: number } | null }): JSX.Element | null {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <p class="waiting">
      {what}
      {progress ? `: ${count(progress.done)} of ${count(progress.total)} ` : " … "}
      <progress max={progress?.total} value={progress?.done} aria-label={what} />
    </p>
  );
}

/** A message as it was written, with what stands between backticks as code. */
export const worded = (text: string): ComponentChildren => text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? <code>{part}</code> : part));

/** An amber remark: a warning, or what failed (what, found, do). */
export function Remark({ says, children }: { says: string; children?: ComponentChildren }): JSX.Element {
  return (
    <p class="remark">
      <span aria-hidden="true">! </span>
      {worded(says)} {children}
    </p>
  );
}

/** State of an answer: waiting with counts, or failed with the reason. Nothing when all is well. */
export function AnswerState<K extends Kind>({ answer, what }: { answer: Shown<K>; what: string }): JSX.Element | null {
  if (answer.state === "failed") return <Remark says={answer.message ?? `${what} failed.`} />;
  const waiting = answer.state === "waiting" || (answer.state === "level" && answer.progress !== null);
  const says = (answer.state === "waiting" && answer.message) || what;
  return waiting ? <Waiting key={what} what={says} progress={answer.progress} /> : null;
}

/** In the place of what a run would show. */
export const NoRun = (): JSX.Element => (
  <p class="empty">
    There is no run here. <code>innerview serve RUNS/</code> shows runs, also while they are training.
  </p>
);

/** Children at 55 % with a tag while they answer an earlier question. */
export function Stale({ when, children }: { when: boolean; children: ComponentChildren }): JSX.Element {
  return (
    <div class={when ? "stale" : ""} data-stale={when || undefined}>
      {when && <span class="tag">previous</span>}
      {children}
    </div>
  );
}
