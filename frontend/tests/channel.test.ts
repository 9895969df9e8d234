import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Answers } from "../src/core/answers";
import { Channel, liveSource } from "../src/sources/channel";
import type { Message, Request } from "../src/sources/source";
import { mapBlob, random } from "./making";

const REQUEST: Request = { kind: "map", model: "n", image: "ed7a03c4", target: 3 };

/** A server that only writes down what it was sent. */
function connect(): { channel: Channel; sent: Record<string, unknown>[]; reply: (id: number, state: string, blob?: Uint8Array<ArrayBuffer>) => void } {
  const channel = new Channel();
  const sent: Record<string, unknown>[] = [];
  channel.open({ send: (text) => void sent.push(JSON.parse(text)) });
  const reply = (id: number, state: string, blob?: Uint8Array<ArrayBuffer>): void => {
    channel.text(JSON.stringify({ id, kind: "map", state }));
    if (!blob) return;
    const frame = new Uint8Array(8 + blob.length);
    new DataView(frame.buffer).setBigUint64(0, BigInt(id), true);
    frame.set(blob, 8);
    channel.bytes(frame.buffer);
  };
  return { channel, sent, reply };
}

const blob = (status: string, estimated: number | null = 0.02) => mapBlob({ values: random(1, 16), height: 4, status, estimated });
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

describe("the channel", () => {
  test("levels come with their state, and the last one ends the request", async () => {
    const { channel, sent, reply } = connect();
    const heard: Message[] = [];
    channel.ask(REQUEST, (message) => heard.push(message));
    await turn();
    expect(sent).toEqual([{ id: 1, ...REQUEST }]);
    reply(1, "queued");
    reply(1, "level", blob("refining"));
    reply(1, "done", blob("done", 0.008));
    reply(1, "level", blob("refining"));
    expect(heard.map(({ state, payload }) => [state, payload !== undefined])).toEqual([
      ["queued", false],
      ["level", false],
      ["level", true],
      ["level", false],
      ["done", true],
    ]);
  });

  test("requests of one kind wait for each other; other kinds do not", async () => {
    const { channel, sent, reply } = connect();
    channel.ask(REQUEST, () => {});
    channel.ask({ ...REQUEST, target: 5 }, () => {});
    channel.ask({ ...REQUEST, kind: "path" }, () => {});
    await turn();
    expect(sent.map(({ id }) => id)).toEqual([1, 3]);
    reply(1, "done", blob("done"));
    expect(sent.map(({ id }) => id)).toEqual([1, 3, 2]);
  });

  test("a request given up before its turn is never sent; one on its way is cancelled", async () => {
    const { channel, sent } = connect();
    channel.ask(REQUEST, () => {})();
    const cancel = channel.ask({ ...REQUEST, target: 5 }, () => {});
    await turn();
    cancel();
    expect(sent).toEqual([
      { id: 2, ...REQUEST, target: 5 },
      { id: 2, kind: "cancel" },
    ]);
  });

  test("after a lost connection the unanswered is asked again", async () => {
    const { channel, sent } = connect();
    channel.ask(REQUEST, () => {});
    await turn();
    channel.lost(2000);
    expect(channel.connection.value).toEqual({ state: "lost", retryIn: 2000 });
    channel.open({ send: (text) => void sent.push(JSON.parse(text)) });
    expect(sent.map(({ id }) => id)).toEqual([1, 1]);
    expect(channel.connection.value.state).toBe("open");
  });

  test("a payload of another version fails the request in words", async () => {
    const { channel } = connect();
    const heard: Message[] = [];
    channel.ask(REQUEST, (message) => heard.push(message));
    await turn();
    channel.payload(1, new ArrayBuffer(4), 0);
    expect(heard.at(-1)).toMatchObject({ state: "failed", message: expect.stringContaining("too short") });
  });

  test("hello and runs reach their listeners", async () => {
    const { channel } = connect();
    const runs: unknown[] = [];
    channel.onRun((run) => runs.push(run));
    channel.text(JSON.stringify({ state: "hello", version: "1", models: [] }));
    channel.text(JSON.stringify({ state: "run", run: { id: "a", name: "a", state: "running" } }));
    expect(await channel.hello).toMatchObject({ version: "1" });
    expect(runs).toEqual([{ id: "a", name: "a", state: "running" }]);
  });
});

describe("answers", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout"] }));
  afterEach(() => void vi.useRealTimers());
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };

  test("ten fast changes: only what is still looked at stays asked", async () => {
    const { channel, sent, reply } = connect();
    const answers = new Answers(liveSource(channel, "live"));
    let release = (): void => {};
    let store = answers.hold(REQUEST).store;
    for (let target = 0; target < 10; target++) {
      release();
      const held = answers.hold({ ...REQUEST, target: 10 + target });
      ({ release, store } = held);
      await settle();
    }
    const asked = sent.filter(({ kind }) => kind === "map").map(({ id }) => id as number);
    const cancelled = new Set(sent.filter(({ kind }) => kind === "cancel").map(({ id }) => id as number));
    reply(asked[0], "done", blob("done"));
    await settle();
    const alive = sent.filter(({ kind, id }) => kind === "map" && !cancelled.has(id as number));
    expect(alive.map(({ target }) => target)).toEqual([3, 19]);
    reply(alive[1].id as number, "done", blob("done"));
    expect(store.value).toMatchObject({ state: "done", levels: 1 });
  });

  test("an answered question is not asked again; a failed one is", async () => {
    const { channel, sent, reply } = connect();
    const answers = new Answers(liveSource(channel, "live"));
    answers.hold(REQUEST).release();
    const first = answers.hold(REQUEST);
    await settle();
    reply(1, "failed");
    expect(first.store.value.state).toBe("failed");
    first.release();
    const second = answers.hold(REQUEST);
    await settle();
    reply(2, "done", blob("done"));
    second.release();
    answers.hold(REQUEST);
    await settle();
    expect(sent.filter(({ kind }) => kind === "map")).toHaveLength(2);
  });
});
