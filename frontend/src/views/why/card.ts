/** What is on the screen as one image at twice the size: photo, prediction, reasons, classes, legend and the check. */
import { save } from "../../core/saving";

const RATIO = 2;
const [WIDE, TALL, EDGE, PHOTO] = [1200, 760, 32, 560];
const [TEXT, SECOND, RULE] = ["#1A1D23", "#505765", "#D8DCE3"];

/** Draw `box`, a first screen, from what stands in it; `lines` go under it: model, image, version. */
export async function saveCard(file: string, box: HTMLElement, lines: readonly string[]): Promise<void> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDE * RATIO, TALL * RATIO];
  const context = canvas.getContext("2d")!;
  context.scale(RATIO, RATIO);
  context.fillStyle = "#FFFFFF";
  context.fillRect(0, 0, WIDE, TALL);
  const said = (selector: string): string => box.querySelector(selector)?.textContent?.replace(/\s+/g, " ").trim() ?? "";
  /** Write in lines as wide as there is room; gives where the next one begins. */
  const write = (text: string, x: number, y: number, size: number, width: number, colour = TEXT, bold = false): number => {
    context.font = `${bold ? 700 : 400} ${size}px system-ui, sans-serif`;
    context.fillStyle = colour;
    let line = "";
    for (const word of text.split(" ")) {
      if (line && context.measureText(`${line} ${word}`).width > width) {
        context.fillText(line, x, y, width);
        y += size * 1.35;
        line = "";
      }
      line += (line && " ") + word;
    }
    if (line) context.fillText(line, x, y, width);
    return y + size * 1.35;
  };
  const shown = box.querySelector<HTMLCanvasElement>(".shown-photo canvas")!;
  const factor = PHOTO / Math.max(shown.width, shown.height);
  context.imageSmoothingEnabled = !shown.closest(".pixels");
  context.imageSmoothingQuality = "high";
  context.drawImage(shown, EDGE, EDGE, shown.width * factor, shown.height * factor);
  context.imageSmoothingEnabled = true;
  let y = write(said(".shown-photo figcaption > .words"), EDGE, EDGE + PHOTO + 26, 14, PHOTO, SECOND);
  const [strip, ends] = [box.querySelector<HTMLCanvasElement>(".shown-photo canvas.strip"), [...box.querySelectorAll(".shown-photo .end")].map((one) => one.textContent ?? "")];
  if (strip) {
    context.drawImage(strip, EDGE, y - 8, PHOTO, 12);
    context.strokeStyle = RULE;
    context.strokeRect(EDGE, y - 8, PHOTO, 12);
    y += 22;
    context.font = "14px system-ui, sans-serif";
    context.fillStyle = TEXT;
    ends.forEach((text, i) => {
      context.textAlign = i === 0 ? "left" : i === ends.length - 1 ? "right" : "center";
      context.fillText(text, EDGE + (PHOTO * i) / Math.max(1, ends.length - 1), y, PHOTO / 2);
    });
    context.textAlign = "left";
  }
  const left = EDGE + PHOTO + 40;
  const room = WIDE - left - EDGE;
  y = write(said("h1"), left, EDGE + 34, 34, room, TEXT, true);
  for (const told of box.querySelectorAll(".belief, .because")) if (told.textContent) y = write(told.textContent, left, y, 18, room, TEXT, told.matches(".belief")) + 2;
  for (const row of box.querySelectorAll(".row-of")) {
    const own = row.querySelector("canvas");
    if (own) context.drawImage(own, left, y - 8, 52, 52);
    write(`${row.querySelector(".name")?.textContent}   ${row.querySelector(".chance")?.textContent}`, left + 66, y + 14, 18, room - 66, TEXT, row.matches(".on"));
    context.fillStyle = RULE;
    context.fillRect(left + 66, y + 26, room - 66, 10);
    context.fillStyle = SECOND;
    context.fillRect(left + 66, y + 26, ((room - 66) * Number.parseFloat(row.querySelector<HTMLElement>(".bar span")?.style.width ?? "0")) / 100, 10);
    y += 60;
  }
  y += 16;
  for (const part of box.querySelectorAll<HTMLElement>(".test h2, .test figcaption, .test .verdict-line")) {
    y = write(part.textContent?.replace(/\s+/g, " ") ?? "", left, y, 16, room, TEXT, !part.matches("figcaption")) + 4;
  }
  lines.forEach((text, i) => write(text, EDGE, TALL - 16 - 18 * (lines.length - 1 - i), 13, WIDE - 2 * EDGE, SECOND));
  const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (png) save(`${file}.png`, png);
}
