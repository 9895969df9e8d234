/**
 * Move the crop of one's own image: the whole photo with a frame on it, which is dragged, moved by keys and made smaller.
 *
 * The part is cut out here and sent as an image of its own, since a name stands for one image. Where the model's library
 * leaves an edge out (a photo is made 256 pixels high, 224 of them are seen), the part is larger than the frame by as much.
 */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Frame, movedFrame, partOf, startFrame } from "../../core/cropping";
import { percent } from "../../core/numbers";
import { type Chosen, useSession } from "../../core/session";
import { iconOf } from "../../frame/uploading";
import { Slider } from "../../parts/slider";

/** Pixels along the longer side of what is drawn, and of what is sent: the model sees fewer. */
const [DRAWN, SENT] = [720, 2048];
/** Sizes of the frame, per cent of the largest. */
const SIZES = Array.from({ length: 19 }, (_, i) => 10 + 5 * i);
const MOVES: Record<string, readonly [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Milliseconds without a key after which the part is sent. */
const SETTLED = 350;

export function useCrop(chosen: Chosen, open: boolean): { possible: boolean; editor: JSX.Element | null } {
  const session = useSession();
  const own = chosen.image === null ? undefined : session.own.get(chosen.image);
  const facts = chosen.subject.payload?.meta;
  const possible = own !== undefined && session.source.upload !== undefined && facts !== undefined;
  return { possible, editor: open && own ? <Editor key={own.name} own={own} chosen={chosen} /> : null };
}

function Editor({ own, chosen }: { own: NonNullable<ReturnType<ReturnType<typeof useSession>["own"]["get"]>>; chosen: Chosen }): JSX.Element {
  const session = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [bitmap, setBitmap] = useState<ImageBitmap | null>(null);
  const [frame, setFrame] = useState<Frame | null>(own.frame);
  const held = useRef<{ x: number; y: number; frame: Frame } | null>(null);
  // How much of the largest part the model sees: of this image, and so of any part of the photo.
  const seen = useRef(1);
  const facts = chosen.subject.previous ? undefined : chosen.subject.payload?.meta;
  const [, , , cropped] = (facts?.crop as number[] | null | undefined) ?? [];
  const [tall, wide] = (facts?.original as number[] | null | undefined) ?? [];
  if (cropped && wide) seen.current = Math.min(1, cropped / startFrame({ width: wide, height: tall }, chosen.model.input.width / chosen.model.input.height).width);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const { height, width } = chosen.model.input;
  const ratio = width / height;
  useEffect(() => {
    void createImageBitmap(own.blob).then(setBitmap);
    return () => clearTimeout(timer.current);
  }, [own.blob]);
  useLayoutEffect(() => {
    if (!bitmap) return;
    const factor = Math.min(1, DRAWN / Math.max(bitmap.width, bitmap.height));
    const surface = canvas.current!;
    [surface.width, surface.height] = [Math.round(bitmap.width * factor), Math.round(bitmap.height * factor)];
    surface.getContext("2d")!.drawImage(bitmap, 0, 0, surface.width, surface.height);
    if (!frame) setFrame(movedFrame(startFrame(bitmap, ratio), 0, 0, bitmap, seen.current * startFrame(bitmap, ratio).width));
  }, [bitmap]);
  const send = async (next: Frame): Promise<void> => {
    if (!bitmap || !session.source.upload) return;
    const part = partOf(next, seen.current, bitmap);
    const factor = Math.min(1, SENT / Math.max(part.width, part.height));
    const cut = new OffscreenCanvas(Math.max(1, Math.round(part.width * factor)), Math.max(1, Math.round(part.height * factor)));
    const context = cut.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, part.left, part.top, part.width, part.height, 0, 0, cut.width, cut.height);
    const sent = await cut.convertToBlob({ type: "image/png" });
    const reply = await session.source.upload(sent, own.name);
    if ("message" in reply) return session.speech.alert(reply.message);
    session.own.set(reply.image, { ...own, frame: next });
    const { hello } = session;
    if (!hello.value.samples.some(({ image }) => image === reply.image)) {
      // One of them stands for all parts of a photo.
      const others = hello.value.samples.filter(({ image }) => session.own.get(image)?.blob !== own.blob || session.own.get(image)?.frame === null);
      hello.set({ ...hello.value, samples: [...others, { image: reply.image, name: reply.name, label: null, thumbnail: await iconOf(sent) }] });
    }
    session.go({ image: reply.image });
    return undefined;
  };
  const later = (next: Frame): void => {
    setFrame(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void send(next), SETTLED);
  };
  const shown = bitmap && frame ? { left: `${(100 * frame.left) / bitmap.width}%`, top: `${(100 * frame.top) / bitmap.height}%`, width: `${(100 * frame.width) / bitmap.width}%`, height: `${(100 * frame.height) / bitmap.height}%` } : undefined;
  const largest = bitmap ? startFrame(bitmap, ratio).width : 1;
  const at = frame ? SIZES.findIndex((size) => size >= (100 * frame.width) / largest - 1e-6) : SIZES.length - 1;
  return (
    <div class="cropping">
      <div
        class="whole-photo"
        role="application"
        tabIndex={0}
        aria-label="Crop: arrow keys move the frame, plus and minus change its size"
        onKeyDown={(event) => {
          const move = MOVES[event.key];
          const by = event.key === "+" ? 1 : event.key === "-" ? -1 : 0;
          if (!bitmap || !frame || (!move && !by)) return;
          event.preventDefault();
          const step = Math.max(1, Math.round(Math.max(bitmap.width, bitmap.height) / 50));
          later(move ? movedFrame(frame, move[0] * step, move[1] * step, bitmap) : movedFrame(frame, 0, 0, bitmap, (largest * SIZES[Math.max(0, Math.min(SIZES.length - 1, at + by))]) / 100));
        }}
        onPointerDown={(event) => {
          if (!frame) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          held.current = { x: event.clientX, y: event.clientY, frame };
        }}
        onPointerMove={(event) => {
          if (!held.current || !bitmap) return;
          const pixel = bitmap.width / event.currentTarget.getBoundingClientRect().width;
          setFrame(movedFrame(held.current.frame, (event.clientX - held.current.x) * pixel, (event.clientY - held.current.y) * pixel, bitmap));
        }}
        onPointerUp={() => {
          if (held.current && frame) void send(frame);
          held.current = null;
        }}
      >
        <canvas ref={canvas} role="img" aria-label="The whole photo" />
        {shown && <span class="frame" style={shown} />}
      </div>
      <Slider label="Size" max={SIZES.length - 1} value={at} onChange={(next) => frame && bitmap && later(movedFrame(frame, 0, 0, bitmap, (largest * SIZES[next]) / 100))} spoken={`${SIZES[at]} percent of the largest part`} output={percent(SIZES[at] / 100)} />
    </div>
  );
}
