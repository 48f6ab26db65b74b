// How values are written, as formats.py does, and how scripts/query is asked for the same sessions.
const Words = (() => {
  const percent = (rate) => (Math.floor(rate * 1000 + 1e-9) / 10).toFixed(1);
  const points = (value) => {
    const tenths = Math.floor(Math.abs(value) * 10 + 0.5);
    return `${value < 0 && tenths ? "-" : "+"}${(tenths / 10).toFixed(1)}`;
  };
  const count = (value) => value.toLocaleString("en-US");
  const OURS = { human_only: "people alone" };
  const NAMES = ["outcome", "outcome_group", "dimension"];
  const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const printable = (text) => {
    const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
    return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain;
  };
  function written(column, kind, value) {
    if (value === null || value === undefined) return "–";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (kind === "rate") return `${percent(value)} %`;
    if (kind === "points") return points(value);
    if (column === "iso_weekday") return WEEKDAYS[value - 1];
    if (column === "hour_of_day") return `${String(value).padStart(2, "0")}:00`;
    if (typeof value === "number") return count(value);
    return NAMES.includes(column) ? OURS[value] || printable(value).replaceAll("_", " ") : printable(value);
  }
  const interval = (kind, low, high) =>
    low === null || low === undefined ? "–"
      : kind === "points" ? `${points(low)} to ${points(high)}` : `${percent(low)}–${percent(high)} %`;

  // The sessions that were lost under a state of the page: a line for the terminal.
  const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`;
  // As page.py quotes: double quotes, where the shell sees nothing in them, else single ones.
  const shell = (text) => (text.includes("'") && !/["$`\\!]/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`);
  function condition(name, value) {
    const column = { bot: "bot_id" }[name] || name;
    if (["source", "channel", "brand", "bot", "topic"].includes(name)) return value === "none" ? `coalesce(${column}, 'none') = 'none'` : `${column} = ${quoted(value)}`;
    const having = `(select session_id from session_attributes where attribute = ${quoted(name)}`;
    return value === "none" ? `session_id not in ${having})` : `session_id in ${having} and value = ${quoted(value)})`;
  }
  function sessionsQuery({ from, to, filters, attribute }) {
    const parts = [`started_date between '${Counts.dayText(from)}' and '${Counts.dayText(to)}'`];
    for (const [name, value] of [...Object.entries(filters), ...(attribute ? [attribute] : [])]) parts.push(condition(name, value));
    return `scripts/query ${shell(`from sessions where outcome = 'escalated' and ${parts.join(" and ")} order by started_at desc`)}`;
  }

  return { percent, points, count, printable, written, interval, sessionsQuery };
})();
