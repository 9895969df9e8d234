/** What can be taken home: the link, what is shown as an image (still, or moving), every chart, one page. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { chartAsSvg } from "../core/drawing";
import { writeLink } from "../core/link";
import { chanceText, className } from "../core/numbers";
import { savePage } from "../core/page";
import { type ImageBytes, paintImage } from "../core/paint";
import { saidOf } from "../core/said";
import { save } from "../core/saving";
import { useChosen, useSession } from "../core/session";
import { useStore } from "../core/store";

export function Share(): JSX.Element | null {
  const session = useSession();
  const { model, image, subject, answers, classes, target, versus } = useChosen();
  const card = useStore(session.card);
  const [charts, setCharts] = useState<SVGSVGElement[]>([]);
  const [busy, setBusy] = useState(false);
  const [copied, setCopied] = useState(false);
  const folded = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  const page = session.source.state !== "notebook";
  const copy = async (): Promise<void> => {
    const address = new URL(location.href);
    address.hash = writeLink(session.link.value, model?.classes).slice(1);
    address.searchParams.delete("token");
    try {
      await navigator.clipboard.writeText(address.href);
      setCopied(true);
      session.speech.say("Link copied");
    } catch {
      session.speech.alert("The browser did not let the link be copied: copy it from the address bar.");
    }
  };
  const close = (): void => {
    folded.current!.open = false;
  };
  const saveChart = (chart: SVGSVGElement): void => {
    const title = chart.querySelector("title")?.textContent ?? "chart";
    const payload = subject.previous ? null : subject.payload;
    const lines: string[] = [];
    if (payload) {
      const [[said, logit, chance]] = saidOf(payload.arrays);
      const about = target === null ? "" : ` · explained: ${className(target, classes)}${versus === null ? "" : `, not ${className(versus, classes)}`}`;
      lines.push(`${payload.meta.name}: ${model.decides ? "prediction" : "score of"} ${className(said, answers)} ${chanceText(chance, logit)}${about}`);
    }
    lines.push(`${model?.name} ${model?.id.slice(0, 8)} · image ${image} · innerview ${session.hello.value.version}`);
    save(`${title.replace(/[^\w]+/g, "-").toLowerCase()}.svg`, new Blob([chartAsSvg(chart, session.root, payload ? urlOf(payload.arrays.image) : null, lines)], { type: "image/svg+xml" }));
    close();
  };
  return (
    <details class="menu share" ref={folded} onToggle={(event) => event.currentTarget.open && setCharts([...session.root.querySelectorAll<SVGSVGElement>("main .plot svg")].filter((chart) => chart.checkVisibility()))}>
      <summary>Share</summary>
      <div>
        {page && <button onClick={() => void copy()}>{copied ? "Copied" : "Copy link"}</button>}
        {card && (
          <button
            onClick={() => {
              card.still();
              close();
            }}
          >
            Save as PNG
          </button>
        )}
        {card?.reveal && (
          <button
            disabled={busy}
            onClick={() => {
              setBusy(true);
              card
                .reveal!()
                .catch((problem: Error) => session.speech.alert(problem.message))
                .finally(() => {
                  setBusy(false);
                  close();
                });
            }}
          >
            {busy ? "Drawing …" : "Save as animation (WebP)"}
          </button>
        )}
        {charts.length > 0 && (
          <section class="charts" aria-label="Charts as SVG">
            <h2>Charts as SVG</h2>
            {charts.map((chart, i) => (
              <button key={i} class="small" onClick={() => saveChart(chart)}>
                {chart.querySelector("title")?.textContent}
              </button>
            ))}
          </section>
        )}
        {!page && !card && !charts.length && <p class="second">Nothing to save in this view.</p>}
        {session.source.state === "live" && model && image && (
          <button
            onClick={() => {
              savePage(session, model.id, image).catch((problem: Error) => session.speech.alert(`The page could not be saved: ${problem.message} With all views: \`innerview report\`.`));
              close();
            }}
          >
            Save as one page
          </button>
        )}
      </div>
    </details>
  );
}

/** An image of the model's size as a data URL. */
function urlOf(image: ImageBytes): string {
  const [height, width] = image.shape;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const bytes = new Uint8ClampedArray(4 * height * width);
  paintImage(bytes, image);
  canvas.getContext("2d")!.putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas.toDataURL();
}
