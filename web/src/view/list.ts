/** The list of warnings by urgency: complete without the map. */
import { groups, type Group } from "../fold.ts";
import { LOOKS } from "../looks.ts";
import type { Zone } from "../model.ts";
import { areaName, t, threatNames, type Context } from "./context.ts";
import { card } from "./card.ts";
import { byId, h, put, sign } from "./dom.ts";

/** Cards drawn at first for one stage; a whole country under warning must not stall a telephone. */
const CARDS_MAX = 60;

const unfolded = new Set<string>();
const drawn = new Map<string, { from: string; element: HTMLElement }>();

/** Draws the list; a card whose zone did not change stays the same element and keeps the focus. */
export function drawList(c: Context, redraw: () => void): void {
  const all = groups(c.feed.state?.zones ?? []);
  const focused = (document.activeElement as HTMLElement | null)?.dataset?.show;
  const sections = all.map((group) => section(c, group, redraw));
  if (all.length === 0 && c.feed.state !== null) sections.push(nothing(c));
  byId("list").replaceChildren(...sections);
  put(byId("list-title"), t(c, "list.title"));
  const shown = new Set(all.flatMap((group) => group.zones.map((zone) => zone.id)));
  for (const id of [...drawn.keys()]) if (!shown.has(id)) drawn.delete(id);
  if (focused !== undefined) {
    document.querySelector<HTMLElement>(`#list [data-show="${CSS.escape(focused)}"]`)?.focus();
  }
}

function section(c: Context, { stage, zones }: Group, redraw: () => void): HTMLElement {
  const visible = unfolded.has(stage) ? zones : zones.slice(0, CARDS_MAX);
  const box = h(
    "section",
    { class: "group", "data-group": stage },
    h(
      "h3",
      { class: `group-title stage-${stage}` },
      stage === "none" ? null : sign(LOOKS[stage].sign),
      h("span", {}, t(c, `stage.${stage}`)),
      h("span", { class: "group-count" }, t(c, "list.count", { count: zones.length })),
    ),
    ...visible.map((zone) => kept(c, zone)),
  );
  if (visible.length < zones.length) {
    const words = t(c, "list.more", { count: zones.length });
    const more = h("button", { type: "button", class: "more" }, words);
    more.addEventListener("click", () => {
      unfolded.add(stage);
      redraw();
    });
    box.append(more);
  }
  return box;
}

function kept(c: Context, zone: Zone): HTMLElement {
  const blind = c.unwatched.get(zone.parent) ?? [];
  const realm = c.feed.state?.realm;
  const from = JSON.stringify([c.lang, realm, c.atlas.places.size, blind, zone]);
  const known = drawn.get(zone.id);
  if (known?.from === from) return known.element;
  const element = card(c, zone);
  drawn.set(zone.id, { from, element });
  return element;
}

function nothing(c: Context): HTMLElement {
  const words = [h("strong", {}, t(c, "list.none")), h("p", {}, t(c, "list.none.text"))];
  return h("div", { class: "nothing" }, ...words);
}

/** Areas that nobody watches: told as loudly as a warning, never drawn as clear. */
export function drawBlind(c: Context): void {
  const box = byId("blind");
  box.hidden = c.unwatched.size === 0;
  const title = h("h2", {}, sign(LOOKS.blind.sign), t(c, "blind.title"));
  const areas = [...c.unwatched].map(([parent, threats]) => {
    const [name, lang] = areaName(c, parent);
    return h("li", {}, h("b", {}, h("bdi", { lang }, name)), ` – ${threatNames(c, threats)}`);
  });
  box.replaceChildren(title, h("p", {}, t(c, "blind.text")), h("ul", {}, ...areas));
}
