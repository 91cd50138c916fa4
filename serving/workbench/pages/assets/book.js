// Marks an expired edition, opens folded text for printing, and filters the book. The pages read well without it.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);

  const stale = byId("stale");
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  const today = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  if (today > stale.dataset.expires) stale.hidden = false;

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));

  const form = byId("filters");
  if (!form) return;
  const table = byId("book");
  const search = byId("search");
  const fields = { owner: "o", risk: "r", health: "h", segment: "s" };
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const rows = [...table.tBodies[0].rows].map((row) => ({
    row,
    data: { ...row.dataset },
    text: plain(`${row.querySelector("a").textContent} ${row.querySelector(".id").textContent}`),
  }));
  const about = (value) => {
    const step = value > 0 ? 10 ** Math.max(Math.floor(Math.log10(value)) - 2, 0) : 1;
    return table.dataset.symbol + (Math.round(value / step) * step).toLocaleString("en-US");
  };

  // A browser that lays out thousands of rows is slow on a phone; what is searched for is always found in all of them.
  const MOST = 200;
  let all = false;
  const more = byId("more");

  const apply = () => {
    const terms = plain(search.value).split(/\s+/).filter(Boolean);
    const wanted = Object.entries(fields).map(([id, key]) => [key, byId(id).value]).filter(([, value]) => value);
    let count = 0, sum = 0, left = 0;
    for (const { row, data, text } of rows) {
      const found = wanted.every(([key, value]) => data[key] === value) && terms.every((term) => text.includes(term));
      const shown = found && (all || count < MOST);
      if (row.hidden === shown) row.hidden = !shown;
      if (found) { count += 1; sum += Number(data.v || 0); left += !shown; }
    }
    const whole = count === rows.length ? "" : ` of ${rows.length.toLocaleString("en-US")}`;
    byId("count").textContent =
      `${count.toLocaleString("en-US")}${whole} account${rows.length === 1 ? "" : "s"}, ${about(sum)} ARR at risk`;
    form.querySelector("[type=reset]").hidden = !wanted.length && !terms.length;
    byId("empty").hidden = count > 0;
    table.hidden = count === 0;
    more.hidden = left === 0;
    more.textContent = `Show ${left.toLocaleString("en-US")} more, with less ARR at risk`;
  };

  // The choice stands in the address, so that a CSM can bookmark her own book and come back to it.
  const remember = () => {
    const state = new URLSearchParams();
    if (search.value) state.set("search", search.value);
    for (const id of Object.keys(fields)) {
      const field = byId(id);
      if (field.value) state.set(id, field.selectedOptions[0].text);
    }
    try { history.replaceState(null, "", `#${state}`); } catch { /* some browsers forbid it for files */ }
  };
  const recall = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    search.value = state.get("search") || "";
    for (const id of Object.keys(fields)) {
      const option = [...byId(id).options].find((choice) => choice.text === state.get(id));
      byId(id).value = option ? option.value : "";
    }
    apply();
  };

  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); search.focus(); }));
  addEventListener("hashchange", recall);
  more.addEventListener("click", () => { all = true; apply(); });
  addEventListener("beforeprint", () => { all = true; apply(); });
  form.hidden = false;
  recall();
})();
