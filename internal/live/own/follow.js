// The one event that the visitor follows: chosen in the log or in a picture, marked in all.

let chosen = null; // as the stream told it
const listeners = new Set();

export const followed = () => chosen;

// follow chooses an event, or none with null.
export function follow(event) {
  if (event?.seq === chosen?.seq && event?.part === chosen?.part) return;
  chosen = event;
  for (const fn of listeners) fn(chosen);
}

// on calls fn with the event at each change; the result ends that.
export function on(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}
