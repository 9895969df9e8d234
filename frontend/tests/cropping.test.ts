import { expect, test } from "vitest";
import { movedFrame, partOf, startFrame } from "../src/core/cropping";

const PHOTO = { width: 300, height: 200 };

test("the first frame is the largest in the middle", () => {
  expect(startFrame(PHOTO, 1)).toEqual({ left: 50, top: 0, width: 200, height: 200 });
  expect(startFrame(PHOTO, 3)).toEqual({ left: 0, top: 50, width: 300, height: 100 });
});

test("a frame that is moved or made smaller stays within the photo, about its middle", () => {
  const first = startFrame(PHOTO, 1);
  expect(movedFrame(first, 400, -9, PHOTO)).toEqual({ ...first, left: 100 });
  const small = movedFrame(first, 0, 0, PHOTO, 100);
  expect(small).toEqual({ left: 100, top: 50, width: 100, height: 100 });
  expect(movedFrame(small, 0, 0, PHOTO, 900)).toEqual(first);
});

test("where the model leaves an edge out, as much more is sent, as far as there is any", () => {
  const small = movedFrame(startFrame(PHOTO, 1), 0, 0, PHOTO, 105);
  expect(partOf(small, 1, PHOTO)).toEqual({ left: 98, top: 48, width: 105, height: 105 });
  expect(partOf(small, 0.875, PHOTO)).toEqual({ left: 90, top: 40, width: 120, height: 120 });
  expect(partOf(startFrame(PHOTO, 1), 0.875, PHOTO)).toEqual({ left: 50, top: 0, width: 200, height: 200 });
});
