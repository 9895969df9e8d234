/**
 * The engine's end of the channel: questions come as they go to a server, and so do answers. Several are worked on in
 * turns, what takes a pass or two first; between passes new messages are heard, so that one may be cancelled. The same
 * script is a helper of such a worker, where it is told to help, and then runs passes only.
 */
import { unpack } from "../src/sources/file";
import type { Request } from "../src/sources/source";
import { Answers, type Ended, type Told } from "./answers";
import { kernelBinary } from "./binary";
import type { PageNetwork } from "./data";
import { fit, nameOf } from "./fitting";
import { Helpers, type Helping, type More, type Reply } from "./helpers";
import { openHeap } from "./kernel";
import { Network } from "./network";
import { Course, type Passed, type Progress, received, run, type Sent } from "./passes";
import { readWeights } from "./reading";

/** Milliseconds of work after which messages are heard. */
const TURN = 12;
const QUICK = ["subject", "mask", "evidence"];

interface Job {
  id: number;
  quick: boolean;
  course: Course<Told, Ended>;
}

let helpers: Helpers | null = null;
let opened: Promise<Answers> | null = null;
const jobs: Job[] = [];
let turning = false;
let unpacking: Promise<void> = Promise.resolve();

const told = (message: object): void => postMessage(message);

async function open(text: string, more: More): Promise<Answers> {
  let data: PageNetwork;
  try {
    data = JSON.parse(text) as PageNetwork;
  } catch {
    throw new Error("The network's description can't be read: the file was cut short or changed.");
  }
  const weights = await readWeights(data.weights);
  data.weights = "";
  const found = new Answers(data, new Network(data.network, weights, await openHeap(await kernelBinary())));
  const { network, output } = data;
  helpers = new Helpers(more, () => ({ help: { network, output }, weights }), heard);
  return found;
}

/** As a helper: passes, one after the other, as they come. */
async function help({ help: { network: description, output }, weights }: Helping): Promise<void> {
  const network = new Network(description, weights, await openHeap(await kernelBinary()));
  const reply = (message: Reply, given: Transferable[] = []): void => postMessage(message, { transfer: given });
  onmessage = ({ data }: MessageEvent<Sent>) => {
    try {
      const found = run(network, data.images, received(data, output));
      const { outputs, gradients } = found;
      reply({ outputs, gradients }, [outputs, gradients].flatMap((one) => (one ? [one.buffer] : [])));
    } catch (problem) {
      reply({ problem: String(problem) });
    }
  };
  reply({ ready: true });
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
      jobs.push({ id, quick: QUICK.includes(request.kind), course: new Course(answers.answer(request)) });
      void turns();
    },
    (problem: unknown) => failed(id, problem),
  );
}

/** Let the messages in that wait. */
const waiting = new MessageChannel();
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.port1.onmessage = () => resolve();
    waiting.port2.postMessage(null);
  });

const give = (id: number, state: string, blob: Uint8Array<ArrayBuffer>): void => postMessage({ id, state, blob: blob.buffer }, { transfer: [blob.buffer] });

function end(job: Job): void {
  jobs.splice(jobs.indexOf(job), 1);
}

/** Do something for an answer, and tell what came of it; if that fails, the answer has failed. */
function attempt(job: Job, something: () => IteratorResult<Told | Progress | null, Ended>): void {
  try {
    const { value, done } = something();
    if (done) {
      end(job);
      give(job.id, value.state, value.blob);
    } else if (value && "level" in value) give(job.id, "level", value.level);
    else if (value) told({ id: job.id, state: "queued", progress: value });
  } catch (problem) {
    end(job);
    failed(job.id, problem);
  }
}

/** A helper has run a pass, or can't; answers that nobody waits for any more are passed over. */
function heard(brought?: { course: unknown; pass: number; found: Passed }): void {
  const job = jobs.find(({ course }) => course === brought?.course);
  if (job) attempt(job, () => ({ done: false, value: job.course.bring(brought!.pass, brought!.found) }));
  void turns();
}

async function turns(): Promise<void> {
  if (turning) return;
  turning = true;
  const { network } = await opened!;
  for (;;) {
    const feed = (): void => helpers!.feed(jobs.map(({ course }) => course));
    feed();
    const able = jobs.filter(({ course }) => course.able);
    const job = able.find(({ quick }) => quick) ?? able[0];
    // Others have what is left of the passes: their messages wake this again.
    if (!job) break;
    const until = performance.now() + TURN;
    do {
      attempt(job, () => job.course.step(network));
      feed();
    } while (jobs.includes(job) && job.course.able && performance.now() < until);
    // What takes long goes to the end, so that all come forward.
    if (jobs[0] === job) jobs.push(jobs.shift()!);
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

onmessage = ({ data }: MessageEvent<Helping | { open?: string; more?: More; ask?: string; take?: number; blob?: Blob; name?: string }>): void => {
  if ("help" in data) void help(data);
  else if (data.open !== undefined) {
    opened = open(data.open, data.more ?? { most: 0, script: "" });
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
