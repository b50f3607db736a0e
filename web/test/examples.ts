import { readState, type Stage, type State, type Zone } from "../src/model.ts";

/** A zone as the wire has it; tests override what matters to them. */
export function wireZone(id: string, stage: Stage, over: object = {}): object {
  return {
    id,
    names: { uk: `Зона ${id}`, en: `Zone ${id}` },
    parent: "ua-63",
    stage,
    threats: [
      {
        threat: "drone",
        level: "yellow",
        stage,
        alert: `exercise:${id}:drone:3`,
        since: "2026-11-22T08:00:00.000Z",
        expires: "2026-11-22T09:00:00.000Z",
        arrival: null,
      },
    ],
    level: "yellow",
    arrival: null,
    shelter_s: 90,
    blind: false,
    text: { en: { headline: "H", instruction: "I" } },
    ...over,
  };
}

export function wireState(zones: readonly object[], over: object = {}): object {
  return {
    v: 1,
    realm: "exercise",
    mode: "automatic",
    site: "Test",
    as_of: "2026-11-22T08:00:00.250Z",
    t_ns: 1795334400250000000,
    serial: 42,
    country: "ua",
    map_version: "1",
    stale_after_s: 15,
    zones,
    blind: [],
    ...over,
  };
}

export function state(zones: readonly object[], over: object = {}): State {
  return readState(wireState(zones, over));
}

export function zone(id: string, stage: Stage, over: object = {}): Zone {
  return state([wireZone(id, stage, over)]).zones[0] as Zone;
}
