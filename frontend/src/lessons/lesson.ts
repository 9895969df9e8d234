/** Guided tours as data: what each step says, what it opens, and at what it points. Texts and numbers: lessons.json. */
import type { Kind } from "../generated/payloads";
import type { Link } from "../core/link";
import type { Session } from "../core/session";
import lessons from "./lessons.json";

export interface Step {
  /** What of the link the step sets; all else stays as the reader left it. */
  go: Partial<Link>;
  /** The first of these elements is pointed at. */
  at: string;
  says: string;
  /** An example by its name, where it is not the lesson's. */
  image?: string;
}

export interface Lesson {
  key: string;
  title: string;
  /** The example that it is told with, by its name. */
  image: string;
  /** What must be answered for it. */
  needs: Kind[];
  steps: Step[];
}

/** The network whose answers the texts tell. */
const MODEL = "allcnn";
const all = lessons as unknown as readonly Lesson[];

/** Lessons that can be told here: their images are there, and what they need is answered. */
export function lessonsFor({ source, hello }: Session): Lesson[] {
  const { models, samples, runs } = hello.value;
  const model = models.find(({ name }) => name === MODEL);
  const named = (name: string): string | undefined => samples.find((sample) => sample.name === name)?.image;
  return all.filter(({ image: name, needs, steps }) => {
    const image = named(name);
    if (!model || !image || !steps.every((step) => !step.image || named(step.image))) return false;
    return needs.every((kind) => (kind === "run" ? runs.length > 0 && source.can({ kind }) : source.can({ kind, model: model.id, image })));
  });
}

/** The lesson and the step that a link's text names; null for none that is told here. */
export function stepOf(session: Session, text: string): { lesson: Lesson; at: number } | null {
  const [key, number] = text.split(":");
  const lesson = lessonsFor(session).find((one) => one.key === key);
  const at = Number(number) - 1;
  return lesson && lesson.steps[at] ? { lesson, at } : null;
}

/** The link's fields at a step. */
export function linkAt(session: Session, lesson: Lesson, at: number): Partial<Link> {
  const step = lesson.steps[at];
  const { models, samples } = session.hello.value;
  const image = samples.find(({ name }) => name === (step.image ?? lesson.image))!.image;
  return { lesson: `${lesson.key}:${at + 1}`, model: models.find(({ name }) => name === MODEL)!.id, image, target: null, versus: null, ...step.go };
}
