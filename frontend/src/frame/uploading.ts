/** Pictures of one's own: from a file, the clipboard, a drop or the camera; they go to the server and nowhere else. */
import { useEffect, useState } from "preact/hooks";
import { useSession, type Session } from "../core/session";

/** Send a picture and show it, or say what was wrong with it. */
export async function send(session: Session, blob: globalThis.Blob, name: string): Promise<void> {
  const { source, speech, hello } = session;
  if (!source.upload) return;
  speech.alert(null);
  const reply = await source.upload(blob, name);
  if ("message" in reply) {
    speech.alert(reply.message);
    return;
  }
  const known = hello.value.samples.some(({ picture }) => picture === reply.picture);
  if (!known) hello.set({ ...hello.value, samples: [...hello.value.samples, { picture: reply.picture, name: reply.name, truth: null }] });
  session.go({ picture: reply.picture });
}

/** The clipboard's picture, by the button (paste with the keyboard comes as an event). */
export async function pasteFromClipboard(session: Session): Promise<void> {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((known) => known.startsWith("image/"));
      if (type) return await send(session, await item.getType(type), "pasted");
    }
    session.speech.alert("The clipboard holds no picture. Copy one, then paste again.");
  } catch {
    session.speech.alert("The browser gave no access to the clipboard. Press Ctrl+V (or Cmd+V) on this page instead.");
  }
  return undefined;
}

/** Paste and drop anywhere on the page; returns whether something is being dragged over it. */
export function useDropping(): boolean {
  const session = useSession();
  const [over, setOver] = useState(false);
  useEffect(() => {
    if (!session.source.upload) return undefined;
    const { root } = session;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (!root.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      const file = event.dataTransfer?.files[0];
      if (!file) return;
      event.preventDefault();
      void send(session, file, file.name);
    };
    const onPaste = (event: ClipboardEvent): void => {
      const file = event.clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      void send(session, file, file.name || "pasted");
    };
    root.addEventListener("dragover", onOver);
    root.addEventListener("dragleave", onLeave);
    root.addEventListener("drop", onDrop);
    document.addEventListener("paste", onPaste);
    return () => {
      root.removeEventListener("dragover", onOver);
      root.removeEventListener("dragleave", onLeave);
      root.removeEventListener("drop", onDrop);
      document.removeEventListener("paste", onPaste);
    };
  }, [session]);
  return over;
}
