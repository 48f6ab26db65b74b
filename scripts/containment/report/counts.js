"use strict";
// Counts per day, added up for chosen days and values. Sums are exact; a rate is divided after the sum, and its
// interval is that of the marts (macros wilson_bound and difference_bound).
const Counts = (() => {
  const Z = 1.959963984540054;
  const DAY = 86400000;

  // A part of the page that the counts cannot answer for the chosen filters; the message says why.
  class Unknown extends Error {}

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  const dayNumber = (day) => Date.parse(day) / DAY;
  const dayText = (number) => new Date(number * DAY).toISOString().slice(0, 10);

  // Days come as steps from the row before.
  function read(cube) {
    let day = 0;
    cube.columns.day = cube.columns.day.map((step) => (day += step));
    const dimensions = Object.keys(cube.values);
    cube.counts = Object.keys(cube.columns).filter((name) => name !== "day" && !dimensions.includes(name));
    return cube;
  }

  // The first row of a day or a later one; rows are in the order of their days.
  function firstRow(days, day) {
    let [low, high] = [0, days.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (days[middle] < day) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Give one row of sums for each combination of the values of `by`. `filters`: dimension to value. A row's value is
  // null where it is the rest, whose size is in `rest`.
  function sum(cube, from, to, filters, by = []) {
    const wanted = [];
    for (const [dimension, value] of Object.entries(filters)) {
      if (!(dimension in cube.values)) throw new Unknown(`These counts are not kept by ${dimension}.`);
      const place = cube.values[dimension].indexOf(value);
      if (place < 0 && cube.rest[dimension]) {
        throw new Unknown(`${value} is one of ${cube.rest[dimension]} small values that have no counts of their own here.`);
      }
      wanted.push([cube.columns[dimension], place]);
    }
    for (const dimension of by) {
      if (!(dimension in cube.values)) throw new Unknown(`These counts are not kept by ${dimension}.`);
    }
    const days = cube.columns.day;
    const groups = new Map();
    for (let row = firstRow(days, from); row < days.length && days[row] <= to; row++) {
      if (wanted.some(([places, place]) => places[row] !== place)) continue;
      const key = by.map((dimension) => cube.columns[dimension][row]).join();
      let group = groups.get(key);
      if (!group) {
        group = { rest: 0 };
        for (const dimension of by) {
          const place = cube.columns[dimension][row];
          const isRest = place === cube.values[dimension].length;
          group[dimension] = isRest ? null : cube.values[dimension][place];
          if (isRest) group.rest = Math.max(group.rest, cube.rest[dimension]);
        }
        for (const name of cube.counts) group[name] = 0;
        groups.set(key, group);
      }
      for (const name of cube.counts) group[name] += cube.columns[name][row];
    }
    return [...groups.values()];
  }

  const ratio = (part, whole) => (whole > 0 ? part / whole : null);

  function wilson(part, whole) {
    if (!(whole > 0)) return [null, null];
    const rate = part / whole;
    const spread = Z * Math.sqrt((rate * (1 - rate)) / whole + (Z * Z) / 4 / (whole * whole));
    const end = (side) => (rate + (Z * Z) / 2 / whole + side * spread) / (1 + (Z * Z) / whole);
    return [Math.min(1, Math.max(0, end(-1))), Math.min(1, Math.max(0, end(1)))];
  }

  // How far the normal interval of a mean score reaches to each side, from ten scores on.
  function reach(sum_, squares, count) {
    if (count < 10) return null;
    const mean = sum_ / count;
    return Z * Math.sqrt(Math.max(squares / count - mean * mean, 0) / (count - 1));
  }

  // What a number can be: an interval ends there.
  const within = (value, reach, least, most) =>
    reach === null ? [null, null] : [Math.max(value - reach, least), Math.min(value + reach, most)];

  // The interval of a mean score, and of the difference of two in points (nulls where one is not known).
  const normal = (sum_, squares, count) => within(sum_ / count, reach(sum_, squares, count), 0, 1);
  function meanDifference(scores, others) {
    const [mean, other] = [ratio(scores[0], scores[2]), ratio(others[0], others[2])];
    if (mean === null || other === null) return [null, null, null];
    const [one, two] = [reach(...scores), reach(...others)];
    const change = 100 * (mean - other);
    return [change, ...within(change, one === null || two === null ? null : 100 * Math.sqrt(one * one + two * two), -100, 100)];
  }

  // The difference of two rates in points, with its interval (Newcombe); nulls where one is not known.
  function difference(rate, [low, high], other, [otherLow, otherHigh]) {
    if (rate === null || other === null) return [null, null, null];
    const change = 100 * (rate - other);
    if (low === null || otherLow === null) return [change, null, null];
    const reach = (end, otherEnd) => Math.sqrt((rate - end) * (rate - end) + (other - otherEnd) * (other - otherEnd));
    return [change, 100 * (rate - other - reach(low, otherHigh)), 100 * (rate - other + reach(high, otherLow))];
  }

  return { Unknown, unpack, read, sum, ratio, wilson, normal, difference, meanDifference, dayNumber, dayText };
})();
