/** The page: one line from the feed to the screen, drawn again when something changes. */
import "./styles/base.css";
import "./styles/banners.css";
import "./styles/parts.css";
import "./styles/list.css";
import { EMPTY, fetchAtlas, type Atlas } from "./atlas.ts";
import { unknown } from "./clock.ts";
import { Feed, type Snapshot } from "./feed.ts";
import { unwatched } from "./fold.ts";
import { choose, direction, LANGUAGES, OWN_NAME, say, type Language } from "./i18n.ts";
import type { ZoneMap } from "./map/map.ts";
import type { State } from "./model.ts";
import { announce } from "./view/announce.ts";
import { drawRealm, drawRefusal, drawUnknown } from "./view/banners.ts";
import type { Context } from "./view/context.ts";
import { tick } from "./view/countdown.ts";
import { byId, h, put } from "./view/dom.ts";
import { drawLegend, paintVariables } from "./view/legend.ts";
import { drawBlind, drawList } from "./view/list.ts";
import { recall, remember } from "./view/memory.ts";
import { choosePlace, drawPlace, listenPlace } from "./view/place.ts";
import { drawStatus } from "./view/status.ts";

const ATLAS_RETRY_MS = 5_000;

let lang: Language = choose([recall("language"), ...navigator.languages]);
let atlas: Atlas = EMPTY;
let map: ZoneMap | null = null;
let announced: State | null = null;
const feed = new Feed(draw);

function context(now: Snapshot = feed.snapshot()): Context {
  const now_ms = feed.now();
  const why = unknown(now.state, now, now_ms);
  return { lang, now_ms, feed: now, unknown: why, atlas, unwatched: unwatched(now.state) };
}

function draw(now: Snapshot = feed.snapshot()): void {
  const c = context(now);
  drawList(c, draw);
  drawBlind(c);
  map?.draw(c);
  announce(c, announced);
  announced = c.feed.state;
  second(c);
}

/** What changes with time alone: ages, countdowns, and whether we still know. */
function second(c: Context = context()): void {
  drawRealm(c);
  drawUnknown(c);
  drawRefusal(c);
  drawStatus(c);
  drawPlace(c);
  tick(c.lang, c.now_ms);
}

function speak(next: Language): void {
  lang = next;
  document.documentElement.lang = lang;
  document.documentElement.dir = direction(lang);
  put(byId("skip"), say(lang, "skip"));
  byId("language").setAttribute("aria-label", say(lang, "language"));
  byId("map").setAttribute("aria-label", say(lang, "map.title"));
  put(byId("map-missing"), say(lang, "map.missing"));
  const c = context();
  drawLegend(c);
  draw(c.feed);
}

function listenLanguage(): void {
  const select = byId("language") as HTMLSelectElement;
  select.append(...LANGUAGES.map((one) => h("option", { value: one, lang: one }, OWN_NAME[one])));
  select.value = lang;
  select.addEventListener("change", () => {
    remember("language", select.value);
    speak(choose([select.value]));
  });
}

function pick(id: string, move: boolean): void {
  choosePlace(id);
  map?.show(id, move);
  second();
}

async function loadAtlas(): Promise<void> {
  try {
    atlas = await fetchAtlas();
    draw();
    map?.show(recall("place"), false);
  } catch {
    window.setTimeout(() => void loadAtlas(), ATLAS_RETRY_MS);
  }
}

/** The map is a help, not a need: whatever fails here, the list stays. */
async function loadMap(): Promise<void> {
  try {
    if (document.createElement("canvas").getContext("webgl2") === null) throw new Error("no WebGL");
    const { ZoneMap: Loaded } = await import("./map/map.ts");
    map = new Loaded(byId("map"), (id) => pick(id, false));
    draw();
  } catch {
    document.documentElement.dataset.map = "missing";
    byId("map-missing").hidden = false;
  }
}

paintVariables();
listenLanguage();
listenPlace(context, (id) => pick(id, true));
byId("main").addEventListener("click", (event) => {
  const id = (event.target as Element).closest<HTMLElement>("[data-show]")?.dataset.show;
  if (id === undefined) return;
  map?.show(id, true);
  byId("map-box").scrollIntoView({ block: "nearest" });
});
speak(lang);
feed.start();
window.setInterval(() => second(), 1000);
void loadAtlas().then(loadMap);
