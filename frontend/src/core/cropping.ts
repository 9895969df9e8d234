/** The frame of a crop: a part of a photo with the model's proportions, in the photo's pixels. */

export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}
type Size = Pick<Frame, "width" | "height">;

/** The largest frame of these proportions (width by height), in the middle. */
export function startFrame({ width, height }: Size, ratio: number): Frame {
  const wide = Math.min(width, height * ratio);
  return { left: (width - wide) / 2, top: (height - wide / ratio) / 2, width: wide, height: wide / ratio };
}

/** Moved by so much, and as wide as asked about its middle; kept within the photo. */
export function movedFrame(frame: Frame, right: number, down: number, photo: Size, wide = frame.width): Frame {
  const ratio = frame.width / frame.height;
  const { width } = startFrame(photo, ratio);
  const size = { width: Math.min(width, wide), height: Math.min(width, wide) / ratio };
  const within = (at: number, most: number): number => Math.max(0, Math.min(most, at));
  return {
    ...size,
    left: within(frame.left + right + (frame.width - size.width) / 2, photo.width - size.width),
    top: within(frame.top + down + (frame.height - size.height) / 2, photo.height - size.height),
  };
}

/** What has to be sent so that the frame is seen, of which the model sees `seen` (1: all of it); within the photo. */
export function partOf(frame: Frame, seen: number, photo: Size): Frame {
  const largest = startFrame(photo, frame.width / frame.height).width;
  const width = Math.max(1, Math.min(largest, frame.width / seen));
  const grown = movedFrame(frame, 0, 0, photo, width);
  const [left, top] = [Math.round(grown.left), Math.round(grown.top)];
  return { left, top, width: Math.max(1, Math.min(photo.width - left, Math.round(grown.width))), height: Math.max(1, Math.min(photo.height - top, Math.round(grown.height))) };
}
