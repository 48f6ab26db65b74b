// The page: its state is in the address, its figures are those of Views.
(async () => {
  const { Unknown, dayNumber, dayText } = Counts;
  const { percent, points, count, printable, written, interval, sessionsQuery } = Words;
  const element = (id) => document.getElementById(id);
  const store = element("facts");
  if (!store || !("DecompressionStream" in window)) return;
  const facts = await Counts.unpack(store.textContent);
  const cubes = await Counts.unpack(element("cubes").textContent);
  for (const cube of Object.values(cubes)) Counts.read(cube);
  Views.use(cubes, facts);

  const BASE = ["source", "channel", "brand", "bot"];
  const attributes = Object.keys(cubes).filter((name) => name.startsWith("by ")).map((name) => name.slice(3)).sort();
  const first = dayNumber(facts.first);
  const last = dayNumber(facts.to);
  const usual = { from: Math.max(last - facts.days + 1, first), to: last };
  let state = null;
  let draw = null; // once the library is there
  const views = new Map(); // a chart's place to its view

  // --- the state, and the address ---
  function parsed() {
    const given = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
    const day = (name, otherwise) => {
      const number = /^\d{4}-\d\d-\d\d$/.test(given.get(name) || "") ? dayNumber(given.get(name)) : NaN;
      return Number.isNaN(number) ? otherwise : Math.min(Math.max(number, first), last);
    };
    const end = day("to", usual.to);
    const begin = day("from", Math.max(first, end - facts.days + 1));
    const [from, to] = [Math.min(begin, end), Math.max(begin, end)];
    const filters = Object.fromEntries(BASE.filter((name) => given.get(name)).map((name) => [name, given.get(name)]));
    const named = attributes.find((name) => given.get(name));
    return { from, to, filters, attribute: named ? [named, given.get(named)] : null, tab: given.get("tab") === "data" ? "data" : "overview" };
  }

  function address(of) {
    const given = new URLSearchParams();
    if (of.from !== usual.from || of.to !== usual.to) {
      given.set("from", dayText(of.from));
      given.set("to", dayText(of.to));
    }
    for (const [name, value] of Object.entries(of.filters)) given.set(name, value);
    if (of.attribute) given.set(...of.attribute);
    if (of.tab !== "overview") given.set("tab", of.tab);
    return `#${given}`;
  }

  const hasEarlier = () => first < state.from;
  const isUsual = (of) => of.from === usual.from && of.to === usual.to && !Object.keys(of.filters).length && !of.attribute;
  const go = (changes) => {
    location.hash = address({ ...state, ...changes });
  };
  // The state with a value of a dimension or an attribute chosen.
  const chosen = (name, value) =>
    BASE.includes(name)
      ? { ...state, filters: { ...state.filters, [name]: value } }
      : { ...state, attribute: [name, value] };

  // --- filling the page ---
  const set = (parent, part, text) => {
    const place = parent.querySelector(`[data-part="${part}"]`);
    if (place) place.textContent = text;
  };

  // Why a tile has no rate, or no change.
  function reason(row, noun) {
    if (row.reason) return row.reason;
    return row.is_young ? "too young to know yet" : `no ${noun} in these days`;
  }

  function fillTile(row) {
    const tile = document.querySelector(`[data-tile="${row.tile}"]`);
    const isEmpty = row.rate === null;
    const isScore = row.tile.endsWith("_score");
    const clear = row.rate_change_low > 0 || row.rate_change_high < 0;
    const target = facts.targets.filter((each) => each.rate_name === row.tile && each.from_date <= dayText(state.to)).sort((a, b) => (a.from_date < b.from_date ? 1 : -1))[0];
    set(tile, "rate", isEmpty ? "–" : `${percent(row.rate)} %`);
    set(tile, "interval", isEmpty ? "" : isScore && row.rate_low === null ? "too few ratings for an interval" : interval("rate", row.rate_low, row.rate_high));
    set(tile, "counts", isEmpty ? reason(row, tile.dataset.noun) : (isScore ? "" : `${count(row.counted)} of `) + `${count(row.base_count)} ${tile.dataset.noun}`);
    set(tile, "change", isEmpty ? "" : row.rate_change === null ? (hasEarlier() ? `no ${tile.dataset.noun} before` : "no earlier days") : `${points(row.rate_change)} points`);
    set(tile, "change-interval", isEmpty || row.rate_change_low === null ? "" : interval("points", row.rate_change_low, row.rate_change_high));
    set(tile, "target", !target || isEmpty ? "" : `target ${percent(target.target)} %: ${points(100 * (row.rate - target.target))} points`);
    tile.dataset.verdict = !clear || isEmpty ? "unclear" : row.rate_change > 0 ? "better" : "worse";
    const estimate = tile.querySelector('[data-part="estimate"]');
    if (estimate) estimate.hidden = !isUsual(state);
  }

  function cell(tag, text, below) {
    const made = document.createElement(tag);
    made.append(text);
    if (below) made.append(Object.assign(document.createElement("small"), { textContent: below }));
    return made;
  }

  // What a click on a row's name chooses: the dimensions that it is of.
  function choice(section, row) {
    if (row.is_rest) return null;
    if (section === "by_channel_and_bot") return { ...state, filters: { ...state.filters, channel: row.channel, bot: row.bot_id } };
    if (section === "by_brand") return chosen("brand", row.brand);
    if (section === "by_attribute") return chosen(row.attribute, row.value);
    if (section === "topics") return chosen("topic", row.topic);
    return section === "moved" ? chosen(row.dimension, row.dimension_value) : null;
  }

  function fillTable(name, table, rows) {
    const names = JSON.parse(table.dataset.names);
    const columns = [...table.tHead.rows[0].cells].slice(1).map((head) => head.dataset);
    table.tBodies[0].replaceChildren(...rows.map((row) => {
      const line = document.createElement("tr");
      const [main, ...further] = names;
      const below = further.filter((key) => row[key] !== null && row[key] !== undefined).map((key) => written(key, "text", row[key])).join(" · ");
      const wanted = choice(name, row);
      let label = written(main, "text", row[main]);
      if (wanted) {
        label = Object.assign(document.createElement("a"), { textContent: label, href: address(wanted), title: "Show its sessions" });
        label.addEventListener("click", () => setTimeout(() => element("lost_sessions").scrollIntoView()));
      }
      const head = cell("th", label, below);
      head.scope = "row";
      if (row.is_rest) head.className = "rest";
      line.append(head);
      for (const { key, kind } of columns) {
        const value = row[key];
        const made = cell("td", written(key, kind, value), `${key}_low` in row && value !== null ? interval(kind, row[`${key}_low`], row[`${key}_high`]) : "");
        if (kind !== "text" || value === null || typeof value === "number") made.className = "number";
        if (key === table.dataset.bar && value !== null) {
          made.className = "number bar";
          made.style.setProperty("--share", `${(100 * value).toFixed(1)}%`);
        }
        line.append(made);
      }
      return line;
    }));
  }

  const middle = (signal) => dayText(Math.floor((dayNumber(signal.period_start_date) + dayNumber(signal.period_end_date)) / 2));

  function signalSaid(each) {
    const side = each.rule_name === "run_of_eight"
      ? `the eighth in a row ${each.direction} the centre line, ${percent(each.centre_rate)} %`
      : `${each.direction} the usual ${percent(each.usual_from_rate)}–${percent(each.usual_to_rate)} %`;
    return `${each.period_kind}: ${percent(each.signal_rate)} %, ${side}`;
  }

  function marks(rows) {
    const [start, end] = [rows[0].period_start_date, rows[rows.length - 1].period_start_date];
    const within = (day) => start <= day && day <= end;
    const only = Object.entries(state.filters).concat(state.attribute ? [state.attribute] : []);
    const [dimension, value] = only.length ? only[0] : ["all", null];
    const holding = (day) => facts.targets.filter((each) => each.rate_name === "containment_rate" && each.from_date <= day).sort((a, b) => (a.from_date < b.from_date ? 1 : -1))[0];
    const days = [...new Set([start, end, ...facts.targets.filter((each) => each.rate_name === "containment_rate").map((each) => each.from_date)])].filter(within).sort();
    return {
      window: rows[0].period_length === "day" ? [{ from_date: dayText(state.from), to_date: dayText(state.to) }] : [],
      releases: facts.releases
        .filter((each) => within(each.started_date) && (!state.filters.bot || state.filters.bot === each.bot))
        .slice(-12)
        .map((each, place, all) => ({ started_date: each.started_date, release: `${each.bot} ${each.bot_release}`, is_named: place >= all.length - 3 })),
      targets: days.filter(holding).map((day) => ({ from_date: day, target_rate: holding(day).target })),
      signals: facts.signals
        .filter((each) => only.length < 2 && each.dimension === dimension && (value === null || each.dimension_value === value))
        .filter((each) => each.rate_name === "containment_rate" && [rows[0].period_length, rows[0].period_length === "day" && "week"].includes(each.period_kind) && within(each.period_start_date))
        .map((each) => ({ ...each, rate: each.signal_rate, middle_date: middle(each), said: signalSaid(each) })),
    };
  }

  function clicked(name, datum) {
    if (name === "over_time" && datum.period_length === "day") go({ from: dayNumber(datum.period_start_date), to: dayNumber(datum.period_start_date) });
    if (name === "moved") location.hash = address(chosen(datum.dimension, datum.dimension_value));
  }

  async function fillCharts(name, rows) {
    if (!draw || !rows.length) return;
    const places = document.querySelectorAll(`#${name} .drawing`);
    const stand = { window: [], releases: [], targets: [], signals: [], ...(name === "over_time" ? marks(rows) : {}) };
    for (const [number, spec] of (facts.charts[name] || []).entries()) {
      if (!places[number]) continue;
      if (views.has(places[number])) views.get(places[number]).finalize();
      const made = await draw(places[number], { ...spec, datasets: { ...stand, rows } }, { ast: true, renderer: "svg", actions: false });
      places[number].querySelector("svg").setAttribute("aria-hidden", "true"); // what it stands in says it
      made.view.addEventListener("click", (_, item) => item && item.datum && clicked(name, item.datum));
      views.set(places[number], made);
    }
  }

  async function fillSection(name, view) {
    const section = element(name);
    if (!section) return;
    let rows = [];
    let reason = section.dataset.empty || "Nothing in these days.";
    try {
      rows = (isUsual(state) && facts.usual[name]) || view(state);
    } catch (error) {
      if (!(error instanceof Unknown)) throw error;
      reason = error.message;
    }
    const shown = section.querySelector(".content");
    shown.hidden = !rows.length;
    section.querySelector(".empty").hidden = rows.length > 0;
    section.querySelector(".empty").textContent = reason;
    for (const table of shown.querySelectorAll("table")) fillTable(name, table, rows);
    await fillCharts(name, rows);
  }

  function fillLost() {
    const lines = document.querySelectorAll("#lost_sessions tbody tr");
    const [from, to] = [dayText(state.from), dayText(state.to)];
    let shown = 0;
    lines.forEach((line, number) => {
      const day = facts.lost.days[number];
      const values = facts.lost.values[number];
      const has = ([name, value]) => (values[name] || ["none"]).includes(value);
      line.hidden = !(from <= day && day <= to && Object.entries(state.filters).every(has) && (!state.attribute || has(state.attribute)));
      shown += !line.hidden;
    });
    const oldest = facts.lost.days[facts.lost.days.length - 1];
    const all = lines.length < 300 || from > oldest;
    element("lost-count").textContent = `${count(shown)} shown${all ? "" : `; only the newest ${count(lines.length)} are on this page`}. All of them:`;
    element("lost-query").textContent = sessionsQuery(state);
  }

  async function fill() {
    const long = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
    const said = (day) => new Date(dayText(day)).toLocaleDateString("en-GB", long);
    const days = state.to - state.from + 1;
    element("span").textContent = `${said(state.from)} to ${said(state.to)}: ${count(days)} day${days === 1 ? "" : "s"}${hasEarlier() ? ", beside as many before" : ""}`;
    const only = Object.entries(state.filters).concat(state.attribute ? [state.attribute] : []);
    element("filtered").textContent = only.length ? `Only ${only.map(([name, value]) => `${name} ${printable(value)}`).join(", ")}. Sections marked "all sessions" do not follow.` : "";
    const tiles = Views.tiles(state);
    tiles.forEach(fillTile);
    element("no-session").hidden = tiles.some((row) => row.rate !== null);
    if (element("lost_sessions")) fillLost();
    for (const [name, view] of Object.entries(Views.sections)) await fillSection(name, view);
    sayCuts();
  }

  // Of a table that is longer than its box: how many of its rows are to be seen.
  function sayCut(box) {
    const rows = [...box.querySelectorAll("tbody tr:not([hidden])")];
    box.classList.toggle("long", rows.length > 24);
    const said = box.nextElementSibling;
    const isCut = box.clientHeight > 0 && box.scrollHeight > box.clientHeight + 1;
    said.hidden = !isCut;
    if (!isCut) return;
    const frame = box.getBoundingClientRect();
    const head = box.querySelector("thead").getBoundingClientRect().bottom;
    const isSeen = ({ top, bottom }) => top >= head - 1 && bottom <= frame.bottom + 1;
    const seen = rows.filter((row) => isSeen(row.getBoundingClientRect())).length;
    said.textContent = `${count(seen)} of ${count(rows.length)} shown; scroll`;
  }
  const sayCuts = () => document.querySelectorAll(".wide").forEach(sayCut);
  document.addEventListener("toggle", sayCuts, true);
  window.addEventListener("resize", sayCuts);

  // --- filters and tabs ---
  const form = element("filters");
  const reset = form.querySelector("button[name=reset]"); // an attribute may have that name, too
  function select(name, values) {
    const label = Object.assign(document.createElement("label"), { textContent: name.replaceAll("_", " ") });
    const made = Object.assign(document.createElement("select"), { name });
    made.append(new Option("all", ""), ...values.map((value) => new Option(printable(value), value)));
    label.append(made);
    element("choices").append(label);
  }
  for (const name of BASE) {
    const values = [...new Set([...cubes.sessions.values[name], ...(cubes.contacts.values[name] || [])])];
    if (values.length > 1) select(name, values);
  }
  for (const name of attributes) select(name, cubes[`by ${name}`].values.value);
  form.elements.from.min = form.elements.to.min = facts.first;
  form.elements.from.max = form.elements.to.max = facts.to;
  form.addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (name === "from" && value) go({ from: Math.min(dayNumber(value), state.to) });
    else if (name === "to" && value) go({ to: dayNumber(value), from: Math.min(state.from, dayNumber(value)) });
    else if (BASE.includes(name)) {
      const filters = { ...state.filters, [name]: value };
      if (!value) delete filters[name];
      go({ filters });
    } else if (attributes.includes(name)) go({ attribute: value ? [name, value] : null });
  });
  form.addEventListener("click", (event) => {
    const days = event.target.dataset.days;
    if (days) go(days === "all" ? { from: first, to: last } : { from: Math.max(first, last - Number(days) + 1), to: last });
    if (event.target === reset) go({ ...usual, filters: {}, attribute: null });
  });
  form.addEventListener("submit", (event) => event.preventDefault());

  function showControls() {
    form.elements.from.value = dayText(state.from);
    form.elements.to.value = dayText(state.to);
    for (const choice of element("choices").querySelectorAll("select")) {
      const value = state.filters[choice.name] || (state.attribute && state.attribute[0] === choice.name ? state.attribute[1] : "");
      if (value && ![...choice.options].some((option) => option.value === value)) choice.append(new Option(printable(value), value));
      choice.value = value;
    }
    for (const button of form.querySelectorAll("[data-days]")) {
      const from = button.dataset.days === "all" ? first : Math.max(first, last - Number(button.dataset.days) + 1);
      button.setAttribute("aria-pressed", String(state.to === last && state.from === from));
    }
    reset.hidden = isUsual(state);
    for (const tab of document.querySelectorAll("[role=tab]")) {
      const isOn = tab.dataset.tab === state.tab;
      tab.setAttribute("aria-selected", String(isOn));
      tab.tabIndex = isOn ? 0 : -1;
      element(tab.dataset.tab).hidden = !isOn;
    }
    form.hidden = state.tab !== "overview";
  }

  const tabs = [...document.querySelectorAll("[role=tab]")];
  for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => go({ tab: tab.dataset.tab }));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(place + step + tabs.length) % tabs.length];
      next.focus();
      next.click();
    });
  }
  for (const link of document.querySelectorAll("nav.sections a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the address is the state's
      element(link.hash.slice(1)).scrollIntoView();
    });
  }

  let turn = Promise.resolve();
  const update = () => {
    state = parsed();
    // The address says what is shown, also where it asked for more or for something else.
    if (location.hash.includes("=") && location.hash !== address(state)) history.replaceState(null, "", address(state));
    showControls();
    turn = turn.then(fill);
    return turn;
  };
  document.body.classList.add("alive");
  window.addEventListener("hashchange", update);
  await update();

  const library = element("library");
  if (library && library.textContent.trim()) {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = await Counts.unpack(library.textContent);
    document.head.append(script);
    while (!window.vegaEmbed) await new Promise((ready) => setTimeout(ready, 20));
    draw = window.vegaEmbed;
    turn = turn.then(fill).then(() => fillCharts("timeout_sensitivity", facts.timeouts));
    await turn;
  }
  document.documentElement.dataset.ready = "yes";
})();
