// What each section shows for the chosen days and filters: the same rows, by the same names, as its query gives
// (analyses/report). `state`: from and to (days as numbers), filters, attribute ([name, value] or null).
const Views = (() => {
  const { Unknown, sum, ratio, wilson, normal, difference, meanDifference, dayText } = Counts;
  let cubes = {};
  let facts = {};

  const use = (given, stated) => {
    cubes = given;
    facts = stated;
  };
  const rounded = (value) => Math.round(value * 1e9);
  const compare = (a, b) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1);

  // Sessions by dimensions, in the chosen days or (before) in as many days before them.
  function sessions(state, by = [], before = false, value = null) {
    const days = state.to - state.from + 1;
    const span = before ? [state.from - days, state.from - 1] : [state.from, state.to];
    const name = state.attribute ? state.attribute[0] : value;
    if (value && name !== value) {
      throw new Unknown(`Counts are not kept by ${name} and ${value} at once; scripts/query answers.`);
    }
    const filters = state.attribute ? { ...state.filters, value: state.attribute[1] } : state.filters;
    return sum(name ? cubes[`by ${name}`] : cubes.sessions, ...span, filters, by).map(derived);
  }

  function derived(row) {
    const contained = row.resolved + row.timed_out;
    const inCube = (name) => row[`resolved_${name}`] + row[`timed_out_${name}`];
    const known = row.contained_known ?? inCube("known");
    const nothing = row.contained_nothing ?? known - inCube("people") - inCube("again");
    return { ...row, contained, closed: contained + row.escalated, known, nothing };
  }

  // Counts that are not kept by attribute.
  function others(name, state, by = [], before = false) {
    if (state.attribute) throw new Unknown(`These counts are not kept by ${state.attribute[0]}.`);
    const days = state.to - state.from + 1;
    const span = before ? [state.from - days, state.from - 1] : [state.from, state.to];
    return sum(cubes[name], ...span, state.filters, by);
  }

  const withRate = (part, whole, name = "containment_rate") => {
    const [low, high] = wilson(part, whole);
    return { [name]: ratio(part, whole), [`${name}_low`]: low, [`${name}_high`]: high };
  };

  // The first rows, and one of sums for all others; one alone keeps its name.
  function top(rows, most, name, noun, add) {
    const own = rows.filter((row) => !row.rest);
    const rest = [...own.splice(most), ...rows.filter((row) => row.rest)];
    const count = rest.reduce((all, row) => all + (row.rest || 1), 0);
    const isNamed = count === 1 && rest[0][name] !== null;
    if (isNamed) own.push(...rest);
    else if (count) own.push({ ...rest.reduce(add), [name]: `others (${count.toLocaleString("en-US")} ${noun})`, is_rest: true });
    return own;
  }

  function added(a, b) {
    const total = {};
    for (const name of Object.keys(b)) if (typeof b[name] === "number") total[name] = (a[name] || 0) + b[name];
    return total;
  }

  const NOTHING = { contained: 0, closed: 0, known: 0, nothing: 0 };

  // Rows by dimensions with the change against the days before.
  function compared(state, dimensions, most, noun, value = null) {
    const key = (row) => JSON.stringify(dimensions.map((name) => row[name]));
    const earlier = new Map(sessions(state, dimensions, true, value).map((row) => [key(row), row]));
    const rows = sessions(state, dimensions, false, value)
      .filter((row) => row.closed > 0)
      .map((row) => {
        const before = earlier.get(key(row)) || NOTHING;
        return { ...row, contained_before: before.contained, closed_before: before.closed };
      })
      .sort((a, b) => b.closed - a.closed || dimensions.reduce((order, name) => order || compare(a[name], b[name]), 0));
    return top(rows, most, dimensions[0], noun, added).map((row) => {
      const rate = ratio(row.contained, row.closed);
      const [change, low, high] = difference(
        rate, wilson(row.contained, row.closed),
        ratio(row.contained_before, row.closed_before), wilson(row.contained_before, row.closed_before),
      );
      return {
        ...row,
        ...withRate(row.contained, row.closed),
        containment_rate_change: change,
        containment_rate_change_low: low,
        containment_rate_change_high: high,
        contained_sessions: row.contained,
        closed_sessions: row.closed,
        durable_containment_rate_7d: ratio(row.nothing, row.known),
      };
    });
  }

  function tile(name, [counted, base, squares], [countedBefore, baseBefore, squaresBefore]) {
    const isMean = squares !== undefined;
    const interval = isMean ? normal(counted, squares, base) : wilson(counted, base);
    const rate = ratio(counted, base);
    const [change, low, high] = isMean
      ? meanDifference([counted, squares, base], [countedBefore, squaresBefore, baseBefore])
      : difference(rate, interval, ratio(countedBefore, baseBefore), wilson(countedBefore, baseBefore));
    return {
      tile: name, counted, base_count: base, rate, rate_low: interval[0], rate_high: interval[1],
      rate_change: change, rate_change_low: low, rate_change_high: high,
    };
  }

  // Each tile of its own: what is not known for a filter has a reason in place of a rate.
  function tiles(state) {
    const ofSessions = (part, whole) => (before) => {
      const row = sessions(state, [], before)[0] || NOTHING;
      return [row[part], row[whole]];
    };
    const ofOthers = (name, part, whole) => (before) => {
      const row = others(name, state, [], before)[0] || { [part]: 0, [whole]: 0 };
      return [row[part], row[whole]];
    };
    const scores = (outcome) => (before) => {
      if (state.attribute) throw new Unknown(`Scores are not kept by ${state.attribute[0]}.`);
      const row = sessions(state, [], before)[0];
      return row ? [row[`${outcome}_score`] / 1e6, row[`${outcome}_rated`], row[`${outcome}_square`] / 1e6] : [0, 0, 0];
    };
    const asked = {
      containment_rate: ofSessions("contained", "closed"),
      coverage_rate: ofOthers("contacts", "with_bot", "contacts"),
      durable_containment_rate_7d: ofSessions("nothing", "known"),
      answered_within_5_min_rate: ofOthers("escalations", "answered_5_min", "escalated"),
      contained_csat_score: scores("contained"),
      escalated_csat_score: scores("escalated"),
    };
    const made = Object.entries(asked).map(([name, ask]) => {
      try {
        return tile(name, ask(false), ask(true));
      } catch (error) {
        if (!(error instanceof Unknown)) throw error;
        return { tile: name, rate: null, reason: error.message };
      }
    });
    const hasContained = made.some((row) => row.tile === "containment_rate" && row.counted > 0);
    return made.map((row) => ({ ...row, is_young: row.tile === "durable_containment_rate_7d" && hasContained }));
  }

  function moved(state) {
    const listed = [];
    const names = { channel: null, brand: null, bot: null, topic: "topic" };
    for (const [dimension, value] of Object.entries(names)) {
      if (value && state.attribute && state.attribute[0] !== value) continue;
      const by = value ? "value" : dimension;
      const [now, before] = [false, true].map((side) => sessions(state, [by], side, value).filter((row) => row.closed > 0));
      const total = (rows) => rows.reduce((all, row) => ({ contained: all.contained + row.contained, closed: all.closed + row.closed }), { contained: 0, closed: 0 });
      const [whole, wholeBefore] = [total(now), total(before)];
      if (!whole.closed || !wholeBefore.closed) continue;
      const mean = (whole.contained / whole.closed + wholeBefore.contained / wholeBefore.closed) / 2;
      for (const name of new Set([...now, ...before].map((row) => row[by]))) {
        const here = now.find((row) => row[by] === name) || NOTHING;
        const then = before.find((row) => row[by] === name) || NOTHING;
        const rate = ratio(here.contained, here.closed) ?? ratio(then.contained, then.closed);
        const rateBefore = ratio(then.contained, then.closed) ?? rate;
        const [share, shareBefore] = [here.closed / whole.closed, then.closed / wholeBefore.closed];
        const rateEffect = ((100 * (share + shareBefore)) / 2) * (rate - rateBefore);
        const mixEffect = 100 * (share - shareBefore) * ((rate + rateBefore) / 2 - mean);
        listed.push({
          dimension, dimension_value: name ?? "others", is_rest: name === null,
          total_effect: rateEffect + mixEffect, rate_effect: rateEffect, mix_effect: mixEffect,
          containment_rate: here.closed ? rate : null, containment_rate_before: then.closed ? rateBefore : null,
          closed_sessions: here.closed, closed_sessions_before: then.closed,
        });
      }
    }
    const size = (row) => rounded(Math.abs(row.total_effect));
    const order = (a, b) => size(b) - size(a) || compare(a.dimension, b.dimension) || compare(a.dimension_value, b.dimension_value);
    return listed.sort(order).slice(0, 10);
  }

  // The start of the period of a day: itself, the Monday before, or the first of the month.
  function periodStart(day, length) {
    if (length === "day") return day;
    if (length === "week") return day - ((day + 3) % 7);
    return Counts.dayNumber(`${dayText(day).slice(0, 7)}-01`);
  }

  function overTime(state) {
    const first = Math.max(Counts.dayNumber(facts.first), Math.min(state.from, state.to - 83));
    const count = state.to - first + 1;
    const length = count <= 100 ? "day" : count <= 731 ? "week" : "month";
    const rows = new Map();
    for (let day = first; day <= state.to; day++) {
      const start = periodStart(day, length);
      if (!rows.has(start)) rows.set(start, []);
      rows.get(start).push(day);
    }
    return [...rows].map(([start, days]) => {
      const span = { ...state, from: days[0], to: days[days.length - 1] };
      const row = sessions(span)[0] || { ...NOTHING, resolved: 0, timed_out: 0, escalated: 0, open: 0 };
      return {
        period_start_date: dayText(start),
        ...withRate(row.contained, row.closed),
        contained_sessions: row.contained, closed_sessions: row.closed,
        resolved_sessions: row.resolved, timed_out_sessions: row.timed_out,
        escalated_sessions: row.escalated, open_sessions: row.open,
        is_provisional: row.open > 0, period_length: length,
      };
    });
  }

  function byAttribute(state) {
    const names = Object.keys(cubes).filter((name) => name.startsWith("by ") && name !== "by topic");
    return names.map((name) => name.slice(3)).sort(compare).flatMap((attribute) => {
      if (state.attribute && state.attribute[0] !== attribute) return [];
      const rows = compared(state, ["value"], 12, "values", attribute);
      return rows.map((row) => ({ ...row, attribute }));
    });
  }

  function topics(state) {
    const rows = sessions(state, ["value"], false, "topic").filter((row) => row.closed > 0);
    const whole = rows.reduce(added, { contained: 0, closed: 0 });
    const impact = (row) => {
      const without = ratio(whole.contained - row.contained, whole.closed - row.closed);
      return without === null ? null : 100 * (whole.contained / whole.closed - without);
    };
    const size = (row) => (impact(row) === null ? -1 : rounded(Math.abs(impact(row)) / 100));
    rows.sort((a, b) => size(b) - size(a) || compare(a.value, b.value));
    return top(rows, 20, "value", "topics", added).map((row) => ({
      topic: row.value, is_rest: row.is_rest,
      ...withRate(row.contained, row.closed),
      impact: impact(row), contained_sessions: row.contained, closed_sessions: row.closed,
    }));
  }

  function escalations(state) {
    const rows = others("escalations", state, ["value"]);
    rows.sort((a, b) => b.escalated - a.escalated || compare(a.value, b.value));
    const all = rows.reduce((count, row) => count + row.escalated, 0);
    return top(rows, 20, "value", "reasons", added).map((row) => ({
      escalation_reason: row.value, is_rest: row.is_rest,
      ...withRate(row.answered_5_min, row.escalated, "answered_within_5_min_rate"),
      escalated_sessions: row.escalated,
      escalated_session_share: row.escalated / all,
      within_1_hour_rate: row.answered_1_h / row.escalated,
      within_1_day_rate: row.answered_1_day / row.escalated,
      answered_at_all_rate: row.answered / row.escalated,
    }));
  }

  function whatCameNext(state) {
    if (state.attribute) throw new Unknown(`These counts are not kept by ${state.attribute[0]}.`);
    const row = sessions(state)[0];
    return (row ? ["escalated", "resolved", "timed_out"] : []).map((outcome) => {
      const [known, people, again] = ["known", "people", "again"].map((name) => row[`${outcome}_${name}`]);
      return {
        outcome, ...withRate(people + again, known, "recontact_rate"),
        people_sessions: people, again_sessions: again, nothing_sessions: known - people - again, known_sessions: known,
      };
    }).filter((each) => each.known_sessions > 0);
  }

  function hours(state) {
    if (state.attribute) throw new Unknown(`These counts are not kept by ${state.attribute[0]}.`);
    const found = new Map();
    for (let day = state.from; day <= state.to; day++) {
      const weekday = ((day + 3) % 7) + 1;
      for (const row of sum(cubes.hours, day, day, state.filters, ["hour_of_day"])) {
        const key = weekday * 24 + Number(row.hour_of_day);
        const group = found.get(key) || { closed: 0, contained: 0 };
        found.set(key, { closed: group.closed + row.closed, contained: group.contained + row.contained });
      }
    }
    return [...found].sort(([a], [b]) => a - b).map(([key, row]) => ({
      iso_weekday: Math.floor(key / 24), hour_of_day: key % 24,
      ...withRate(row.contained, row.closed),
      contained_sessions: row.contained, closed_sessions: row.closed,
    }));
  }

  function satisfaction(state) {
    if (state.attribute) throw new Unknown(`Scores are not kept by ${state.attribute[0]}.`);
    const row = sessions(state)[0];
    const groups = row ? [
      ["contained", row.contained_score, row.contained_rated, row.contained],
      ["escalated", row.escalated_score, row.escalated_rated, row.escalated],
    ] : [];
    if (!("bot" in state.filters)) {
      const people = others("contacts", state)[0];
      if (people) groups.push(["human_only", people.people_score, people.people_rated, people.people_closed]);
    }
    return groups.filter(([, , rated]) => rated > 0).map(([group, score, rated, closed]) => ({
      outcome_group: group, csat_score_rate: score / 1e6 / rated, rated, closed, response_rate: ratio(rated, closed),
    }));
  }

  return {
    use,
    tiles,
    sections: {
      moved, over_time: overTime,
      by_channel_and_bot: (state) => compared(state, ["channel", "bot"], 20, "pairs").map((row) => ({ ...row, bot_id: row.bot })),
      by_brand: (state) => compared(state, ["brand"], 20, "brands"),
      by_attribute: byAttribute, topics, escalations, what_came_next: whatCameNext, hours, satisfaction,
    },
  };
})();
