import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Address, keepInStep, memoryAddress } from "../src/core/address";
import { DEFAULTS, KEYS, type Link, readLink, writeLink } from "../src/core/link";
import { Store } from "../src/core/store";

const EXAMPLES: [string, Partial<Link>][] = [
  ["n=abc123", { model: "abc123" }],
  ["p=ed7a03c4", { image: "ed7a03c4" }],
  ["c=0-airplane", { target: 0 }],
  ["v=5-dog", { versus: 5 }],
  ["m=grad-cam", { method: "grad-cam" }],
  ["b=white", { baseline: "white" }],
  ["t=0.001", { tolerance: 0.001 }],
  ["s=shared", { scale: "shared" }],
  ["s=0.02", { scale: 0.02 }],
  ["a=0.1", { alpha: 0.1 }],
  ["w=pixels", { shown: "pixels" }],
  ["o=tint:50", { overlay: { style: "tint", opacity: 50 } }],
  ["rg=4,2,12,10", { region: "4,2,12,10" }],
  ["rg=AAD_-w", { region: "AAD_-w" }],
  ["cu=superpixels", { cut: "superpixels" }],
  ["cu=AAD_-w.gAAA", { cut: "AAD_-w.gAAA" }],
  ["o=map", { overlay: { style: "map", opacity: 80 } }],
  ["th=20", { top: 20 }],
  ["sh=against", { show: "against" }],
  ["er=1", { error: true }],
  ["sx=1", { smooth: true }],
  ["ic=1", { channels: true }],
  ["px=12,7", { pixel: [12, 7] }],
  ["k=5", { fraction: 5 }],
  ["ko=random", { order: "random" }],
  ["kf=blurred", { fill: "blurred" }],
  ["mk=AAECAw", { mask: "AAECAw" }],
  ["l=conv3", { layer: "conv3" }],
  ["ch=41", { channel: 41 }],
  ["cv=4", { step: 4 }],
  ["wo=model", { layers: "model" }],
  ["wa=1", { common: true }],
  ["tk=3", { token: 3 }],
  ["hd=rollout", { head: "rollout" }],
  ["so=colour", { sort: "colour" }],
  ["ls=per-channel", { tiles: "per-channel" }],
  ["l3=1", { three: true }],
  ["wh=heat%20map", { histogram: "heat map" }],
  ["wl=1", { logs: true }],
  ["x=time", { over: "time" }],
  ["sm=0", { smoothing: 0 }],
  ["cw=swipe", { way: "swipe" }],
  ["cp=B", { pane: "B" }],
  ["ce=25", { edge: 25 }],
  ["d=p:3%3Bok:wrong", { rows: "p:3;ok:wrong" }],
  ["p=data-123", { image: "data-123" }],
  ["le=layers:2", { lesson: "layers:2" }],
  ["ep=3", { epoch: 3 }],
  ["mc=3,5", { cell: [3, 5] }],
  ["r=main", { run: "main" }],
  ["cx=image", { vary: "image" }],
  ["q=6d88dd9e", { other: "6d88dd9e" }],
];
const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog"];

describe("the link", () => {
  test("defaults are left out", () => {
    expect(writeLink(DEFAULTS)).toBe("#/why");
    expect(readLink("")).toEqual({ link: DEFAULTS, problems: [] });
  });

  test.each(EXAMPLES)("%s is read and written", (text, patch) => {
    const { link, problems } = readLink(`#/masking?${text}`);
    expect(problems).toEqual([]);
    expect(link).toEqual({ ...DEFAULTS, view: "masking", ...patch });
    expect(writeLink(link, CLASSES)).toBe(`#/masking?${text}`);
  });

  test("every key has an example", () => {
    expect(new Set(EXAMPLES.map(([text]) => text.split("=")[0]))).toEqual(new Set(Object.keys(KEYS)));
  });

  test.each(["#/masking?k=200", "#/masking?p=xyz", "#/masking?c=-1", "#/masking?c=cat", "#/masking?o=neon", "#/masking?px=1", "#/masking?s=0", "#/masking?t=", "#/masking?zz=1", "#/nothing"])(
    "%s falls back and says so",
    (text) => {
      const { link, problems } = readLink(text);
      expect({ ...link, view: DEFAULTS.view }).toEqual(DEFAULTS);
      expect(problems).toHaveLength(1);
    },
  );

  test("several wrong values each say so, and right ones stay", () => {
    const { link, problems } = readLink("#/interior?a=7&c=0&bogus=1");
    expect(link.target).toBe(0);
    expect(link.alpha).toBe(DEFAULTS.alpha);
    expect(problems).toHaveLength(2);
  });
});

describe("the address", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const follow = (address: Address): { link: Store<Link>; go: (patch: Partial<Link>) => void } => {
    const link = new Store<Link>({ ...DEFAULTS, target: 3 });
    keepInStep(address, link, () => CLASSES, () => {});
    return { link, go: (patch) => link.set({ ...link.value, ...patch }) };
  };

  test("60 steps in 3 seconds write at most 9 times, and the last one last", () => {
    const written: string[] = [];
    const address: Address = { ...memoryAddress(), replace: (text) => void written.push(text), push: (text) => void written.push(`push ${text}`) };
    const { go } = follow(address);
    for (let i = 1; i <= 60; i++) {
      go({ alpha: i / 100 });
      vi.advanceTimersByTime(50);
    }
    vi.advanceTimersByTime(1000);
    expect(written.length).toBeLessThanOrEqual(9);
    expect(written.at(-1)).toBe("#/why?c=3-cat&a=0.6");
  });

  test("every choice makes a step of its own at once, so that Back takes one back", () => {
    const pushed: string[] = [];
    const { go } = follow({ ...memoryAddress(), push: (text) => void pushed.push(text) });
    go({ image: "ed7a03c4" });
    go({ versus: 1 });
    go({ alpha: 0.1 });
    go({ view: "masking" });
    go({ shown: "pixels" });
    expect(pushed).toEqual([
      "#/why?p=ed7a03c4&c=3-cat",
      "#/why?p=ed7a03c4&c=3-cat&v=1-automobile",
      "#/masking?p=ed7a03c4&c=3-cat&v=1-automobile&a=0.1",
      "#/masking?p=ed7a03c4&c=3-cat&v=1-automobile&a=0.1&w=pixels",
    ]);
  });

  test("a history that throws is survived", () => {
    const refuse = (): never => {
      throw new DOMException("too many calls");
    };
    const { link, go } = follow({ ...memoryAddress(), push: refuse, replace: refuse });
    go({ view: "masking" });
    go({ alpha: 0.5 });
    vi.advanceTimersByTime(1000);
    expect(link.value.alpha).toBe(0.5);
  });

  test("going back sets the state", () => {
    let changed = (): void => {};
    let fragment = "#/attribution?c=3-cat";
    const { link } = follow({ ...memoryAddress(), read: () => fragment, watch: (callback) => ((changed = callback), () => {}) });
    fragment = "#/masking?c=1-automobile&k=5";
    changed();
    expect(link.value).toMatchObject({ view: "masking", target: 1, fraction: 5 });
  });
});
