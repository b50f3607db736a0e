/** The strip that says how far the page can be believed: time, line, signature, mode. */
import { duration, FAILURES_MAX } from "../clock.ts";
import { sayDuration, sayTime } from "../i18n.ts";
import { t, type Context } from "./context.ts";
import { byId, put } from "./dom.ts";

export function drawStatus(c: Context): void {
  const state = c.feed.state;
  put(byId("site"), state?.site ?? "");
  put(byId("page-title"), t(c, "title"));
  const broken = state === null || c.feed.failures >= FAILURES_MAX;
  const line = c.feed.streaming ? "live" : broken ? "broken" : "polling";
  byId("line").dataset.line = line;
  put(byId("line-word"), t(c, `status.${line}`));
  byId("seal").hidden = byId("mode").hidden = byId("as-of").hidden = state === null;
  if (state === null) return;
  const age = sayDuration(c.lang, duration((c.now_ms - state.as_of_ms) / 1000));
  put(byId("as-of-time"), t(c, "status.as_of", { time: sayTime(state.as_of_ms) }));
  put(byId("as-of-age"), t(c, "status.age", { age }));
  const seal = c.feed.checked ? "verified" : "unable";
  byId("seal").dataset.seal = seal;
  put(byId("seal-word"), t(c, `status.${seal}`));
  byId("mode").dataset.mode = state.mode;
  put(byId("mode"), t(c, `mode.${state.mode}`));
}
