/* Shows the channels that are asked for: words must each be found among a channel's classes or in its layer's name, and
   a number is the channel's. Of one class the most selective come first, layers too. Beside that, whole images in place of crops. */
(() => {
  "use strict";
  const form = document.querySelector(".search");
  const search = form.querySelector("input[type=search]");
  const whole = form.querySelector("input[type=checkbox]");
  const told = form.querySelector("output");
  const main = document.querySelector("main");
  const sections = [...main.querySelectorAll("section")].map((element) => ({
    element,
    layer: element.dataset.layer.toLowerCase(),
    channels: [...element.querySelectorAll("article")].map((article) => ({
      article,
      number: article.dataset.channel,
      classes: article.dataset.classes
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split("\t"))
        .map(([name, value]) => [name.toLowerCase(), Number(value)]),
    })),
  }));
  const total = sections.reduce((sum, one) => sum + one.channels.length, 0);

  function show() {
    const words = search.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let count = 0;
    for (const section of sections) {
      let own = 0;
      let best = 0;
      for (const channel of section.channels) {
        let strongest = 0;
        const found = words.every((word) => {
          if (/^\d+$/.test(word) && word === channel.number) return true;
          const classes = channel.classes.filter(([name]) => name.includes(word));
          for (const [, value] of classes) strongest = Math.max(strongest, value);
          return classes.length > 0 || section.layer === word || (!/^\d+$/.test(word) && section.layer.includes(word));
        });
        channel.article.hidden = !found;
        channel.article.style.order = strongest > 0 ? String(-Math.round(1e6 * strongest)) : "";
        own += Number(found);
        if (found) best = Math.max(best, strongest);
      }
      section.element.hidden = own === 0;
      section.element.style.order = best > 0 ? String(-Math.round(1e6 * best)) : "";
      count += own;
    }
    const some = count.toLocaleString("en");
    told.textContent = words.length ? `${some} of ${total.toLocaleString("en")} channels` : `${some} channels`;
  }

  function turn() {
    const { width, height } = main.dataset;
    const scale = 56 / Math.max(width, height);
    document.body.classList.toggle("shown-whole", whole.checked);
    for (const tile of main.querySelectorAll(".tiles svg")) {
      tile.dataset.crop ??= [tile.getAttribute("viewBox"), tile.getAttribute("width"), tile.getAttribute("height")].join("|");
      const [box, across, down] = whole.checked
        ? [`0 0 ${width} ${height}`, Math.round(width * scale), Math.round(height * scale)]
        : tile.dataset.crop.split("|");
      tile.setAttribute("viewBox", box);
      tile.setAttribute("width", across);
      tile.setAttribute("height", down);
    }
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", show);
  whole.addEventListener("change", turn);
  if (whole.checked) turn();
  show();
})();
