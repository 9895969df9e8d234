/** How a convolution comes to one number, step by step: patch times kernel, input after input, to the sum and what follows. */
import type { ComponentChildren, JSX } from "preact";
import { count, number, shapeText } from "../../core/numbers";
import type { Pixel } from "../../core/cursor";
import type { ImageBytes } from "../../core/paint";
import { entry, ramp } from "../../core/ramps";
import { useAnswer, useChosen, useLink, useSession, useTheme } from "../../core/session";
import type { Payload } from "../../generated/payloads";
import { ImagePixels } from "../../parts/pixels";
import { Player, Slider } from "../../parts/slider";
import { AnswerState, Stale } from "../../parts/states";
import type { LayerEntry } from "./order";

/** Steps a second. */
const PACE = 1;
/** Larger kernels have colours without numbers. */
const NUMBERED = 25;
const COLOURS = ["red", "green", "blue"];

export interface ConvolutionProps {
  list: readonly LayerEntry[];
  layer: string;
  channel: number;
  /** Row and column in the layer. */
  place: Pixel;
  image: ImageBytes | null;
}

export function Convolution({ layer, channel, place, ...rest }: ConvolutionProps): JSX.Element | null {
  const { source } = useSession();
  const [{ step }, go] = useLink("step");
  const { model, image } = useChosen();
  const request = { kind: "convolution", model: model.id, image: image!, layer, channel, position: [place[0], place[1]] as [number, number] } as const;
  const can = source.can(request);
  const answer = useAnswer(step !== null && can ? request : null);
  const { payload } = answer;
  return (
    <section class="one-number" aria-label="One number, step by step">
      <h2>How one number comes about</h2>
      {step === null || !can ? (
        <p class="facts">
          {can ? (
            <button type="button" onClick={() => go({ step: 0 })}>
              Take one position apart
            </button>
          ) : (
            <>That needs the model itself: <code>innerview serve</code>.</>
          )}
        </p>
      ) : (
        <>
          <p class="facts">
            Channel {channel} of {layer} at row {place[0] + 1}, column {place[1] + 1}. For another place press the map above.{" "}
            <button type="button" class="small" onClick={() => go({ step: null })}>
              Close
            </button>
          </p>
          {payload && (
            <Stale when={answer.previous}>
              <Steps payload={payload} {...rest} />
            </Stale>
          )}
          <AnswerState answer={answer} what="Taking it apart" />
        </>
      )}
    </section>
  );
}

interface Term {
  name: string;
  /** Its place among the inputs; null for what is no input. */
  input: number | null;
  adds: number | null;
  /** The sum so far, or what a layer makes of it. */
  total: number;
}

/** What is added one after the other, and what the layers behind make of the sum. */
function termsOf({ arrays, meta }: Payload<"convolution">): Term[] {
  const [rest, bias] = arrays.sums.data;
  const terms: Term[] = [];
  let total = 0;
  const add = (name: string, adds: number, input: number | null = null): void => {
    total += adds;
    terms.push({ name, input, adds, total });
  };
  const colours = meta.source === "input" && arrays.inputs.data.length + meta.others === 3;
  arrays.inputs.data.forEach((channel, at) => add(colours ? COLOURS[channel] : `channel ${channel}`, arrays.parts.data[at], at));
  if (meta.others) add(`${count(meta.others)} other channels`, rest);
  if (meta.biased) add("bias", bias);
  terms.push({ name: `${meta.layer} gives`, input: null, adds: null, total: arrays.sums.data[3] });
  for (const [name, , value] of meta.following as [string, string, number][]) terms.push({ name: `${name} makes of it`, input: null, adds: null, total: value });
  return terms;
}

