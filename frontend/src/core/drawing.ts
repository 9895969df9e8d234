/** What is drawn in an element as one PNG: its charts and the texts marked with data-print, in the light theme. */
import { save } from "./saving";

const RATIO = 2;
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-family", "text-anchor"] as const;

/** A copy of a chart that needs no style sheet; images in it are swapped for their light ones. */
function standalone(chart: SVGSVGElement): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart, copy].map((root) => [root, ...root.querySelectorAll<SVGElement>("*")]);
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) to[i].style.setProperty(name, style.getPropertyValue(name));
    const light = element.getAttribute("data-light");
    if (light) to[i].setAttribute("href", light);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
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
  // Nothing is painted in between, so nobody sees the light.
  const { theme } = root.dataset;
  root.dataset.theme = "light";
  const charts = [...container.querySelectorAll<SVGSVGElement>("svg")].map((chart) => ({ at: chart.getBoundingClientRect(), url: standalone(chart) }));
  root.dataset.theme = theme;
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
