// What the picture knows: events and marks by lane, kept in the browser and fed with changes only.

const FINAL = new Set(["Executed", "Avoided", "Canceled", "Failed"]);
const MOST_UNFOLDED = 24;
const LEAST_FOLDED = 3;
const MOST_SLOTS = 3;
// As many calls and deliveries as the console keeps.
const MOST_MARKS = 20000;

export class Lanes {
  constructor() {
    this.wanted = { instance: "", status: "", action: "" };
    this.clear();
  }

  clear() {
    this.events = new Map();
    this.marks = new Map();
    this.quiet = new Set();
    this.arranged = new Map();
  }

  take({ events = [], marks = [], instances = [], gone = [] }) {
    for (const [id, lane, type, at, due, steps, reason] of events)
      this.events.set(id, { id, lane, type, at, due, steps, reason });
    for (const [key, lanes, list] of marks) this.marks.set(key, { lanes, list });
    for (const oldest of this.marks.keys()) {
      if (this.marks.size <= MOST_MARKS) break;
      this.marks.delete(oldest);
    }
    for (const id of instances) this.quiet.add(id);
    for (const id of gone) this.quiet.delete(id);
  }

  isFinal(event) {
    return FINAL.has(event.steps[event.steps.length - 1][1]);
  }

  end(event, now) {
    const last = event.steps[event.steps.length - 1];
    return FINAL.has(last[1]) ? last[0] : Math.max(now, event.due, last[0]);
  }

  range(now) {
    let from = now;
    let to = now;
    for (const event of this.events.values()) {
      from = Math.min(from, event.at);
      to = Math.max(to, this.end(event, event.at), event.due);
    }
    for (const { list } of this.marks.values())
      for (const [at] of list) {
        from = Math.min(from, at);
        to = Math.max(to, at);
      }
    return to - from < 120 ? [now - 1800, now + 3600] : [from, to];
  }

  lane(id) {
    return this.arranged.get(id);
  }

  // Lanes in the order in which something happened first; those with the same story as one.
  rows(isFolding) {
    const found = new Map();
    const lane = (id) => {
      let known = found.get(id);
      if (!known) found.set(id, (known = { id, events: [], marks: [], first: Infinity, alike: 0 }));
      return known;
    };
    const { instance, status, action } = this.wanted;
    for (const event of this.events.values()) {
      if (status && event.steps[event.steps.length - 1][1] !== status) continue;
      const to = lane(event.lane);
      to.events.push(event);
      to.first = Math.min(to.first, event.at);
    }
    for (const { lanes, list } of this.marks.values())
      for (const id of lanes.length ? lanes : [""]) {
        const fitting = list.filter(([, , text]) => !action || text.toLowerCase().includes(action));
        if (!fitting.length) continue;
        const to = lane(id);
        to.marks.push(...fitting);
        to.first = Math.min(to.first, fitting[0][0]);
      }
    if (!status && !action && found.size + this.quiet.size <= MOST_UNFOLDED)
      for (const id of this.quiet) lane(id);
    let rows = [...found.values()].filter((each) => each.id.toLowerCase().includes(instance));
    rows.sort((a, b) => (a.id === "" ? -1 : b.id === "" ? 1 : a.first - b.first || (a.id < b.id ? -1 : 1)));
    if (isFolding && rows.length > MOST_UNFOLDED) rows = this.folded(rows);
    for (const row of rows) row.slots = this.slots(row.events);
    this.arranged = new Map(rows.map((row) => [row.id, row]));
    return rows;
  }

  folded(rows) {
    const stories = new Map();
    for (const row of rows) {
      const events = row.events.map((e) => `${e.type} ${e.at} ${e.due} ${e.steps}`).sort();
      const marks = row.marks.map(([at, kind]) => `${at} ${kind}`).sort();
      const story = row.id === "" ? "" : `${events}|${marks}`;
      const alike = stories.get(story);
      if (alike) alike.push(row);
      else stories.set(story, [row]);
    }
    const kept = [];
    for (const alike of stories.values())
      if (alike.length < LEAST_FOLDED) kept.push(...alike);
      else {
        alike[0].alike = alike.length - 1;
        kept.push(alike[0]);
      }
    const order = new Map(rows.map((row, i) => [row.id, i]));
    return kept.sort((a, b) => order.get(a.id) - order.get(b.id));
  }

  // Events of one instance that overlap are above each other.
  slots(events) {
    const ends = [];
    const of = new Map();
    for (const event of events.toSorted((a, b) => a.at - b.at)) {
      let slot = ends.findIndex((end) => end <= event.at);
      if (slot < 0) slot = ends.length < MOST_SLOTS ? ends.length : MOST_SLOTS - 1;
      ends[slot] = Math.max(ends[slot] ?? 0, this.end(event, event.due));
      of.set(event.id, slot);
    }
    return { of, count: Math.max(ends.length, 1) };
  }

  place(event, lane) {
    return { slot: lane.slots.of.get(event.id), slots: lane.slots.count };
  }
}
