/** What follows from the state: order, groups, what is new, what is not watched. Pure. */
import type { AlertEvent, Level, Names, Stage, State, Threat, Zone } from "./model.ts";

/** The order in which a person must see them; `none` is never listed. */
export const URGENCY: readonly Stage[] = [
  "take_cover",
  "stay",
  "early",
  "standing",
  "stand_by",
  "notice",
  "cancelled",
  "all_clear",
];

/** Stages in which people are asked to do something. */
export const IN_FORCE: ReadonlySet<Stage> = new Set([
  "take_cover",
  "stay",
  "early",
  "standing",
  "stand_by",
]);

const LEVEL_ORDER: readonly Level[] = ["red", "yellow", "none"];

/** Whom a reader of this language understands best when the own language is missing. */
const NEXT_BEST: Readonly<Record<string, readonly string[]>> = { ru: ["uk", "en"], ar: ["en"] };

export interface Group {
  readonly stage: Stage;
  readonly zones: readonly Zone[];
}

/** Zones by stage, most urgent first; inside a stage red first, then the soonest arrival. */
export function groups(zones: readonly Zone[]): Group[] {
  const all = URGENCY.map((stage) => ({
    stage,
    zones: zones.filter((zone) => zone.stage === stage).sort(bySoonest),
  }));
  return all.filter((group) => group.zones.length > 0);
}

function bySoonest(a: Zone, b: Zone): number {
  const level = LEVEL_ORDER.indexOf(a.level) - LEVEL_ORDER.indexOf(b.level);
  if (level !== 0) return level;
  const [left, right] = [a.arrival_ms ?? Infinity, b.arrival_ms ?? Infinity];
  if (left !== right) return left < right ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/**
 * The state with one signed event folded in, so that a warning is on the screen before the whole
 * document has been fetched again. An event that is not newer than what is shown changes nothing.
 */
export function applyEvent(state: State, event: AlertEvent): State {
  if (event.serial < state.serial) return state;
  const [realm, zone, threat, serial] = event.alert.split(":");
  if (realm !== state.realm || zone !== event.zone.id) return state;
  const shown = state.zones.find((other) => other.id === zone);
  const before = shown?.threats.find((one) => one.threat === threat);
  if (before !== undefined && Number(serial) <= serialOf(before.alert)) return state;
  const others = state.zones.filter((other) => other.id !== zone);
  return { ...state, zones: event.zone.stage === "none" ? others : [...others, event.zone] };
}

function serialOf(alert: string): number {
  return Number(alert.split(":")[3]);
}

/** Zones whose stage differs from the state before: what has to be said aloud. */
export function changed(before: State | null, after: State): Zone[] {
  const stages = new Map(before?.zones.map((zone) => [zone.id, zone.stage]));
  return after.zones.filter((zone) => stages.get(zone.id) !== zone.stage);
}

/** Areas (admin-1) that nobody watches, with the threats that would come unseen. */
export function unwatched(state: State | null): ReadonlyMap<string, readonly Threat[]> {
  const areas = new Map<string, Threat[]>();
  for (const { parent, threat } of state?.blind ?? []) {
    areas.set(parent, [...(areas.get(parent) ?? []), threat]);
  }
  return areas;
}

/** The best name for a reader of `lang`, with the language in which it is written. */
export function nameFor(known: Names | undefined, lang: string, id: string): [string, string] {
  const wanted = [lang, ...(NEXT_BEST[lang] ?? ["en"]), "en", "und"];
  for (const tag of [...wanted, ...Object.keys(known ?? {}).sort()]) {
    const name = known?.[tag];
    if (name) return [name, tag];
  }
  return [id.toUpperCase(), "und"];
}
