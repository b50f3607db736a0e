/** One zone under warning, complete in itself: stage, threat, level, what to do, how long. */
import { sayTime } from "../i18n.ts";
import { LOOKS } from "../looks.ts";
import type { Stage, ThreatNow, Zone } from "../model.ts";
import { areaName, t, zoneName, type Context } from "./context.ts";
import { countdown } from "./countdown.ts";
import { h, sign } from "./dom.ts";

/** Before shelter is reached the time to reach it matters; afterwards only the arrival does. */
const ON_THE_WAY: ReadonlySet<Stage> = new Set(["stand_by", "early", "take_cover"]);
const EXPECTED: ReadonlySet<Stage> = new Set([...ON_THE_WAY, "stay"]);

export function card(c: Context, zone: Zone): HTMLElement {
  const [name, nameLang] = zoneName(c, zone.id, zone.names);
  const said = zone.text[c.lang];
  return h(
    "article",
    { class: `card stage-${zone.stage}`, "data-zone": zone.id, "data-stage": zone.stage },
    stageLine(c, zone.stage),
    h(
      "h3",
      { class: "card-name" },
      h(
        "button",
        { type: "button", class: "link", "data-show": zone.id, title: t(c, "list.show", { name }) },
        h("bdi", { lang: nameLang }, name),
      ),
      area(c, zone.parent),
    ),
    arrival(c, zone),
    said?.headline ? h("p", { class: "card-headline" }, said.headline) : null,
    h(
      "p",
      { class: "card-do" },
      said?.instruction || t(c, zone.late ? "do.late" : `do.${zone.stage}`),
    ),
    threats(c, zone),
  );
}

function stageLine(c: Context, stage: Exclude<Stage, never>): HTMLElement {
  const look = stage === "none" ? null : sign(LOOKS[stage].sign);
  const realm = c.feed.state?.realm ?? "live";
  const drill = realm === "live" ? null : h("b", { class: "drill" }, t(c, `realm.${realm}`));
  const last = h("span", { class: "last-known" }, t(c, "unknown.last"));
  return h("p", { class: "card-stage" }, look, h("span", {}, t(c, `stage.${stage}`)), last, drill);
}

function area(c: Context, parent: string): HTMLElement | null {
  if (parent === "") return null;
  const [name, lang] = areaName(c, parent);
  return h("span", { class: "card-area" }, h("bdi", { lang }, name));
}

function arrival(c: Context, zone: Zone): HTMLElement | null {
  if (zone.arrival_ms === null || !EXPECTED.has(zone.stage)) return null;
  return countdown(c.lang, zone.arrival_ms, zone.shelter_s, ON_THE_WAY.has(zone.stage));
}

function threats(c: Context, zone: Zone): HTMLElement {
  const blind = c.unwatched.get(zone.parent) !== undefined || zone.blind;
  const tag = h("li", { class: "tag level-none" }, sign(LOOKS.blind.sign), t(c, "blind.tag"));
  return h(
    "ul",
    { class: "tags" },
    ...zone.threats.map((one) => threat(c, one, zone)),
    blind ? tag : null,
  );
}

function threat(c: Context, one: ThreatNow, zone: Zone): HTMLElement {
  const parts = [t(c, `threat.${one.threat}`)];
  if (one.level !== "none") parts.push(t(c, `level.${one.level}`));
  if (one.stage !== zone.stage) parts.push(t(c, `stage.${one.stage}`));
  if (one.since_ms !== null) parts.push(t(c, "list.since", { time: sayTime(one.since_ms) }));
  const shape = h("i", { class: "level-sign", "aria-hidden": "true" });
  return h("li", { class: `tag level-${one.level}` }, shape, parts.join(" · "));
}
