/**
 * The engine's end of the channel: questions come as they go to a server, and so do answers. Several are worked on in
 * turns, what takes a pass or two first; between passes new messages are heard, so that one may be cancelled.
 */
import { unpack } from "../src/sources/file";
import type { Request } from "../src/sources/source";
import { Answers, type Ended, type Progress } from "./answers";
import { kernelBinary } from "./binary";
import type { PageNetwork } from "./data";
import { fit, nameOf } from "./fitting";
import { openHeap } from "./kernel";
import { Network } from "./network";
import { readWeights } from "./reading";

/** Milliseconds of work after which messages are heard. */
const TURN = 12;
const QUICK = ["subject", "mask", "evidence"];

interface Job {
  id: number;
  quick: boolean;
  work: Generator<Progress, Ended>;
}

let opened: Promise<Answers> | null = null;
const jobs: Job[] = [];
let turning = false;
let unpacking: Promise<void> = Promise.resolve();

const told = (message: object): void => postMessage(message);

async function open(text: string): Promise<Answers> {
  let data: PageNetwork;
  try {
    data = JSON.parse(text) as PageNetwork;
  } catch {
    throw new Error("The network's description can't be read: the file was cut short or changed.");
  }
  const weights = await readWeights(data.weights);
  data.weights = "";
  const found = new Answers(data, new Network(data.network, weights, await openHeap(await kernelBinary())));
  return found;
}

/** Unpack an image of the page when it is first asked about: there may be thousands. */
async function unpacked(answers: Answers, id: string | undefined): Promise<void> {
  const { images, network } = answers.data;
  const packed = images[id ?? ""];
  if (!packed) return;
  delete images[id!];
  const [text, name, label] = typeof packed === "string" ? [packed, "", null] : packed;
  const pixels = Float32Array.from(new Uint16Array(await unpack(text)), (one) => one / 65_535);
  const { height, width, channels } = network.input;
  const data = Uint8Array.from({ length: height * width * 3 }, (_, at) => Math.round(255 * pixels[channels === 3 ? at : Math.floor(at / 3)]));
  answers.add({ id: id!, pixels, name, label, thumbnail: { data, width, height }, photo: null, crop: [0, 0, height, width], original: [height, width], caption: "" });
}

const failed = (id: number, problem: unknown): void => told({ id, state: "failed", message: problem instanceof Error ? problem.message : String(problem) });

function ask({ id, ...request }: Request & { id: number }): void {
  opened!.then(
    async (answers) => {
      try {
        await (unpacking = unpacking.catch(() => {}).then(() => unpacked(answers, request.image)));
      } catch (problem) {
        return failed(id, problem);
      }
      jobs.push({ id, quick: QUICK.includes(request.kind), work: answers.answer(request) });
      void turns();
    },
    (problem: unknown) => failed(id, problem),
  );
}

/** Let the messages in that wait. */
const heard = new MessageChannel();
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    heard.port1.onmessage = () => resolve();
    heard.port2.postMessage(null);
  });

const give = (id: number, state: string, blob: Uint8Array<ArrayBuffer>): void => postMessage({ id, state, blob: blob.buffer }, { transfer: [blob.buffer] });

async function turns(): Promise<void> {
  if (turning) return;
  turning = true;
  while (jobs.length) {
    const until = performance.now() + TURN;
    const job = jobs.find(({ quick }) => quick) ?? jobs[0];
    try {
      do {
        const { value, done } = job.work.next();
        if (done) {
          jobs.splice(jobs.indexOf(job), 1);
          give(job.id, value.state, value.blob);
          break;
        }
        if ("level" in value) give(job.id, "level", value.level);
        else told({ id: job.id, state: "queued", progress: value });
      } while (performance.now() < until);
    } catch (problem) {
      jobs.splice(jobs.indexOf(job), 1);
      failed(job.id, problem);
    }
    // What takes long goes to the end, so that all come forward.
    if (jobs[0] === job && jobs.length > 1) jobs.push(jobs.shift()!);
    await pause();
  }
  turning = false;
}

async function take(number: number, blob: Blob, name: string): Promise<void> {
  try {
    const answers = await opened!;
    const { levels, ...fitted } = await fit(blob, name, answers.data.network.input);
    const id = nameOf(levels, fitted.original[1]);
    answers.add({ ...fitted, id });
    told({ taken: number, reply: { image: id, name } });
  } catch (problem) {
    told({ taken: number, reply: { message: problem instanceof Error ? problem.message : String(problem) } });
  }
}

onmessage = ({ data }: MessageEvent<{ open?: string; ask?: string; take?: number; blob?: Blob; name?: string }>): void => {
  if (data.open !== undefined) {
    opened = open(data.open);
    opened.catch(() => {});
  } else if (data.take !== undefined) void take(data.take, data.blob!, data.name!);
  else if (data.ask !== undefined) {
    const message = JSON.parse(data.ask) as Request & { id: number };
    if ((message.kind as string) !== "cancel") ask(message);
    else {
      const at = jobs.findIndex(({ id }) => id === message.id);
      if (at >= 0) jobs.splice(at, 1);
    }
  }
};
