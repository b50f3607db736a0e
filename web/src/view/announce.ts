/** New warnings for those who hear the page instead of seeing it. */
import { changed, groups, IN_FORCE } from "../fold.ts";
import type { State } from "../model.ts";
import { t, zoneName, type Context } from "./context.ts";
import { byId } from "./dom.ts";

/** More names than this are not listened to under stress; then the number is said. */
const NAMES_MAX = 5;

export function announce(c: Context, before: State | null): void {
  const state = c.feed.state;
  if (state === null || state === before) return;
  const news = groups(changed(before, state));
  if (news.length === 0) return;
  const realm = state.realm === "live" ? "" : `${t(c, `realm.${state.realm}`)}. `;
  const words = news.map(({ stage, zones }) => {
    const names = zones.map((zone) => zoneName(c, zone.id, zone.names)[0]);
    const count = t(c, "list.count", { count: zones.length });
    return `${t(c, `stage.${stage}`)}: ${zones.length > NAMES_MAX ? count : names.join(", ")}.`;
  });
  const loud = news.some(({ stage }) => IN_FORCE.has(stage));
  byId(loud ? "say-loud" : "say").textContent = realm + words.join(" ");
}
