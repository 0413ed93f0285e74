// The events of the stream by the part of the lab that they happened in, each told once: a
// stream that begins again tells its last seconds again.

import * as stream from "./stream.js";

const remembered = 20e3; // of each part: more than those seconds can hold
const known = new Map(); // by part, the numbers of those that were told
const ears = new Map(); // by part; "" for all parts

// hear calls fn with the new events of a part, in the order they ended.
export function hear(part, fn) {
  if (!ears.has(part)) ears.set(part, new Set());
  ears.get(part).add(fn);
}

const heard = (part) => ears.has(part) || ears.has("");

function arrived(events) {
  for (const [part, list] of Map.groupBy(events, (e) => e.part ?? "")) {
    if (!heard(part)) continue;
    const fresh = list.filter(unheard);
    if (!fresh.length) continue;
    for (const name of new Set([part, ""])) for (const fn of ears.get(name) ?? []) fn(fresh);
  }
}

function unheard({ part = "", seq }) {
  if (!known.has(part)) known.set(part, new Set());
  const told = known.get(part);
  if (told.has(seq)) return false;
  told.add(seq);
  if (told.size > remembered) for (const old of [...told].slice(0, remembered / 2)) told.delete(old);
  return true;
}

stream.on("event", arrived);
stream.onRestart(() => known.clear());
