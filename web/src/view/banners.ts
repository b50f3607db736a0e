/** What must not be overlooked: an exercise, not knowing, a refused message. */
import { duration, type Unknown } from "../clock.ts";
import { sayDuration, sayTime } from "../i18n.ts";
import { t, type Context } from "./context.ts";
import { byId, h, put } from "./dom.ts";

/** Banner, striped frame and window title of an exercise or a test. */
export function drawRealm(c: Context): void {
  const realm = c.feed.state?.realm ?? "live";
  document.documentElement.dataset.realm = realm;
  const box = byId("realm");
  box.hidden = realm === "live";
  const word = t(c, `realm.${realm}`);
  if (realm !== "live") {
    put(byId("realm-word"), word);
    put(byId("realm-text"), t(c, `realm.${realm}.text`));
  }
  const site = c.feed.state?.site;
  const title = [t(c, "title"), site].filter(Boolean).join(" – ");
  const doubt = c.unknown === null ? "" : `(?) `;
  document.title = (realm === "live" ? "" : `[${word}] `) + doubt + title;
}

let told: Unknown | null = null;

/** "We do not know": greys what is shown and says since when. */
export function drawUnknown(c: Context): void {
  document.documentElement.dataset.known = c.unknown === null ? "yes" : "no";
  const box = byId("unknown");
  box.hidden = c.unknown === null;
  if (c.unknown !== null) {
    const waiting = c.unknown === "loading";
    box.classList.toggle("is-loading", waiting);
    put(byId("unknown-title"), t(c, waiting ? "unknown.loading" : "unknown.title"));
    put(byId("unknown-since"), waiting ? "" : since(c));
    put(byId("unknown-why"), waiting ? "" : t(c, `unknown.${c.unknown}`));
    put(byId("unknown-advice"), waiting ? "" : t(c, "unknown.advice"));
  }
  // Spoken once when it begins, not each second while the age counts on.
  if (told !== c.unknown && c.unknown !== null && c.unknown !== "loading") {
    put(byId("say-loud"), `${t(c, "unknown.title")}. ${t(c, "unknown.advice")}`);
  }
  told = c.unknown;
}

function since(c: Context): string {
  const as_of_ms = c.feed.state?.as_of_ms;
  if (as_of_ms === undefined) return t(c, "unknown.never");
  const age = sayDuration(c.lang, duration((c.now_ms - as_of_ms) / 1000));
  return t(c, "unknown.since", { time: sayTime(as_of_ms), age });
}

export function drawRefusal(c: Context): void {
  const box = byId("refused");
  const why = c.feed.refusal;
  box.hidden = why === null;
  if (why === null || box.dataset.why === `${c.lang} ${why}`) return;
  box.dataset.why = `${c.lang} ${why}`;
  const words = h("span", {}, t(c, `refused.${why}`));
  box.replaceChildren(h("strong", {}, t(c, "refused.title")), " ", words);
}
