/** The words of the public state document, and the only place that reads them from bytes. */

export const STAGES = [
  "none",
  "stand_by",
  "early",
  "take_cover",
  "stay",
  "standing",
  "notice",
  "all_clear",
  "cancelled",
] as const;
export const THREATS = ["drone", "cruise", "ballistic"] as const;
export const LEVELS = ["none", "yellow", "red"] as const;
export const REALMS = ["live", "exercise", "test"] as const;
export const MODES = ["shadow", "advise", "confirm", "automatic"] as const;

export type Stage = (typeof STAGES)[number];
export type Threat = (typeof THREATS)[number];
export type Level = (typeof LEVELS)[number];
export type Realm = (typeof REALMS)[number];
export type Mode = (typeof MODES)[number];
export type Names = Readonly<Record<string, string>>;

export interface ThreatNow {
  readonly threat: Threat;
  readonly level: Level;
  readonly stage: Stage;
  readonly alert: string;
  readonly since_ms: number | null;
  readonly arrival_ms: number | null;
}

export interface Zone {
  readonly id: string;
  readonly names: Names;
  readonly parent: string;
  readonly stage: Stage;
  readonly threats: readonly ThreatNow[];
  readonly level: Level;
  readonly arrival_ms: number | null;
  readonly shelter_s: number | null;
  readonly blind: boolean;
  /** The likely arrival is nearer than shelter: drop where you are. */
  readonly late: boolean;
  readonly text: Readonly<Record<string, { headline: string; instruction: string }>>;
}

export interface Blind {
  readonly parent: string;
  readonly threat: Threat;
}

export interface State {
  readonly realm: Realm;
  readonly mode: Mode;
  readonly site: string;
  readonly as_of_ms: number;
  readonly serial: number;
  readonly map_version: string;
  readonly stale_after_s: number;
  readonly zones: readonly Zone[];
  readonly blind: readonly Blind[];
}

export interface AlertEvent {
  readonly realm: Realm;
  /** Counts states and events together: an event below the state's number is already in it. */
  readonly serial: number;
  readonly alert: string;
  readonly zone: Zone;
}

/** Why a message was not believed; the page says it in words (`refused.*`). */
export type Refusal = "format" | "algorithm" | "key" | "signature" | "realm" | "older" | "contents";

export class Refused extends Error {
  constructor(
    readonly refusal: Refusal,
    detail: string,
  ) {
    super(`${refusal}: ${detail}`);
  }
}

type Fields = Record<string, unknown>;

/** `value` as a state document; throws `Refused("contents")` when anything is amiss. */
export function readState(value: unknown): State {
  const f = fields(value, "state");
  if (f.v !== 1) throw new Refused("contents", `version ${String(f.v)}`);
  return {
    realm: oneOf(REALMS, f.realm, "realm"),
    mode: oneOf(MODES, f.mode, "mode"),
    site: text(f.site ?? "", "site"),
    as_of_ms: time(f.as_of, "as_of"),
    serial: number(f.serial, "serial"),
    map_version: text(f.map_version ?? "", "map_version"),
    stale_after_s: number(f.stale_after_s, "stale_after_s"),
    zones: list(f.zones, "zones").map(readZone),
    blind: list(f.blind ?? [], "blind").map(readBlind),
  };
}

/** `value` as the payload of an alert event. */
export function readEvent(value: unknown): AlertEvent {
  const f = fields(value, "event");
  if (f.v !== 1) throw new Refused("contents", `version ${String(f.v)}`);
  return {
    realm: oneOf(REALMS, f.realm, "realm"),
    serial: number(f.serial, "serial"),
    alert: text(f.alert, "alert"),
    zone: readZone(f.zone),
  };
}

function readZone(value: unknown): Zone {
  const f = fields(value, "zone");
  return {
    id: text(f.id, "id"),
    names: names(f.names),
    parent: text(f.parent ?? "", "parent"),
    stage: oneOf(STAGES, f.stage, "stage"),
    threats: list(f.threats, "threats").map(readThreat),
    level: oneOf(LEVELS, f.level, "level"),
    arrival_ms: maybeTime(f.arrival, "arrival"),
    shelter_s: typeof f.shelter_s === "number" ? f.shelter_s : null,
    blind: f.blind === true,
    late: f.late === true,
    text: texts(f.text ?? {}),
  };
}

function readThreat(value: unknown): ThreatNow {
  const f = fields(value, "threat");
  return {
    threat: oneOf(THREATS, f.threat, "threat"),
    level: oneOf(LEVELS, f.level, "level"),
    stage: oneOf(STAGES, f.stage, "stage"),
    alert: text(f.alert, "alert"),
    since_ms: maybeTime(f.since, "since"),
    arrival_ms: maybeTime(f.arrival, "arrival"),
  };
}

function readBlind(value: unknown): Blind {
  const f = fields(value, "blind");
  return { parent: text(f.parent, "parent"), threat: oneOf(THREATS, f.threat, "threat") };
}

/** Names by language, without those that are empty; also used for the zone outlines. */
export function names(value: unknown): Names {
  const entries = Object.entries(fields(value ?? {}, "names"));
  return Object.fromEntries(
    entries.filter((e): e is [string, string] => typeof e[1] === "string" && e[1] !== ""),
  );
}

function texts(value: unknown): Zone["text"] {
  const entries = Object.entries(fields(value, "text")).map(([lang, said]) => {
    const f = fields(said, "text");
    const instruction = text(f.instruction ?? "", "instruction");
    return [lang, { headline: text(f.headline ?? "", "headline"), instruction }] as const;
  });
  return Object.fromEntries(entries);
}

function fields(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Refused("contents", `${what} is not an object`);
}

function list(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Refused("contents", `${what} is not a list`);
}

function text(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw new Refused("contents", `${what} is not text`);
}

function number(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Refused("contents", `${what} is not a number`);
}

function time(value: unknown, what: string): number {
  const ms = Date.parse(text(value, what));
  if (Number.isNaN(ms)) throw new Refused("contents", `${what} is not a time`);
  return ms;
}

function maybeTime(value: unknown, what: string): number | null {
  return value === null || value === undefined ? null : time(value, what);
}

function oneOf<T extends string>(known: readonly T[], value: unknown, what: string): T {
  const found = known.find((word) => word === value);
  if (found === undefined) throw new Refused("contents", `${what} ${String(value)} is unknown`);
  return found;
}
