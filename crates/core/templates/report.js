
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  const on = (id, event, run) => { const it = document.getElementById(id); if (it) it.addEventListener(event, run); };
  root.classList.add("script");

  on("theme", "click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const articles = all("article.finding").map(it => ({ it, text: it.textContent.toLowerCase(), nodes: it.dataset.nodes.split("\n") }));
  const search = document.getElementById("search");
  const node = document.getElementById("node");
  const shown = document.getElementById("shown");
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = all("input[name=severity]:checked").map(it => it.value);
    let count = 0;
    for (const { it, text, nodes } of articles) {
      const fits = severities.includes(it.dataset.severity) && words.every(word => text.includes(word))
        && (!node || !node.value || nodes.includes(node.value));
      it.hidden = !fits;
      if (fits) count += 1;
    }
    const word = document.getElementById("shown-word").cloneNode(true);
    shown.replaceChildren(`${count} / ${articles.length} `, ...word.childNodes);
  };
  if (search) {
    search.form.addEventListener("submit", event => event.preventDefault());
    search.form.addEventListener("input", filter);
    filter();
  }
  const unfold = open => all("article.finding:not([hidden]) > details").forEach(it => { it.open = open; });
  on("open-all", "click", () => unfold(true));
  on("close-all", "click", () => unfold(false));

  const reveal = () => {
    const target = /^#finding-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!target) return;
    target.hidden = false;
    target.querySelector("details").open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  addEventListener("beforeprint", () => all("details").forEach(it => { it.open = true; }));

  const chart = document.getElementById("chart");
  let zoom = 1;
  const scale = by => {
    const frame = chart.parentElement;
    const middle = (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth;
    // In a narrow window the chart is wider than its frame from the start.
    const now = Math.max(zoom, chart.getBoundingClientRect().width / frame.clientWidth);
    zoom = Math.min(1024, Math.max(1, now * by));
    chart.setAttribute("width", `${100 * zoom}%`);
    frame.scrollLeft = middle * frame.scrollWidth - frame.clientWidth / 2;
  };
  on("zoom-in", "click", () => scale(2));
  on("zoom-out", "click", () => scale(0.5));

  const copy = async (text, from) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(from);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
  };
  for (const button of all("button.copy")) {
    const label = Array.from(button.childNodes);
    button.addEventListener("click", async () => {
      const block = button.parentElement.querySelector("pre");
      await copy(block.textContent.replace(/\n$/, ""), block);
      button.replaceChildren(...document.getElementById("copied").cloneNode(true).childNodes);
      setTimeout(() => button.replaceChildren(...label), 1500);
    });
  }
})();
