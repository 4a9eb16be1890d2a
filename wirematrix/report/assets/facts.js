// Engine facts: only the rows in which engines differ, and only the titles that still have rows.
"use strict";
(() => {
  const form = document.getElementById("choose-facts");
  if (!form) return; // a run that recorded nothing has no table of facts
  const bodies = form.parentElement.querySelector("table").tBodies;
  const choose = () => {
    let group = null;
    for (const body of bodies) {
      if (body.classList.contains("group")) { group = body; group.hidden = true; continue; }
      const rows = [...body.rows].slice(1);
      for (const row of rows) row.hidden = form.differing.checked && !row.classList.contains("differ");
      body.hidden = rows.every((row) => row.hidden);
      if (!body.hidden) group.hidden = false;
    }
  };
  form.hidden = false;
  form.addEventListener("input", choose);
  form.addEventListener("submit", (submit) => submit.preventDefault());
  choose();
})();
