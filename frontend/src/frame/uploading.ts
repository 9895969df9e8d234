/** Images of one's own: from a file, the clipboard, a drop or the camera; they go to the server and nowhere else. */
import { useEffect, useState } from "preact/hooks";
import { listen } from "../core/listen";
import { useSession, type Session } from "../core/session";

const ICON = 80;

/** A small copy for the list, as a data URL; none of what this browser can't read. */
export async function iconOf(blob: globalThis.Blob): Promise<string | undefined> {
  try {
    const bitmap = await createImageBitmap(blob);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [ICON, ICON];
    const side = Math.min(bitmap.width, bitmap.height);
    canvas.getContext("2d")!.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, ICON, ICON);
    return canvas.toDataURL("image/jpeg", 0.8);
  } catch {
    return undefined;
  }
}

/** Send images one after the other and show the last that was taken, or say what was wrong with them. */
export async function send(session: Session, images: readonly (readonly [globalThis.Blob, string])[]): Promise<void> {
  const { source, speech, hello } = session;
  if (!source.upload) return;
  speech.alert(null);
  const refused: string[] = [];
  let last: string | null = null;
  for (const [blob, name] of images) {
    const reply = await source.upload(blob, name);
    if ("message" in reply) {
      refused.push(reply.message);
      continue;
    }
    last = reply.image;
    session.own.set(last, { blob, name, frame: null });
    const known = hello.value.samples.some(({ image }) => image === last);
    if (known) continue;
    const thumbnail = await iconOf(blob);
    hello.set({ ...hello.value, samples: [...hello.value.samples, { image: last, name: reply.name, label: null, thumbnail }] });
  }
  if (last !== null) session.go({ image: last });
  const many = images.length > 1 ? `${refused.length} of ${images.length} were not taken. ` : "";
  if (refused.length) speech.alert(many + refused.join(" · "));
}

/** The clipboard's image, by the button (paste with the keyboard comes as an event). */
export async function pasteFromClipboard(session: Session): Promise<void> {
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((known) => known.startsWith("image/"));
      if (type) return await send(session, [[await item.getType(type), "pasted"]]);
    }
    session.speech.alert("The clipboard holds no image. Copy one, then paste again.");
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
    const take = (event: Event, files: FileList | undefined, name: string): void => {
      if (!files?.length) return;
      event.preventDefault();
      void send(session, Array.from(files, (file) => [file, file.name || name]));
    };
    const stops = [
      listen(root, {
        dragover: (event: DragEvent) => {
          if (!event.dataTransfer?.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        },
        dragleave: (event: DragEvent) => {
          if (!root.contains(event.relatedTarget as Node | null)) setOver(false);
        },
        drop: (event: DragEvent) => {
          setOver(false);
          take(event, event.dataTransfer?.files, "dropped");
        },
      }),
      listen(document, { paste: (event: ClipboardEvent) => take(event, event.clipboardData?.files, "pasted") }),
    ];
    return () => stops.forEach((stop) => stop());
  }, [session]);
  return over;
}
