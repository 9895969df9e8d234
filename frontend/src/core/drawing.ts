/** Charts to take home, in the light theme: one as an SVG, or all of an element with its texts marked data-print as a PNG. */
import { save } from "./saving";

const RATIO = 2;
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-family", "text-anchor"] as const;

const SPACE = "http://www.w3.org/2000/svg";

/** A copy of a chart that needs no style sheet; images in it are swapped for their light ones. */
function standalone(chart: SVGSVGElement): SVGSVGElement {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart, copy].map((root) => [root, ...root.querySelectorAll<SVGElement>("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) to[i].style.setProperty(name, style.getPropertyValue(name));
    const light = element.getAttribute("data-light");
    if (light) to[i].setAttribute("href", light);
  });
  copy.setAttribute("xmlns", SPACE);
  return copy;
}

const written = (svg: SVGSVGElement): string => new XMLSerializer().serializeToString(svg);

/** Do something while the page is light: nothing is painted in between, so nobody sees it. */
function inLight<T>(root: HTMLElement, what: () => T): T {
  const { theme } = root.dataset;
  root.dataset.theme = "light";
  const found = what();
  root.dataset.theme = theme;
  return found;
}

/** A chart of the page as an SVG: title, chart, the image that it is about (a data URL), and lines under it. */
export function chartAsSvg(chart: SVGSVGElement, root: HTMLElement, image: string | null, lines: readonly string[]): string {
  const copy = inLight(root, () => standalone(chart));
  const [width, height] = [chart.width.baseVal.value, chart.height.baseVal.value];
  const [head, foot, side] = [36, 16 + Math.max(18 * lines.length, image ? 64 : 0), image ? 72 : 0];
  const whole = document.createElementNS(SPACE, "svg");
  const put = (parent: Element, name: string, attributes: Record<string, string | number>, text = ""): SVGElement => {
    const made = parent.appendChild(document.createElementNS(SPACE, name) as SVGElement);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.textContent = text;
    return made;
  };
  for (const [key, value] of Object.entries({ xmlns: SPACE, width: width + 24, height: head + height + foot, viewBox: `0 0 ${width + 24} ${head + height + foot}` })) whole.setAttribute(key, String(value));
  put(whole, "rect", { width: "100%", height: "100%", fill: "#FFFFFF" });
  const words = { "font-family": "system-ui, sans-serif", fill: "#1A1D23" };
  put(whole, "text", { x: 12, y: 24, "font-size": 16, "font-weight": 600, ...words }, chart.querySelector("title")?.textContent ?? "");
  copy.setAttribute("x", "12");
  copy.setAttribute("y", String(head));
  whole.append(copy);
  if (image) put(whole, "image", { x: 12, y: head + height + 8, width: 60, height: 60, href: image, preserveAspectRatio: "xMinYMin" }).style.setProperty("image-rendering", "pixelated");
  lines.forEach((line, i) => put(whole, "text", { x: 12 + side, y: head + height + 20 + 18 * i, "font-size": 12, ...words }, line));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${written(whole)}`;
}

export async function saveDrawings(file: string, container: HTMLElement, root: HTMLElement): Promise<void> {
  const box = container.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [(box.width + 32) * RATIO, (box.height + 32) * RATIO];
  const context = canvas.getContext("2d")!;
  context.scale(RATIO, RATIO);
  context.fillStyle = "#FFFFFF";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.translate(16 - box.left, 16 - box.top);
  const charts = inLight(root, () =>
    [...container.querySelectorAll<SVGSVGElement>("svg")].map((chart) => ({ at: chart.getBoundingClientRect(), url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(standalone(chart)))}` })),
  );
  for (const text of container.querySelectorAll<HTMLElement>("[data-print]")) {
    const { left, bottom, width } = text.getBoundingClientRect();
    context.fillStyle = "#1A1D23";
    context.font = `${getComputedStyle(text).fontSize} system-ui, sans-serif`;
    context.fillText(text.textContent ?? "", left, bottom - 5, width + 16);
  }
  for (const { at, url } of charts) {
    const image = new Image();
    image.src = url;
    await image.decode();
    context.drawImage(image, at.left, at.top, at.width, at.height);
  }
  const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (png) save(`${file}.png`, png);
}
