/** The line under a map that says how exact it is, and what that means. */
import type { JSX } from "preact";
import type { MapMeta } from "../generated/payloads";
import { asked, certificate } from "../core/certificate";
import { count, number } from "../core/numbers";
import type { MapFacts } from "../core/maps";
import { EXPLANATIONS } from "../core/explanations";
import { useLink, useSession } from "../core/session";
import { Radios } from "./choice";

const TOLERANCES = [0.001, 0.01, 0.05];

/** Pixels whose estimated error is larger than their value. */
export const unsure = (facts: MapFacts): number =>
  facts.error ? facts.values.reduce((n, v, i) => n + (facts.error![i] > Math.abs(v) ? 1 : 0), 0) : 0;

export function CertificateLine({ meta, facts, previous, onMore }: { meta: MapMeta; facts: MapFacts; previous?: boolean; onMore?: () => void }): JSX.Element {
  const { mark, words, short } = certificate(meta);
  const [link, go] = useLink("tolerance");
  const { source } = useSession();
  const wavering = unsure(facts);
  return (
    <div class="certificate">
      <p class="line" data-certificate>
        {previous ? <span class="second">previous: </span> : mark && <span aria-hidden="true">{mark} </span>}
        {words}
        {short && onMore && (
          <button class="small" onClick={onMore}>
            Continue
          </button>
        )}
      </p>
      {meta.tolerance !== null && source.state !== "file" && (
        <Radios
          label="Ask for"
          value={String(link.tolerance ?? meta.tolerance)}
          options={TOLERANCES.map((tolerance) => [String(tolerance), asked(tolerance)] as const)}
          onChange={(tolerance) => go({ tolerance: Number(tolerance) })}
        />
      )}
      <details>
        <summary>How exact?</summary>
        <p>{EXPLANATIONS.error.text}</p>
        <p>
          {meta.status_words} {meta.rule && `Rule: ${meta.rule}.`} The error is an estimate from nested rules, not a proof.
          {facts.error && ` ${count(wavering)} of ${count(facts.values.length)} pixels have an error larger than their value.`}
          {meta.convergence_delta !== null && ` Convergence delta (what the sum misses of the change of the score): ${number(meta.convergence_delta, true)} ${meta.unit}.`}
        </p>
        {(meta.notes as string[]).map((note) => (
          <p key={note}>{note}</p>
        ))}
        <p class="second">{EXPLANATIONS.error.source}</p>
      </details>
    </div>
  );
}
