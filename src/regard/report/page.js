"use strict";
// Comfort only: the page is whole without it. Sorting tables, finding mistakes, walking from word to word, printing.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number.parseFloat(text.replaceAll(",", "").replace("−", "-"));
    return Number.isNaN(number) || !cell.classList.contains("number") ? text : number;
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));

  for (const table of all("table[data-sortable]")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        // Numbers begin with the largest, words with the first of the alphabet; a second click turns it round.
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const order = head.getAttribute("aria-sort") === first ? other : first;
        for (const one of heads) one.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((a, b) => sign * compare(valueOf(a, column), valueOf(b, column)));
        body.append(...rows);
      });
    });
  }

  const list = document.querySelector("[data-mistakes]");
  const controls = document.querySelector("[data-controls]");
  if (list && controls) {
    const items = all(":scope > li", list);
    const kinds = controls.querySelector("[data-kinds]");
    const find = controls.querySelector("[data-find]");
    const order = controls.querySelector("[data-order]");
    const orders = {
      rank: (item) => Number(item.dataset.rank),
      long: (item) => -Number(item.dataset.length),
      short: (item) => Number(item.dataset.length),
    };
    const update = () => {
      const wanted = find.value.trim().toLocaleLowerCase();
      const kind = kinds ? kinds.value : "";
      for (const item of items) {
        const found = item.textContent.toLocaleLowerCase().includes(wanted);
        item.hidden = !found || (kind !== "" && item.dataset.kind !== kind);
      }
      const key = orders[order.value];
      list.append(...[...items].sort((a, b) => key(a) - key(b)));
      const shown = items.filter((item) => !item.hidden).length;
      controls.querySelector("[data-count]").textContent = `${shown} of ${items.length} shown`;
    };
    kinds?.addEventListener("change", update);
    find.addEventListener("input", update);
    order.addEventListener("change", update);
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.hidden = false;
    update();
  }

  // One stop for Tab in each text or picture of cells; the arrow keys go from word to word, from cell to cell.
  for (const text of all("[data-words]")) {
    const words = all("mark, rect[data-weight]", text);
    const columns = Number(text.dataset.columns ?? 0);
    const told = text.parentElement.querySelector("[data-told]");
    words.forEach((word, place) => {
      word.tabIndex = place === 0 ? 0 : -1;
    });
    const picture = text.querySelector("svg");
    if (columns && picture) {
      picture.setAttribute("role", "group");
      for (const cell of words) cell.setAttribute("role", "img");
    }
    text.addEventListener("focusin", (event) => {
      const title = event.target.querySelector?.("title");
      if (told && title) told.textContent = `${title.textContent}.`;
    });
    text.addEventListener("keydown", (event) => {
      const place = words.indexOf(event.target);
      const next = {
        ArrowRight: place + 1,
        ArrowLeft: place - 1,
        Home: 0,
        End: words.length - 1,
        ...(columns ? { ArrowDown: place + columns, ArrowUp: place - columns } : {}),
      }[event.key];
      if (place < 0 || next === undefined || !words[next]) return;
      event.preventDefault();
      words[place].tabIndex = -1;
      words[next].tabIndex = 0;
      words[next].focus();
    });
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });
})();
