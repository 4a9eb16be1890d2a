// Unfolds the evidence of a cell when it is opened. Nodes are made, never markup: what they say may be hostile.
"use strict";
(() => {
  const evidence = document.getElementById("evidence");
  if (!evidence) return; // a report without cells
  const { sources, marks } = JSON.parse(document.getElementById("evidence-words").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const [LANE, AXIS, TICKS] = [26, 16, 8];
  const ANSWERS = { held: "✓ held", broken: "✗ broken", undecided: "? undecided" };

  // ---- nodes

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  };
  const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

  const table = (caption, note, heads, rows, rowClass = () => "") => make("div", { class: "rows", tabindex: 0, role: "group", "aria-label": caption },
    make("table", {},
      make("caption", {}, make("b", {}, caption), note ? ` ${note}` : ""),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...rows.map((row) => make("tr", { class: rowClass(row) }, ...row.map((text) => make("td", {}, text)))))));

  const button = (label, act) => {
    const made = make("button", { type: "button" }, label);
    made.addEventListener("click", () => act(made));
    return made;
  };

  // Says on the button how it went: some browsers let a page from a file or an e-mail write to no clipboard.
  const copy = async (text, pressed, shown) => {
    const label = pressed.dataset.label ??= pressed.textContent;
    const say = (word) => { pressed.textContent = word; setTimeout(() => { pressed.textContent = label; }, 2000); };
    try {
      await navigator.clipboard.writeText(text);
      say("copied");
    } catch {
      if (!shown) { say("not allowed here"); return; }
      getSelection().selectAllChildren(shown);
      say(document.execCommand("copy") ? "copied" : "selected: now copy");
    }
  };

  // ---- the picture

  const drawn = (attempt, lines) => {
    const times = lines.map(([at]) => Number(at));
    const begin = Math.min(...times); // what came before, setting the scene, nobody observed
    const end = Math.max(begin + 1, ...times);
    const share = (ms) => `${((ms - begin) / (end - begin) * 100).toFixed(2)}%`;
    const middle = (source) => (source + .5) * LANE;
    const height = LANE * sources.length;
    const bands = (attempt.breaks ?? []).map(([from, to]) =>
      draw("rect", { class: "broken", x: share(from), width: `${((to - from) / (end - begin) * 100).toFixed(2)}%`, y: 0, height }));
    const flows = paired(attempt.flows ?? []).map(([from, to]) => draw("line", {
      class: "flow", x1: share(times[from]), y1: middle(lines[from][1]), x2: share(times[to]), y2: middle(lines[to][1]) }));
    const seen = new Map(); // one node for what falls on the same place
    lines.forEach(([at, source, mark, kind, detail], place) => {
      if (typeof source !== "number") return; // of a source that has no lane
      const x = share(times[place]);
      const key = `${x} ${source} ${mark}`;
      const title = seen.get(key) ?? draw("title");
      if (!seen.has(key)) seen.set(key, title);
      if (title.textContent.length < 600) title.textContent += `${title.textContent && "\n"}${at} ms ${sources[source]} ${kind} ${detail}`;
    });
    const uses = [...seen].map(([key, title]) => {
      const [x, source, mark] = key.split(" ");
      const name = marks[mark][0];
      return [name, draw("use", { href: `#m-${name}`, class: `m-${name}`, x, y: middle(Number(source)) }, title)];
    });
    uses.sort(([one], [other]) => loudness(one) - loudness(other)); // what matters lies on top
    let step = 1;
    while ((end - begin) / step > TICKS) step *= String(step).startsWith("2") ? 2.5 : 2;
    const ticks = [];
    for (let at = Math.ceil(begin / step) * step; at <= end; at += step) {
      ticks.push(draw("line", { class: "tick", x1: share(at), x2: share(at), y1: 0, y2: height }),
        draw("text", { x: share(at), y: height + 13 }, at === 0 ? "0" : at < 1000 && at > -1000 ? `${at} ms` : `${+(at / 1000).toFixed(2)} s`));
    }
    const used = new Set(uses.map(([name]) => name));
    const label = `Timeline from ${begin.toFixed(0)} to ${end.toFixed(0)} ms with ${lines.length} observations; the table below has them as text.`;
    return make("figure", { class: "picture" },
      make("div", { class: "lanes" },
        make("ul", { "aria-hidden": "true" }, ...sources.map((source) => make("li", { class: `of-${source}` }, source))),
        draw("svg", { role: "img", "aria-label": label, height: height + AXIS }, ...bands, ...ticks, ...flows, ...uses.map(([, use]) => use))),
      make("figcaption", {},
        ...marks.filter(([name]) => used.has(name)).map(([name, meaning]) => make("span", { class: "key" },
          draw("svg", { "aria-hidden": "true", viewBox: "-9 -9 18 18" }, draw("use", { href: `#m-${name}`, class: `m-${name}` })), meaning)),
        bands.length ? make("span", { class: "key" }, draw("svg", { "aria-hidden": "true", viewBox: "0 0 18 18" },
          draw("rect", { class: "broken", width: 18, height: 18 })), "the network is broken") : "",
        flows.length ? make("span", { class: "key" }, draw("svg", { "aria-hidden": "true", viewBox: "0 0 18 18" },
          draw("line", { class: "flow", x1: 2, y1: 16, x2: 16, y2: 2 })), "one message on its way") : ""));
  };
  const loudness = (name) => ["note", "message", "heartbeat", "end", "wait", "open", "mended", "ask", "again", "resume", "error", "cut"].indexOf(name);

  // ---- an attempt

  const sourceOf = ([, source]) => typeof source === "number" ? sources[source] : source;

  // Times come as tenths of a millisecond since the row before.
  const timed = (rows) => {
    let tenths = 0;
    return rows.map(([step, ...rest]) => typeof step === "number" ? [((tenths += step) / 10).toFixed(1), ...rest] : [step, ...rest]);
  };
  const paired = (steps) => {
    const pairs = [];
    for (let at = 0, begin = 0; at < steps.length; at += 2) {
      begin += steps[at];
      pairs.push([begin, begin + steps[at + 1]]);
    }
    return pairs;
  };

  const timeline = (attempt) => {
    const { out, dropped = 0 } = attempt;
    const lines = timed(attempt.lines ?? []);
    if (!lines.length) return [make("p", { class: "quiet" }, "Nothing was observed in this attempt.")];
    const rows = lines.map((line) => [line[0], sourceOf(line), line[3], line[4]]);
    if (out) rows.splice(out[0], 0, ["…", "", "", `${out[1]} observations are left out here; the run file has them`]);
    const listed = table("Timeline", "", ["ms", "source", "kind", "detail"], rows, (row) => `of-${sources.includes(row[1]) ? row[1] : "other"}`);
    listed.classList.add("lines");
    const pick = button("copy the timeline as text", (pressed) => copy(rows.map((row) => row.join("\t")).join("\n"), pressed, listed));
    return [drawn(attempt, lines), listed,
      make("p", { class: "buttons" }, pick,
        dropped ? make("span", { class: "quiet" }, `${dropped} more observations were folded or left out to keep the run file small.`) : "")];
  };

  const files = (attempt) => (attempt.files ?? []).map(([kind, file, url]) => make("p", {},
    `${kind[0].toUpperCase()}${kind.slice(1)}: `,
    url ? make("a", { href: url }, file) : make("code", {}, file),
    url ? "" : " (not beside this report)",
    ...(kind === "trace" ? [" opens with ", make("code", {}, `playwright show-trace ${quoted(file)}`)] : [])));
  const quoted = (file) => /^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;

  const measures = (pairs, name) => pairs?.length
    ? make("dl", { class: name }, ...pairs.map(([label, value]) => make("div", {}, make("dt", {}, label), make("dd", {}, value))))
    : "";

  const built = (attempt) => [
    measures(attempt.facts, "recorded-facts"),
    attempt.findings?.length ? make("ul", { class: "findings" }, ...attempt.findings.map(([held, check, force, because]) =>
      make("li", { class: held }, make("b", {}, ANSWERS[held] ?? held), ` ${check} `, make("i", {}, force), ` ${because}`))) : "",
    attempt.near?.length ? make("p", {}, `Near misses: ${attempt.near.join("; ")}.`) : "",
    measures(attempt.measures, "measures"),
    ...timeline(attempt),
    ...(attempt.tables ?? []).map(([caption, note, heads, body]) => table(caption, note, heads, timed(body))),
    ...files(attempt),
  ].filter((node) => node !== "");

  const titled = (attempt) => `${attempt.title}, ${attempt.started}, took ${attempt.took}`;

  // ---- opening

  const unsealed = new WeakMap(); // row -> what its block says
  const unseal = (row) => {
    if (!unsealed.has(row)) unsealed.set(row, read(row.querySelector("script").textContent));
    return unsealed.get(row);
  };
  const read = async (block) => {
    const bytes = Uint8Array.from(atob(block), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  };

  const begun = new WeakSet(); // cells whose evidence is there or on its way
  const unfold = async (details) => {
    if (begun.has(details)) return;
    begun.add(details);
    const body = details.querySelector(".body");
    const rerun = body.querySelector(".rerun code");
    rerun.parentElement.append(" ", button("copy", (pressed) => copy(rerun.textContent, pressed, rerun)));
    const link = body.querySelector(".rerun a");
    rerun.parentElement.after(make("p", { class: "buttons" },
      button("copy link", (pressed) => copy(link.href, pressed, link)),
      button("back to the matrix", () => back(body.id))));
    if (!window.DecompressionStream) { evidence.querySelector(".unopened").hidden = false; return; }
    const place = make("div", { class: "unfolded", "aria-live": "off" });
    body.append(place);
    try {
      const [deciding, ...others] = (await unseal(details.closest(".of-row")))[body.id];
      place.append(make("p", { class: "quiet" }, titled(deciding)), ...built(deciding));
      for (const other of others) place.append(further(other));
    } catch (error) {
      place.append(make("p", { class: "alert" }, `The folded part of this cell cannot be opened (${error}); wirematrix show prints it from the run file.`));
    }
  };

  // A further attempt is built when it is opened, too.
  const further = (attempt) => {
    const details = make("details", { class: "further" },
      make("summary", {}, `${titled(attempt)}: ${attempt.status}, ${attempt.expected}: ${attempt.because}`));
    details.addEventListener("toggle", () => details.append(...built(attempt)), { once: true });
    return details;
  };

  // To the cell in the grid that leads here, or to the matrix where it is hidden by a filter.
  const back = (anchor) => {
    const links = [...document.querySelectorAll("#matrix a[href]")];
    const link = links.find((each) => each.getAttribute("href") === `#${anchor}` && each.offsetParent);
    const target = link ?? document.getElementById("matrix");
    target?.scrollIntoView({ block: "center" });
    link?.focus({ preventScroll: true });
  };

  // A link to evidence opens it, also in engines that do not open a closed <details> for a fragment.
  const reveal = () => {
    let anchor;
    try { anchor = decodeURIComponent(location.hash.slice(1)); } catch { return; } // a broken escape is nobody's anchor
    const body = document.getElementById(anchor);
    const details = body?.closest("details.cell");
    if (!details || !evidence.contains(details)) return;
    const show = () => details.scrollIntoView();
    details.open = true;
    show();
    // A row far from the window takes its place in the frame after the next, and that moves what is in it.
    unfold(details).then(() => requestAnimationFrame(() => requestAnimationFrame(show)));
  };

  evidence.addEventListener("toggle", (toggled) => {
    if (toggled.target.matches("details.cell[open]")) unfold(toggled.target);
  }, true);
  for (const details of evidence.querySelectorAll("details.cell[open]")) unfold(details);
  addEventListener("hashchange", reveal);
  addEventListener("click", (clicked) => { // the same link once more changes no hash
    const link = clicked.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) reveal();
  });
  reveal();
})();