function Steps({ payload, list, image }: { payload: Payload<"convolution"> } & Pick<ConvolutionProps, "list" | "image">): JSX.Element {
  const { arrays, meta } = payload;
  const [link, go] = useLink("step");
  const terms = termsOf(payload);
  const at = Math.min(link.step ?? 0, terms.length - 1);
  const move = (step: number): void => go({ step });
  const [rows, columns] = arrays.kernel.shape.slice(1);
  const size = rows * columns;
  const read = list.find(({ name }) => name === meta.source);
  const [height, width] = read ? [read.height, read.width] : (image?.shape ?? [0, 0]);
  const [top, left] = meta.corner as [number, number];
  const beyond = (i: number): boolean => {
    const [y, x] = [top + meta.dilation * Math.floor(i / columns), left + meta.dilation * (i % columns)];
    return y < 0 || x < 0 || y >= height || x >= width;
  };
  const words = ({ name, adds, total }: Term): string => (adds === null ? `${name} ${number(total, true)}` : `${name} adds ${number(adds, true)}, sum so far ${number(total, true)}`);
  const [low, high] = [Math.min(0, ...terms.map(({ total }) => total)), Math.max(0, ...terms.map(({ total }) => total))];
  const part = (value: number): number => (100 * (value - low)) / (high - low || 1);
  const grid = (name: "patch" | "kernel" | "products", input: number): JSX.Element => (
    <Grid
      values={arrays[name].data.subarray(input * size, (input + 1) * size)}
      columns={columns}
      limit={Math.max(...arrays[name].data.map(Math.abs)) || 1}
      label={`${name} of ${terms[input].name}`}
      beyond={name === "patch" ? beyond : null}
    />
  );
  const seen = [Math.max(0, top), Math.max(0, left), Math.min(height, top + meta.dilation * (rows - 1) + 1), Math.min(width, left + meta.dilation * (columns - 1) + 1)];
  return (
    <>
      <div class="settings">
        <Player stops={terms.length} at={at} onMove={move} of="step" pace={PACE} />
        <Slider label="Step" max={terms.length - 1} value={at} onChange={move} spoken={`${at + 1} of ${terms.length}: ${words(terms[at])}`} output={`${at + 1} of ${terms.length}`} />
      </div>
      <p data-step>{words(terms[at])}.</p>
      <div class="taken-apart">
        {image && height > 0 && (
          <figure>
            <ImagePixels image={image} label="" size={128} fixed grid={null}>
              <span class="window" style={{ top: `${(100 * seen[0]) / height}%`, left: `${(100 * seen[1]) / width}%`, height: `${(100 * (seen[2] - seen[0])) / height}%`, width: `${(100 * (seen[3] - seen[1])) / width}%` }} />
            </ImagePixels>
            <figcaption>
              Where the kernel lies in {read ? `${read.name} (${shapeText([height, width])})` : "the image"}{meta.dilation > 1 && `, every ${meta.dilation}. value`}
            </figcaption>
          </figure>
        )}
        <ol class="terms">
          {terms.map((term, i) => (
            <li key={i} class={i > at ? "later" : i === at ? "now" : ""} aria-hidden={i > at}>
              <span class="name">{term.name}</span>
              {term.input !== null && (
                <span class="multiplied">
                  {grid("patch", term.input)}
                  <Sign of="×" />
                  {grid("kernel", term.input)}
                  <Sign of="=" />
                  {grid("products", term.input)}
                </span>
              )}
              <span class="adds">{term.adds === null ? <strong>{number(term.total, true)}</strong> : number(term.adds, true)}</span>
              <Bar from={part(term.adds === null ? 0 : term.total - term.adds)} to={part(term.total)} zero={part(0)} up={term.adds === null ? term.total >= 0 : term.adds >= 0} />
            </li>
          ))}
        </ol>
      </div>
      <p class="second facts">
        {meta.source === "input" ? "The patch is of what the model takes of the image (after mean and std). " : ""}
        {meta.others > 0 && `The ${count(arrays.inputs.data.length)} inputs that give most are shown, the other ${count(meta.others)} as one sum. `}
        All terms add up to {number(arrays.sums.data[2], true)}; {meta.layer} itself gives {number(arrays.sums.data[3], true)} there.
        {Array.from({ length: size }, (_, i) => beyond(i)).includes(true) && " Dashed cells lie beyond the border, where 0 is read."}
      </p>
    </>
  );
}

const Sign = ({ of }: { of: ComponentChildren }): JSX.Element => <span aria-hidden="true">{of}</span>;

/** From the sum before to the sum after. */
function Bar({ from, to, zero, up }: { from: number; to: number; zero: number; up: boolean }): JSX.Element {
  return (
    <span class="way-of-sum" aria-hidden="true">
      <span class="zero" style={{ left: `${zero}%` }} />
      <span class={up ? "up" : "down"} style={{ left: `${Math.min(from, to)}%`, width: `${Math.abs(to - from)}%` }} />
    </span>
  );
}

/** Two digits, as short as they go. */
const short = (value: number): string => (value === 0 ? "0" : Math.abs(value) < 0.001 ? value.toExponential(0) : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(2)).replaceAll("-", "−");

function Grid({ values, columns, limit, label, beyond }: { values: Float32Array; columns: number; limit: number; label: string; beyond: ((i: number) => boolean) | null }): JSX.Element {
  const colours = ramp("value", useTheme());
  const written = values.length <= NUMBERED;
  return (
    <span class={written ? "grid" : "grid small"} role="img" aria-label={`${label}: ${Array.from(values, short).join(", ")}`} style={{ "--columns": columns }}>
      {Array.from(values, (value, i) => {
        const [r, g, b] = colours.subarray(3 * entry(value, limit, "value"));
        return (
          <span key={i} class={beyond?.(i) ? "beyond" : ""} title={number(value, true)} style={{ background: `rgb(${r} ${g} ${b})`, color: 0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#000" : "#fff" }}>
            {written && short(value)}
          </span>
        );
      })}
    </span>
  );
}
