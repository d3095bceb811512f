"use strict";
// The page reads without this. It adds: a bar that filters, folds that open for print and for anchors.
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const form = document.getElementById("filter");
  const folds = all("details");

  // What an anchor points to is opened.
  const reveal = () => {
    let target = null;
    try { target = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // On paper nothing can be unfolded.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = folds.filter((fold) => !fold.open);
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
  });

  if (!form) return;
  const said = document.getElementById("filtered");
  const items = all(".finding").map((at) => ({ at, of: at.dataset, card: at.closest(".card"), words: null }));
  const cards = all(".card");
  const servers = all("details.server");
  const value = (id) => document.getElementById(id)?.value ?? "";
  const words = (item) => {
    if (item.words === null) {
      const head = item.card.closest("details").querySelector("h3").textContent;
      const card = [...item.card.children].filter((part) => part.tagName !== "UL").map((part) => part.textContent);
      item.words = [head, ...card, item.at.textContent].join(" ").toLowerCase();
    }
    return item.words;
  };

  const apply = () => {
    const severities = new Set(all("input[name=v]:checked", form).map((box) => box.value));
    const [client, server, rule] = ["c", "s", "r"].map(value);
    const wanted = value("q").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const keep = severities.has(item.of.v)
        && (!client || item.of.c === client) && (!server || item.of.s === server) && (!rule || item.of.r === rule)
        && wanted.every((word) => words(item).includes(word));
      item.at.hidden = !keep;
      shown += keep;
    }
    for (const group of [...cards, ...servers]) group.hidden = !group.querySelector(".finding:not([hidden])");
    said.hidden = shown === items.length;
    said.textContent = said.hidden ? "" : `Filtered: ${shown} of ${items.length} findings.`;
  };

  let waiting = 0;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); });
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  const fold = (open) => () => { for (const server of servers) server.open = open; };
  document.getElementById("unfold").addEventListener("click", fold(true));
  document.getElementById("fold").addEventListener("click", fold(false));
  form.hidden = false;
})();
