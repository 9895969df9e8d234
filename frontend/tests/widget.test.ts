import { afterEach, expect, test, vi } from "vitest";
import type { Message, Request } from "../src/sources/source";
import { widgetSource, type WidgetModel } from "../src/sources/widget";

const REQUEST: Request = { kind: "map", model: "n", image: "ed7a03c4", target: 3 };

/** A model without a page, whose kernel says only what it is told to. */
function model(): { model: WidgetModel; tell: (message: object) => void } {
  let heard: (message: never) => void = () => {};
  const made: WidgetModel = {
    get: (name) => (name === "live" ? true : undefined),
    on: (_, callback) => {
      heard = callback;
    },
    send: () => {},
  };
  return { model: made, tell: (message) => heard(message as never) };
}

afterEach(() => void vi.useRealTimers());

test("a kernel that stays silent is told to be silent, until it answers", async () => {
  vi.useFakeTimers();
  const { model: made, tell } = model();
  const { source } = widgetSource(made);
  const messages: Message[] = [];
  source.ask(REQUEST, (message) => messages.push(message));
  await vi.advanceTimersByTimeAsync(1000);
  expect(messages).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(messages).toHaveLength(1);
  expect(messages[0].state).toBe("queued");
  expect(messages[0].message).toContain("run this cell again");
  tell({ id: 1, kind: "map", state: "failed", message: "no" });
  expect(messages.at(-1)).toMatchObject({ state: "failed", message: "no" });
});

test("one that answers in time, or a question that was given up, raises no such remark", async () => {
  vi.useFakeTimers();
  const { model: made, tell } = model();
  const { source } = widgetSource(made);
  const messages: Message[] = [];
  source.ask(REQUEST, (message) => messages.push(message));
  const cancel = source.ask({ ...REQUEST, kind: "path" }, (message) => messages.push(message));
  await vi.advanceTimersByTimeAsync(1000);
  tell({ id: 1, kind: "map", state: "queued" });
  cancel();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(messages.map(({ message }) => message)).toEqual([undefined]);
});
