/** How far a map agrees with what taking regions away does: asked where that is known or wanted, else what it takes. */
import type { JSX } from "preact";
import { count } from "../core/numbers";
import { useAnswer, useSession } from "../core/session";
import { useStore } from "../core/store";
import type { Request } from "../sources/source";
import { AnswerState } from "./states";

export interface Verdict {
  kind: "agrees" | "partly" | "unproved" | "contradicts" | "not judged";
  says: string;
}

export const SIGNS: Record<Verdict["kind"], string> = { agrees: "✓", partly: "~", unproved: "?", contradicts: "✗", "not judged": "–" };

/** What the truth about regions depends on; the map that is held against it is cheap beside it. */
export const truthOf = ({ model, image, target, versus }: Partial<Request>): string => [model, image, target, versus ?? ""].join(" ");

export function VerdictLine({ of }: { of: (Request & { kind: "map" }) | null }): JSX.Element | null {
  const session = useSession();
  const { source } = session;
  const judged = useStore(session.judged);
  const { judging } = useStore(session.hello);
  const live = source.connection !== undefined;
  const { more: _, ...asked } = of ?? { more: 0 };
  const truth = of && { ...(asked as Request), kind: "truth" as const };
  const possible = truth !== null && source.can(truth);
  const wanted = possible && (!live || judged.includes(truthOf(truth)));
  const answer = useAnswer(wanted ? truth : null);
  if (!of) return null;
  const found = answer.payload && !answer.previous ? (answer.payload.meta.verdicts as Record<string, Verdict>)[of.method ?? ""] : undefined;
  if (found) {
    return (
      <p class="facts" data-verdict={found.kind}>
        <strong aria-hidden="true">{SIGNS[found.kind]}</strong> This map {found.says}.
      </p>
    );
  }
  if (wanted && live) return <AnswerState answer={answer} what="Holding the map against taking regions away" />;
  return (
    <p class={live ? "row second facts" : "second facts"} data-verdict="not judged">
      {`${SIGNS["not judged"]} Not judged${judging ? `: ${count(judging)} forward passes` : ""}. `}
      {live ? (
        <button class="small" onClick={() => session.judged.set([...judged, truthOf(of)])}>
          Judge it
        </button>
      ) : (
        <>
          With <code>innerview report --judge</code>, or <code>innerview serve</code>
        </>
      )}
    </p>
  );
}
