/** The images at hand and the one place for one's own: in the header of every view. */
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useChosen, useKeys, useSession } from "../core/session";
import { useStore } from "../core/store";
import { Camera } from "./camera";
import { Samples } from "./samples";
import { pasteFromClipboard, send, useDropping } from "./uploading";

export function Images(): JSX.Element {
  const session = useSession();
  const hello = useStore(session.hello);
  const { subject, answers, image } = useChosen();
  const dropping = useDropping();

  // An image that the server does not have (an old link): say so and show the first one.
  const unknown = subject.state === "failed" && session.link.value.image !== null && !hello.samples.some((sample) => sample.image === image);
  useEffect(() => {
    if (!unknown) return;
    session.speech.notice(`The image ${image} of the link is not here: upload it again. Shown is the first one.`);
    session.go({ image: null });
  }, [unknown]);

  const at = hello.samples.findIndex((sample) => sample.image === image);
  const walk = (by: number): void => {
    const { samples } = session.hello.value;
    if (samples.length) session.go({ image: samples[(Math.max(0, at) + by + samples.length) % samples.length].image });
  };
  useKeys([
    { key: "[", says: "Previous image", run: () => walk(-1) },
    { key: "]", says: "Next image", run: () => walk(1) },
  ]);
  return (
    <div class={`images ${dropping ? "dropping" : ""}`}>
      {hello.samples.length > 1 && <Samples current={image} classes={answers} />}
      <Own />
    </div>
  );
}

/** One's own: a file, the clipboard, the camera, or a drop anywhere. */
function Own(): JSX.Element | null {
  const session = useSession();
  const file = useRef<HTMLInputElement>(null);
  const [camera, setCamera] = useState(false);
  const { upload, state } = session.source;
  if (!upload) {
    return state === "file" ? (
      <span class="second note">
        Your own: <code>innerview serve</code>
      </span>
    ) : null;
  }
  return (
    <span class="own">
      <button class="drop" onClick={() => file.current!.click()}>
        <span class="many-words">Drop, paste or choose an image</span>
        <span class="few-words">Choose an image</span>
      </button>
      <input
        ref={file}
        type="file"
        accept="image/*"
        multiple
        class="hidden"
        aria-label="Image file"
        tabIndex={-1}
        onChange={(event) => {
          const chosen = Array.from(event.currentTarget.files ?? [], (one) => [one, one.name] as const);
          event.currentTarget.value = "";
          void send(session, chosen);
        }}
      />
      <button onClick={() => void pasteFromClipboard(session)}>Paste</button>
      <button onClick={() => setCamera(true)}>Camera</button>
      {camera && <Camera onClose={() => setCamera(false)} />}
    </span>
  );
}
