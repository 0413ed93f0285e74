// What the page says to those who listen: one sentence, which says it all. New words are said
// soon; numbers alone change all the time, and would never let anyone finish listening.

const rest = { words: 5000, numbers: 30e3 }; // ms from one saying to the next

// bare is a sentence without its numbers; those of a duration are one: "8 min 20 s".
const number = /-?\d[\d.,]*\d|-?\d/.source;
const unit = /(?: (?:µs|ms|s|min|h|d)\b)?/.source;
const numbers = new RegExp(`(?:${number})${unit}(?: (?:${number})${unit})*`, "g");
const bare = (sentence) => sentence.replace(numbers, "#");

// speaker returns what is to be told each sentence, and the time in ms; it calls say with those
// that are to be said now.
export function speaker(say) {
  let said = "";
  let saidAt = 0;
  let stirred = false; // there were other words since, even if these are as before

  return (sentence, now) => {
    stirred ||= bare(sentence) !== bare(said);
    if (sentence === said || now - saidAt < (stirred ? rest.words : rest.numbers)) return;
    [said, saidAt, stirred] = [sentence, now, false];
    say(sentence);
  };
}
