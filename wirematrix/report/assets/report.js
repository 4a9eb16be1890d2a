// Makes the report quicker to use. Everything can be read without it: the form is hidden until it runs.
"use strict";
(() => {
  const form = document.getElementById("choose");
  if (!form) return; // a report without cells has nothing to choose from
  const grid = document.querySelector(".grid table");
  const heads = [...grid.querySelectorAll("thead th[data-transport]")];
  const engineHeads = [...grid.querySelectorAll("thead th[data-engine]:not([data-transport])")];
  const bodies = [...grid.tBodies];
  const titles = [...grid.querySelectorAll("tbody th[colspan]")];
  const columns = [...grid.querySelectorAll("col")].slice(1);

  // One entry per grid row: its cells, the evidence each leads to, and the words it can be found by.
  const rows = [...grid.querySelectorAll("tr.row")].map((row) => {
    const slots = [...row.cells].slice(1);
    const evidence = slots.map((slot) => {
      const link = slot.querySelector("a");
      const body = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
      return body ? body.closest("details") : null;
    });
    return { row, slots, evidence, section: evidence.find(Boolean)?.closest("section"), words: null };
  });

  // Words of a row: its scenario and network and all its cells' sentences. Made when first searched.
  const wordsOf = (entry) => {
    entry.words ??= [
      entry.row.parentElement.rows[0].textContent,
      entry.row.cells[0].textContent,
      groupOf(entry.row.parentElement)?.textContent ?? "",
      ...entry.evidence.map((details) => details?.firstElementChild.textContent ?? ""),
    ].join(" ").toLowerCase();
    return entry.words;
  };
  const groupOf = (body) => {
    while (body && !body.classList.contains("group")) body = body.previousElementSibling;
    return body?.querySelector("b");
  };

  const apply = () => {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const news = form.news.checked;
    const kind = form.kind.value;
    const shownColumns = heads.map((head) =>
      (!form.engine.value || head.dataset.engine === form.engine.value) &&
      (!form.transport.value || head.dataset.transport === form.transport.value));
    heads.forEach((head, at) => { head.hidden = columns[at].hidden = !shownColumns[at]; });
    const shownCount = shownColumns.filter(Boolean).length;
    grid.style.setProperty("--columns", shownCount);
    for (const title of titles) title.colSpan = shownCount + 1;
    for (const engineHead of engineHeads) {
      const own = heads.filter((head) => head.dataset.engine === engineHead.dataset.engine && !head.hidden).length;
      engineHead.hidden = own === 0;
      engineHead.colSpan = Math.max(own, 1);
    }
    let shownRows = 0;
    for (const entry of rows) {
      const isNews = (at) => shownColumns[at] && entry.slots[at].querySelector(".news");
      const shown = (!kind || entry.row.parentElement.dataset.kind === kind) &&
        words.every((word) => wordsOf(entry).includes(word)) &&
        (!news || entry.slots.some((_, at) => isNews(at)));
      entry.row.hidden = !shown;
      shownRows += shown;
      entry.slots.forEach((slot, at) => {
        slot.hidden = !shownColumns[at];
        if (entry.evidence[at]) entry.evidence[at].hidden = !shown || !shownColumns[at] || (news && !isNews(at));
      });
      if (entry.section) entry.section.hidden = entry.evidence.every((details) => !details || details.hidden);
    }
    grid.classList.toggle("dim", news);
    let group = null;
    for (const body of bodies) {
      if (body.classList.contains("group")) { group = body; group.hidden = true; continue; }
      body.hidden = [...body.rows].slice(1).every((row) => row.hidden);
      if (!body.hidden && group) group.hidden = false;
    }
    form.shown.value = shownRows === rows.length ? `${rows.length} rows` : `${shownRows} of ${rows.length} rows`;
  };

  // A link to evidence opens it, also in engines that do not open a closed <details> for a fragment.
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const details = target?.closest("details.cell");
    if (!details) return;
    if (details.hidden) { form.reset(); apply(); }
    details.open = true;
    target.scrollIntoView();
  };

  // Engine facts: only the rows in which engines differ, and only the titles that still have rows.
  const factForm = document.getElementById("choose-facts");
  const choose = () => {
    let group = null;
    for (const body of factForm.parentElement.querySelector("table").tBodies) {
      if (body.classList.contains("group")) { group = body; group.hidden = true; continue; }
      const factRows = [...body.rows].slice(1);
      for (const row of factRows) row.hidden = factForm.differing.checked && !row.classList.contains("differ");
      body.hidden = factRows.every((row) => row.hidden);
      if (!body.hidden) group.hidden = false;
    }
  };
  if (factForm) {
    factForm.hidden = false;
    factForm.addEventListener("input", choose);
    factForm.addEventListener("submit", (submit) => submit.preventDefault());
    choose();
  }

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (submit) => submit.preventDefault());
  addEventListener("hashchange", reveal);
  apply();
  reveal();
})();
