// The grid: which rows and columns are shown, in which order, and how one walks among them. What is chosen stands in
// the query of the address, so that a link shows the same and fragments stay free for evidence. Everything can be read
// without this script: the form is hidden until it runs.
"use strict";
(() => {
  const form = document.getElementById("choose");
  if (!form) return; // a report without cells has nothing to choose from
  const scroller = document.querySelector(".grid");
  const table = scroller.querySelector("table");
  const [upper, lower] = table.tHead.rows;
  const cornerCols = table.querySelector("colgroup");
  const heads = [...lower.cells];
  const engineHeads = [...upper.cells].slice(1);
  const KEYS = ["q", "status", "network", "kind", "only", "engine", "transport", "columns", "rows", "fold"];
  const ALL = "*";

  // One entry per row: its slots in the order of the file, and what is needed of each without asking the page again.
  const groups = [];
  const rows = [];
  for (const body of table.tBodies) {
    const isGroup = body.classList.contains("group");
    for (const row of body.rows) {
      const entry = { row, body, slots: [...row.cells].slice(1) };
      if (isGroup) groups.push({ ...entry, name: body.dataset.group, rows: [] });
      else rows.push({ ...entry, group: groups.at(-1), facts: entry.slots.map(factsOf), head: null, said: null });
    }
    if (!isGroup) groups.at(-1).rows.push(...rows.slice(-body.rows.length));
  }
  function factsOf(slot) {
    const classes = slot.firstElementChild.classList;
    const judged = !classes.contains("none");
    const look = judged ? classes[0] : "";
    return {
      judged,
      here: judged || classes.contains("lacking") || Boolean(slot.textContent.startsWith("–")),
      word: judged ? (look === "recorded" ? "recorded" : classes[1]) : "",
      attempted: judged && look !== "skipped" && look !== "unreached",
      unexpected: look === "news",
      changed: classes.contains("changed"),
    };
  }

  // What the page was delivered with, for the counts of groups when nothing is filtered.
  for (const group of groups) group.counts = group.slots.map((slot) => [...slot.childNodes]);

  // The view: read from the form, written to the address and back.
  const folded = new Set();
  const boxes = (name) => [...form.querySelectorAll(`input[name="${name}"]`)];
  const chosen = (name) => boxes(name).filter((box) => box.checked).map((box) => box.value);
  const viewOf = () => {
    const some = (name) => (chosen(name).length === boxes(name).length ? [] : chosen(name));
    return {
      q: form.elements.q.value.trim(),
      status: form.elements.status.value,
      network: form.elements.network.value,
      kind: form.elements.kind.value,
      only: chosen("only").join(" "),
      engine: some("engine").join(" "),
      transport: some("transport").join(" "),
      columns: form.elements.columns.value,
      rows: form.elements.rows.checked ? "dense" : "",
      fold: folded.size === groups.length && groups.length > 1 ? ALL : [...folded].join(" "),
    };
  };
  const setView = (query) => {
    const words = (key) => (query.get(key) ?? "").split(" ").filter(Boolean);
    form.elements.q.value = query.get("q") ?? "";
    for (const name of ["status", "network", "kind", "columns"]) {
      const select = form.elements[name];
      select.value = query.get(name) ?? "";
      if (select.selectedIndex < 0) select.value = ""; // a link made for another run
    }
    for (const box of boxes("only")) box.checked = words("only").includes(box.value);
    for (const name of ["engine", "transport"]) {
      const known = boxes(name).filter((box) => words(name).includes(box.value));
      for (const box of boxes(name)) box.checked = !known.length || known.includes(box);
    }
    form.elements.rows.checked = query.get("rows") === "dense";
    folded.clear();
    const names = words("fold");
    for (const group of groups) if (names.includes(ALL) || names.includes(group.name)) folded.add(group.name);
  };
  const address = (view, hash) => {
    const query = new URLSearchParams(location.search);
    for (const key of KEYS) query.delete(key); // what others put there stays
    for (const key of KEYS) if (view[key]) query.set(key, view[key]);
    const text = query.toString().replaceAll("%2A", "*");
    return location.pathname + (text && `?${text}`) + hash;
  };
  const remember = ({ again = false, hash = location.hash } = {}) => {
    const wanted = address(viewOf(), hash);
    if (wanted === location.pathname + location.search + location.hash) return;
    try {
      history[again ? "replaceState" : "pushState"](null, "", wanted);
    } catch { /* a sandboxed frame has no address of its own; the view works all the same */ }
  };

  // Columns: which of them, and in which order.
  const transports = [...new Set(heads.map((head) => head.dataset.transport))];
  const bundles = (by) => (by === "transport"
    ? transports.map((name) => ({
      head: transportHead(name),
      members: heads.flatMap((head, at) => (head.dataset.transport === name ? [at] : [])),
    }))
    : engineHeads.map((head) => ({
      head,
      members: heads.flatMap((own, at) => (own.dataset.engine === head.dataset.engine ? [at] : [])),
    })));
  const transportHead = (name) => {
    const head = document.createElement("th");
    head.scope = "colgroup";
    head.role = "columnheader";
    head.className = "e";
    const text = document.createElement("span");
    text.textContent = name;
    head.append(text);
    return head;
  };
  let arranged = "";
  let shown = heads.map(() => true);
  let order = heads.map((_, at) => at);
  const arrange = (view) => {
    const key = JSON.stringify([view.engine, view.transport, view.columns]);
    if (key === arranged) return;
    const first = !arranged;
    arranged = key;
    const has = (name, value) => !view[name] || view[name].split(" ").includes(value);
    shown = heads.map((head) => has("engine", head.dataset.engine) && has("transport", head.dataset.transport));
    if (first && !view.engine && !view.transport && !view.columns) return; // as delivered
    const bundled = bundles(view.columns)
      .map(({ head, members }) => ({ head, members, left: members.filter((at) => shown[at]) }));
    order = bundled.flatMap(({ members }) => members);
    const leading = new Set(bundled.map(({ left }) => left[0]));
    table.classList.toggle("by-transport", view.columns === "transport");
    upper.replaceChildren(upper.cells[0], ...bundled.filter(({ left }) => left.length).map(({ head, left }) => {
      head.colSpan = left.length;
      head.style.setProperty("--span", left.length);
      return head;
    }));
    for (const each of table.querySelectorAll("colgroup")) if (each !== cornerCols) each.remove();
    cornerCols.after(...bundled.filter(({ left }) => left.length).map(({ left }) => {
      const own = document.createElement("colgroup");
      own.append(...left.map(() => document.createElement("col")));
      return own;
    }));
    table.style.setProperty("--columns", shown.filter(Boolean).length);
    const place = (row, slots) => {
      slots.forEach((slot, at) => {
        slot.hidden = !shown[at];
        slot.classList.toggle("e", leading.has(at));
      });
      row.append(...order.map((at) => slots[at]));
    };
    place(lower, heads);
    for (const entry of groups) place(entry.row, entry.slots);
    for (const entry of rows) place(entry.row, entry.slots);
  };

  // Rows: words are searched in the row's head and in the sentences of the cells that are shown.
  const headOf = (entry) => (entry.head ??= [
    entry.row.cells[0].textContent, entry.row.cells[0].title, entry.group.name,
  ].join(" ").toLowerCase());
  const saidOf = (entry) => (entry.said ??= entry.slots.map((slot) =>
    (slot.firstElementChild.title || slot.title || "").toLowerCase()));
  const disagree = (entry) => {
    const words = new Set();
    let engines = null;
    let several = false;
    entry.facts.forEach((fact, at) => {
      if (!shown[at] || !fact.attempted) return;
      words.add(fact.word);
      several ||= engines !== null && engines !== heads[at].dataset.engine;
      engines = heads[at].dataset.engine;
    });
    if (words.size > 1) return true;
    const over = entry.row.dataset.differ?.split(" ") ?? [];
    return several && over.some((name) => heads.some((head, at) => shown[at] && head.dataset.transport === name));
  };
  const matcher = (view) => {
    const words = view.q.toLowerCase().split(/\s+/).filter(Boolean);
    const only = view.only.split(" ");
    const narrowed = Boolean(view.engine || view.transport);
    return (entry) => {
      if (view.kind && entry.body.dataset.kind !== view.kind) return false;
      if (view.network && entry.row.dataset.network !== view.network) return false;
      const some = (test) => entry.facts.some((fact, at) => shown[at] && test(fact, at));
      if (narrowed && !some((fact) => fact.here)) return false;
      if (view.status && !some((fact) => fact.word === view.status)) return false;
      if (only.includes("unexpected") && !some((fact) => fact.unexpected)) return false;
      if (only.includes("changed") && !some((fact) => fact.changed)) return false;
      if (only.includes("disagreeing") && !disagree(entry)) return false;
      return words.every((word) => headOf(entry).includes(word) || saidOf(entry).some((text, at) => shown[at] && text.includes(word)));
    };
  };

  // A group counts what holds among its rows that are shown; as delivered where all of them are.
  const count = (group, found) => {
    const whole = found.length === group.rows.length;
    group.slots.forEach((slot, at) => {
      if (whole) { slot.replaceChildren(...group.counts[at]); return; }
      const own = found.map((entry) => entry.facts[at]);
      const attempted = own.filter((fact) => fact.attempted);
      const good = attempted.filter((fact) => fact.word === "pass" || fact.word === "recorded").length;
      const news = own.filter((fact) => fact.unexpected).length;
      const parts = [];
      if (attempted.length) parts.push(element("span", `${good}/${attempted.length}`, good === attempted.length ? "all" : "part"));
      if (news) parts.push(element("em", String(news), "", " unexpected"));
      slot.replaceChildren(...parts);
    });
  };
  const element = (name, text, className, unseen = "") => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    if (unseen) {
      const more = document.createElement("span");
      more.className = "vh";
      more.textContent = unseen;
      made.append(more);
    }
    return made;
  };

  let applied = "";
  const apply = () => {
    const view = viewOf();
    const key = JSON.stringify(view);
    if (key === applied) return;
    const first = !applied;
    applied = key;
    arrange(view);
    const fits = matcher(view);
    let left = 0;
    for (const group of groups) {
      const found = group.rows.filter(fits);
      const isFolded = folded.has(group.name);
      left += found.length;
      const before = new Set();
      const keep = new Set(found);
      for (const entry of group.rows) {
        const hidden = isFolded || !keep.has(entry);
        if (entry.row.hidden !== hidden) entry.row.hidden = hidden;
        const leads = !hidden && !before.has(entry.body);
        if (leads) before.add(entry.body);
        if (!hidden && entry.row.classList.contains("first") !== leads) entry.row.classList.toggle("first", leads);
      }
      for (const body of new Set(group.rows.map((entry) => entry.body))) body.hidden = !before.has(body);
      group.body.hidden = !found.length;
      group.button.setAttribute("aria-expanded", String(!isFolded));
      if (!first || found.length < group.rows.length) count(group, found);
    }
    if (scroller.dataset.status !== view.status) scroller.dataset.status = view.status;
    scroller.classList.toggle("dim", view.only.includes("unexpected"));
    scroller.classList.toggle("dim-same", view.only.includes("changed"));
    scroller.classList.toggle("dense", view.rows === "dense");
    form.elements.folding.textContent = folded.size === groups.length ? "unfold all" : "fold all";
    form.elements.shown.value = left === rows.length ? `${rows.length} rows` : `${left} of ${rows.length} rows`;
    for (const link of document.querySelectorAll("a[data-view]")) {
      link.toggleAttribute("aria-current", address(Object.fromEntries(new URLSearchParams(link.dataset.view)), "") === address(view, ""));
    }
    enter(seen(current) ? current : firstLink());
  };

  // Folding: each group's name becomes a button.
  for (const group of groups) {
    const name = group.row.querySelector("b");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fold";
    button.tabIndex = -1;
    name.replaceWith(button);
    button.append(name);
    group.button = button;
    button.addEventListener("click", () => {
      if (!folded.delete(group.name)) folded.add(group.name);
      apply();
      remember();
    });
  }
  form.elements.folding.addEventListener("click", () => {
    const all = folded.size === groups.length;
    folded.clear();
    if (!all) for (const group of groups) folded.add(group.name);
    apply();
    remember();
  });

  // Walking: the grid is one stop of the Tab key, arrows go on from there.
  const WALKED = "a:not(.why), button";
  let current = null;
  const walked = (cell) => cell?.querySelector(WALKED) ?? null;
  const seen = (link) => Boolean(link?.isConnected && !link.closest("[hidden]"));
  const enter = (link) => {
    if (link === current) return;
    if (current) current.tabIndex = -1;
    current = link;
    if (current) current.tabIndex = 0;
  };
  const firstLink = () => {
    const entry = rows.find(({ row, body }) => !row.hidden && !body.hidden && row.querySelector("td a:not(.why)"));
    if (entry) return [...entry.row.cells].slice(1).filter((cell) => !cell.hidden).map(walked).find(Boolean) ?? walked(entry.row.cells[0]);
    return groups.find(({ body }) => !body.hidden)?.button ?? null;
  };
  const go = (link) => {
    if (!link) return;
    enter(link);
    link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const inRow = (row, from, step) => {
    for (let at = from; at >= 0 && at < row.cells.length; at += step) {
      const link = row.cells[at].hidden ? null : walked(row.cells[at]);
      if (link) return link;
    }
    return null;
  };
  const visibleRows = () => [...table.tBodies].filter((body) => !body.hidden)
    .flatMap((body) => [...body.rows].filter((row) => !row.hidden));
  const step = (link, key) => {
    const cell = link.closest("th, td");
    const row = cell.parentElement;
    const at = cell.cellIndex;
    switch (key) {
      case "ArrowLeft": return inRow(row, at - 1, -1);
      case "ArrowRight": return inRow(row, at + 1, 1);
      case "Home": return inRow(row, 0, 1);
      case "End": return inRow(row, row.cells.length - 1, -1);
      default: {
        const all = visibleRows();
        const way = key === "ArrowUp" ? -1 : 1;
        for (let next = all.indexOf(row) + way; all[next]; next += way) {
          const found = walked(all[next].cells[at]);
          if (found) return found;
        }
        return null;
      }
    }
  };
  for (const link of table.querySelectorAll("tbody a")) link.tabIndex = -1;
  table.addEventListener("focusin", ({ target }) => { if (target.matches(WALKED)) enter(target); });
  table.addEventListener("keydown", (pressed) => {
    if (pressed.altKey || pressed.ctrlKey || pressed.metaKey || pressed.shiftKey) return;
    if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(pressed.key)) return;
    const link = pressed.target.closest?.(WALKED);
    if (!link || !table.contains(link)) return;
    pressed.preventDefault();
    go(step(link, pressed.key));
  });
  const linkTo = (hash) => (hash.length > 1 ? table.querySelector(`td a[href="${CSS.escape(hash).replace(/^\\#/, "#")}"]`) : null);
  document.addEventListener("keydown", (pressed) => {
    if (pressed.altKey || pressed.ctrlKey || pressed.metaKey || pressed.defaultPrevented) return;
    const typing = pressed.target.matches?.("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (pressed.key === "/" && !typing) {
      pressed.preventDefault();
      form.elements.q.focus();
      form.elements.q.select();
    } else if (pressed.key === "Escape" && !typing && !table.contains(pressed.target)) {
      const back = [linkTo(location.hash), current].find(seen);
      if (!back) return;
      try { history.replaceState(null, "", location.pathname + location.search); } catch { /* as above */ }
      enter(back);
      back.focus({ preventScroll: true });
      back.scrollIntoView({ block: "center", inline: "nearest" });
    }
  });

  // Numbers and sentences at the top lead to the rows they speak of.
  document.addEventListener("click", (clicked) => {
    const link = clicked.target.closest?.("a[data-view]");
    if (!link || clicked.ctrlKey || clicked.metaKey || clicked.shiftKey || clicked.button) return;
    clicked.preventDefault();
    setView(new URLSearchParams(link.dataset.view));
    apply();
    remember({ hash: "#matrix" });
    document.getElementById("matrix").scrollIntoView();
  });

  form.hidden = false;
  form.addEventListener("input", (changed) => {
    const again = changed.target === form.elements.q && typedBefore;
    typedBefore = changed.target === form.elements.q; // letters of one search are one step of the back button
    apply();
    remember({ again });
  });
  let typedBefore = false;
  form.addEventListener("reset", () => setTimeout(() => { folded.clear(); apply(); remember(); }));
  form.addEventListener("submit", (submit) => submit.preventDefault());
  addEventListener("popstate", () => { setView(new URLSearchParams(location.search)); apply(); });
  setView(new URLSearchParams(location.search));
  apply();
})();
