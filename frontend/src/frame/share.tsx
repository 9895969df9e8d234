/** What can be taken home: the link, and what is shown as an image. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { writeLink } from "../core/link";
import { savePage } from "../core/page";
import { useChosen, useSession } from "../core/session";
import { useStore } from "../core/store";

export function Share(): JSX.Element | null {
  const session = useSession();
  const { model, image } = useChosen();
  const card = useStore(session.card);
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
  if (!page && !card) return null;
  return (
    <details class="menu share" ref={folded}>
      <summary>Share</summary>
      <div>
        {page && <button onClick={() => void copy()}>{copied ? "Copied" : "Copy link"}</button>}
        {card && (
          <button
            onClick={() => {
              card();
              folded.current!.open = false;
            }}
          >
            Save as PNG
          </button>
        )}
        {session.source.state === "live" && model && image && (
          <button
            onClick={() => {
              savePage(session, model.id, image).catch((problem: Error) => session.speech.alert(`The page could not be saved: ${problem.message} With all views: \`innerview report\`.`));
              folded.current!.open = false;
            }}
          >
            Save as one page
          </button>
        )}
      </div>
    </details>
  );
}
