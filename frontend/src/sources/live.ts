/** How a page with a network inside makes a source that answers more than the file holds (../../engine/page.ts). */
import type { Channel } from "./channel";
import type { Hello, Source } from "./source";

export type Live = (file: Source, hello: Hello, channel: Channel) => Source;
