/** The countdown to the expected arrival against the time to reach shelter. */
import { duration, secondsLeft, tooLate } from "../clock.ts";
import { say, sayDuration, type Language } from "../i18n.ts";
import { h, put } from "./dom.ts";

interface Clock {
  readonly box: HTMLElement;
  readonly time: HTMLElement;
  readonly late: HTMLElement;
  readonly arrival_ms: number;
  readonly shelter_s: number | null;
  readonly warns: boolean;
}

const clocks = new WeakMap<HTMLElement, Clock>();

/** `warns`: whether too little time is to be said aloud (not while people are already inside). */
export function countdown(
  lang: Language,
  arrival_ms: number,
  shelter_s: number | null,
  warns: boolean,
): HTMLElement {
  const time = h("strong", { class: "countdown-time" });
  const late = h("p", { class: "countdown-late", hidden: true }, say(lang, "arrival.late"));
  const box = h("div", { class: "countdown" }, h("p", {}, label(lang, "arrival.title"), time));
  if (shelter_s !== null && warns) {
    const shelter = sayDuration(lang, duration(shelter_s));
    const strong = h("strong", { class: "countdown-shelter" }, shelter);
    box.append(h("p", {}, label(lang, "shelter.title"), strong));
  }
  box.append(late);
  clocks.set(box, { box, time, late, arrival_ms, shelter_s, warns });
  return box;
}

function label(lang: Language, word: "arrival.title" | "shelter.title"): HTMLElement {
  return h("span", { class: "label" }, say(lang, word));
}

/** Moves every countdown of the page on; called each second. */
export function tick(lang: Language, now_ms: number): void {
  for (const box of document.querySelectorAll<HTMLElement>(".countdown")) {
    const clock = clocks.get(box);
    if (clock === undefined) continue;
    const left_s = secondsLeft(clock.arrival_ms, now_ms);
    const spoken = sayDuration(lang, duration(left_s));
    put(
      clock.time,
      left_s > 0 ? say(lang, "arrival.in", { time: spoken }) : say(lang, "arrival.now"),
    );
    const late = clock.warns && tooLate(left_s, clock.shelter_s);
    clock.late.hidden = !late;
    clock.box.classList.toggle("is-late", late);
  }
}
