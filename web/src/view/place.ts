/** One place that the reader cares about, kept on the device only. */
import { LOOKS } from "../looks.ts";
import { areaName, t, threatNames, zoneName, type Context } from "./context.ts";
import { card } from "./card.ts";
import { byId, h, put, sign } from "./dom.ts";
import { recall, remember } from "./memory.ts";

let chosen = recall("place");
let drawnFrom = "";
let listedFrom = "";

export function choosePlace(id: string): void {
  chosen = id;
  remember("place", id);
}

/** Lets the reader find a place by typing; `picked` is called with its zone id, "" to forget. */
export function listenPlace(context: () => Context, picked: (id: string) => void): void {
  const input = byId("place-find") as HTMLInputElement;
  input.addEventListener("change", () => {
    const typed = input.value.trim().toLocaleLowerCase();
    const c = context();
    const ids = [...c.atlas.places.keys()];
    const names = ids.map((id) => [id, optionName(c, id).toLocaleLowerCase()] as const);
    const found = names.find((n) => n[1] === typed) ?? names.find((n) => n[1].startsWith(typed));
    if (typed === "" || found === undefined) return;
    input.value = "";
    picked(found[0]);
  });
  byId("place").addEventListener("click", (event) => {
    if ((event.target as Element).closest("[data-forget]") !== null) picked("");
  });
}

export function drawPlace(c: Context): void {
  byId("place").hidden = c.atlas.places.size === 0;
  drawOptions(c);
  const zone = c.feed.state?.zones.find((one) => one.id === chosen);
  const unseen = c.unwatched.get(c.atlas.places.get(chosen)?.parent ?? "") ?? [];
  const known = c.unknown === null;
  const from = JSON.stringify([c.lang, chosen, zone, unseen, known, c.atlas.places.size]);
  if (from === drawnFrom) return;
  drawnFrom = from;
  const box = byId("place-card");
  box.hidden = !c.atlas.places.has(chosen);
  if (box.hidden) return;
  const forget = h("button", { type: "button", class: "forget", "data-forget": true }, "×");
  forget.setAttribute("aria-label", t(c, "place.remove"));
  box.replaceChildren(zone === undefined ? quiet(c, known) : card(c, zone), forget);
}

function drawOptions(c: Context): void {
  const from = `${c.lang} ${c.atlas.places.size} ${c.atlas.parents.size}`;
  if (from === listedFrom) return;
  listedFrom = from;
  put(byId("place-title"), t(c, "place.title"));
  byId("place-find").setAttribute("placeholder", t(c, "place.find"));
  byId("place-find").setAttribute("aria-label", t(c, "place.find"));
  const options = [...c.atlas.places.keys()].map((id) => optionName(c, id));
  options.sort((a, b) => a.localeCompare(b, c.lang));
  byId("place-names").replaceChildren(...options.map((name) => h("option", { value: name })));
}

function optionName(c: Context, id: string): string {
  const parent = c.atlas.places.get(id)?.parent ?? "";
  return `${zoneName(c, id)[0]} · ${areaName(c, parent)[0]}`;
}

/** No warning here; never "safe", and "not watched" or "we do not know" where that is the truth. */
function quiet(c: Context, known: boolean): HTMLElement {
  const place = c.atlas.places.get(chosen);
  const unseen = c.unwatched.get(place?.parent ?? "");
  const [name, lang] = zoneName(c, chosen);
  const [area, areaLang] = areaName(c, place?.parent ?? "");
  const stage = known ? t(c, "place.none") : t(c, "unknown.title");
  const threats = unseen === undefined ? "" : threatNames(c, unseen);
  return h(
    "article",
    { class: `card stage-none${unseen === undefined ? "" : " is-unwatched"}` },
    h("p", { class: "card-stage" }, unseen ? sign(LOOKS.blind.sign) : null, stage),
    h("h3", { class: "card-name" }, h("bdi", { lang }, name)),
    h("p", { class: "card-area" }, h("bdi", { lang: areaLang }, area)),
    unseen ? h("p", { class: "card-do" }, t(c, "place.unseen", { threats })) : null,
  );
}
