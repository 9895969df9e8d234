/** One still from the camera; the camera goes off as soon as it is taken or the dialog is closed. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useSession } from "../core/session";
import { send } from "./uploading";

export function Camera({ onClose }: { onClose: () => void }): JSX.Element {
  const session = useSession();
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    dialog.current!.showModal();
    const asked = navigator.mediaDevices?.getUserMedia({ video: true }) ?? Promise.reject(new Error("none"));
    asked.then(
      (found) => {
        stream = found;
        if (gone) stream.getTracks().forEach((track) => track.stop());
        else video.current!.srcObject = stream;
      },
      () => {
        session.speech.alert("The browser gave no camera. Allow it for this page, or upload an image.");
        onClose();
      },
    );
    return () => {
      gone = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  const take = (): void => {
    const { videoWidth: width, videoHeight: height } = video.current!;
    if (!width) return;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d")!.drawImage(video.current!, 0, 0);
    canvas.toBlob((blob) => blob && void send(session, [[blob, "camera"]]), "image/jpeg", 0.95);
    onClose();
  };
  return (
    <dialog ref={dialog} class="camera" aria-label="Camera" onClose={onClose}>
      <video ref={video} autoplay muted playsInline />
      <div class="row">
        <button onClick={take}>
          Take the image
        </button>
        <button onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
