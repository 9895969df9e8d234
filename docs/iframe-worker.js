// A page that was opened from a disk may not start a worker, and the search is one. Here a worker's script runs in a hidden
// frame, which has a global scope of its own. (The theme looks for a script of this name, and would load one from elsewhere.)
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    #waiting = [];

    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.documentElement.append(frame);
      const inner = frame.contentWindow;
      inner.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = inner.document.createElement("script");
      script.src = new URL(url, location.href).href;
      script.onload = () => {
        this.postMessage = (data) => inner.dispatchEvent(new inner.MessageEvent("message", { data }));
        for (const data of this.#waiting) this.postMessage(data);
      };
      inner.document.documentElement.append(script);
    }

    postMessage(data) {
      this.#waiting.push(data);
    }
  };
}
