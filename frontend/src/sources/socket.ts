/** The live app: one WebSocket for questions and answers, tried again after it was lost; images go by POST. */
import { Channel, liveSource } from "./channel";
import type { Source } from "./source";

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;

export function socketSource(url: string | URL, token?: string): Source {
  const channel = new Channel();
  let pause = FIRST_PAUSE;

  const withToken = (address: string | URL): URL => {
    const found = new URL(address, globalThis.location?.href);
    if (token) found.searchParams.set("token", token);
    return found;
  };

  const connect = (): void => {
    const address = withToken(url);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      pause = FIRST_PAUSE;
      channel.open({ send: (text) => socket.send(text) });
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") channel.text(data);
      else channel.bytes(data as ArrayBuffer);
    };
    socket.onclose = () => {
      const waiting = pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE);
      channel.lost(waiting);
      setTimeout(connect, waiting);
    };
  };
  connect();

  return liveSource(channel, "live", async (blob, name) => {
    try {
      const reply = await fetch(withToken(new URL("images", new URL(url, location.href).href.replace(/^ws/, "http"))), {
        method: "POST",
        body: blob,
        headers: { "X-Name": encodeURIComponent(name) },
      });
      return (await reply.json()) as { image: string; name: string };
    } catch {
      return { message: "The image could not be sent: the server does not answer. Start it again with `innerview serve`." };
    }
  });
}
