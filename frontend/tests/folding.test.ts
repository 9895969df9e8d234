import { expect, test } from "vitest";
import { folders } from "../src/views/layers/folding";

test("few layers are not folded", () => {
  expect(folders(["a.0.conv", "a.0.relu"])).toEqual([{ name: null, members: [0, 1] }]);
});

test("many are, by neighbours with one prefix; order and number stay", () => {
  const names = ["stem", ...Array.from({ length: 30 }, (_, i) => `blocks.${Math.floor(i / 10)}.part${i % 10}.inner`), "blocks.0.again", "head.fc"];
  const found = folders(names);
  expect(found.map(({ name }) => name)).toEqual([null, "blocks.0", "blocks.1", "blocks.2", null, null]);
  expect(found.flatMap(({ members }) => members)).toEqual([...names.keys()]);
});
