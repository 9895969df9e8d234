/** What is to be explained: the class, the one that it is set against, the baseline. */
import type { JSX } from "preact";
import { className } from "../core/numbers";
import { type Chosen, useKeys, useLink, useSession } from "../core/session";
import { useStore } from "../core/store";
import { Choice } from "../parts/choice";
import { ClassChooser } from "./classes";

export function Explained({ chosen }: { chosen: Chosen }): JSX.Element {
  const session = useSession();
  const [link, go] = useLink("target");
  const hello = useStore(session.hello);
  const { model, image, classes, ranking, subject, target, versus, method, baseline } = chosen;
  const chooser = (mark: string) => (): void => {
    const found = session.root.querySelector<HTMLElement>(`[data-choose=${mark}]`);
    const folded = found?.closest("details");
    if (folded) folded.open = true;
    found?.focus();
  };
  useKeys([
    { key: "C", says: "Choose the class", run: chooser("target") },
    { key: "V", says: "Choose the class to compare with (versus …)", run: chooser("versus") },
  ]);
  const request = model && image ? ({ kind: "map", model: model.id, image, method, baseline, versus: null } as const) : null;
  const held = request && session.source.choices(request, "target");
  const heldBaselines = request && target !== null ? session.source.choices({ ...request, target }, "baseline") : null;
  const shared = {
    classes,
    ranking,
    probabilities: subject.previous ? null : (subject.payload?.arrays.probabilities.data ?? null),
    trueClass: subject.payload?.meta.label ?? null,
    held: held?.has(null) ? null : held,
  };
  const total = Math.max(classes.length, ranking.length);
  return (
    <div class="explained">
      <ClassChooser label="Explain" mark="target" {...shared} value={target} onChange={(value) => go({ target: value })} />
      <ClassChooser label="versus" mark="versus" {...shared} none="none" except={target} value={versus} onChange={(value) => go({ versus: value })} />
      <Choice
        label="Baseline"
        value={baseline}
        options={hello.baselines.map((name) => [name, name, heldBaselines !== null && !heldBaselines.has(name) && !heldBaselines.has(null)] as const)}
        onChange={(name) => go({ baseline: name })}
      />
      {link.target !== null && ranking.length > 0 && link.target !== ranking[0] && (
        <button class="small" onClick={() => go({ target: null })}>
          Back to the highest: {className(ranking[0], classes)}
        </button>
      )}
      {shared.held && shared.held.size < total && (
        <p class="second note">
          This file holds {shared.held.size} of {total} classes. For others: <code>innerview serve</code>
        </p>
      )}
    </div>
  );
}
