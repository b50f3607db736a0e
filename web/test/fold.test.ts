import { describe, expect, test } from "vitest";
import { applyEvent, changed, groups, nameFor, unwatched, URGENCY } from "../src/fold.ts";
import { readEvent, readState, STAGES, type Stage } from "../src/model.ts";
import { state, wireState, wireZone, zone } from "./examples.ts";

describe("the order of the list", () => {
  test("knows every stage that can be listed, take cover first", () => {
    expect([...URGENCY].sort()).toEqual(STAGES.filter((stage) => stage !== "none").sort());
    expect(URGENCY[0]).toBe("take_cover");
    expect(URGENCY.at(-1)).toBe("all_clear");
  });

  test("goes by stage, then red before yellow, then the soonest arrival, then the id", () => {
    const zones = [
      zone("e", "all_clear"),
      zone("d", "take_cover", { arrival: null }),
      zone("c", "take_cover", { arrival: "2026-11-22T08:03:00Z" }),
      zone("b", "take_cover", { arrival: "2026-11-22T08:01:00Z" }),
      zone("a", "take_cover", { level: "red", arrival: "2026-11-22T08:09:00Z" }),
      zone("z", "stay"),
      zone("y", "take_cover", { arrival: null }),
    ];
    const order = groups(zones).map((group) => group.zones.map((one) => one.id).join(""));
    expect(order).toEqual(["abcdy", "z", "e"]);
    expect(groups(zones.toReversed())).toEqual(groups(zones));
  });
});

describe("an event", () => {
  const before = state([wireZone("a", "early"), wireZone("b", "stay")]);

  test("with a newer serial replaces the zone and leaves the others", () => {
    const after = applyEvent(before, event("a", "take_cover", 4));
    expect(after.zones.map((one) => [one.id, one.stage])).toEqual([
      ["b", "stay"],
      ["a", "take_cover"],
    ]);
  });

  test.each([3, 2])("with serial %i, which is not newer than 3, changes nothing", (serial) => {
    expect(applyEvent(before, event("a", "all_clear", serial))).toBe(before);
  });

  test("whose alert names another zone or realm changes nothing", () => {
    const good = event("a", "take_cover", 4);
    expect(applyEvent(before, { ...good, alert: "exercise:b:drone:9" })).toBe(before);
    expect(applyEvent(before, { ...good, alert: "live:a:drone:9" })).toBe(before);
  });

  test("from before the state is already in it: a stream that resumes repeats the past", () => {
    expect(applyEvent(before, event("a", "take_cover", 4, 41))).toBe(before);
  });

  test("may bring a new zone and take one away", () => {
    expect(applyEvent(before, event("c", "early", 1)).zones).toHaveLength(3);
    expect(applyEvent(before, event("a", "none", 4)).zones.map((one) => one.id)).toEqual(["b"]);
  });

  function event(id: string, stage: Stage, serial: number, number = 43) {
    const alert = `exercise:${id}:drone:${serial}`;
    return readEvent({ v: 1, realm: "exercise", serial: number, alert, zone: wireZone(id, stage) });
  }
});

test("what is new is what has to be said", () => {
  const before = state([wireZone("a", "early"), wireZone("b", "stay")]);
  const after = state([wireZone("a", "take_cover"), wireZone("b", "stay"), wireZone("c", "early")]);
  expect(changed(before, after).map((one) => one.id)).toEqual(["a", "c"]);
  expect(changed(null, before)).toHaveLength(2);
  expect(changed(after, after)).toEqual([]);
});

test("areas without watch are collected by area", () => {
  const blind = [
    { parent: "ua-63", threat: "drone" },
    { parent: "ua-14", threat: "cruise" },
    { parent: "ua-63", threat: "cruise" },
  ];
  const areas = unwatched(state([], { blind }));
  expect(areas.get("ua-63")).toEqual(["drone", "cruise"]);
  expect(areas.get("ua-14")).toEqual(["cruise"]);
  expect(unwatched(null).size).toBe(0);
});

test.each([
  [{ uk: "Харків", en: "Kharkiv" }, "uk", ["Харків", "uk"]],
  [{ uk: "Харків", en: "Kharkiv" }, "ru", ["Харків", "uk"]],
  [{ uk: "Харків", en: "Kharkiv" }, "he", ["Kharkiv", "en"]],
  [{ und: "Kharkiv", uk: "" }, "ar", ["Kharkiv", "und"]],
  [{ de: "Charkiw" }, "ar", ["Charkiw", "de"]],
  [undefined, "en", ["UA-63", "und"]],
])("%j is for a reader of %s: %j", (known, lang, expected) => {
  expect(nameFor(known, lang, "ua-63")).toEqual(expected);
});

describe("a document that this page does not understand is refused, not guessed", () => {
  test.each([
    ["a version", { v: 2 }],
    ["a realm", { realm: "war" }],
    ["a mode", { mode: "manual" }],
    ["a time", { as_of: "yesterday" }],
    ["no zones", { zones: null }],
    ["a stage", { zones: [wireZone("a", "panic" as Stage)] }],
    ["a threat", { blind: [{ parent: "ua-63", threat: "meteor" }] }],
  ])("%s: %j", (_, over) => {
    expect(() => readState(wireState([], over))).toThrowError(
      expect.objectContaining({ refusal: "contents" }) as Error,
    );
  });

  test("unknown members are left alone", () => {
    expect(() =>
      readState(wireState([wireZone("a", "stay", { new: 1 })], { new: 1 })),
    ).not.toThrow();
  });
});
