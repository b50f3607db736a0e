import { describe, expect, test } from "vitest";
import { correction, duration, secondsLeft, tooLate, unknown } from "../src/clock.ts";
import { state } from "./examples.ts";

const line = { streaming: true, failures: 0, skew_ms: 0 };
const known = state([]);
const at = (age_s: number): number => known.as_of_ms + age_s * 1000;

describe("whether the page knows", () => {
  test.each([
    ["fresh", line, 3, null],
    ["at the limit", line, 15, null],
    ["past the limit, though the stream is open", line, 15.1, "stale"],
    ["stream down, polls answered", { ...line, streaming: false }, 3, null],
    ["stream down, one poll lost", { ...line, streaming: false, failures: 1 }, 3, null],
    ["stream and polls down", { ...line, streaming: false, failures: 2 }, 3, "broken"],
    ["polls down, stream open, still fresh", { ...line, failures: 5 }, 3, null],
    ["from the future", line, -60, "clock"],
    ["device far ahead of the server", { ...line, skew_ms: -300_000 }, 300, "clock"],
  ])("%s", (_, now, age_s, expected) => {
    expect(unknown(known, now, at(age_s))).toBe(expected);
  });

  test("without any state it never does", () => {
    expect(unknown(null, line, 0)).toBe("loading");
    expect(unknown(null, { ...line, failures: 1 }, 0)).toBe("broken");
  });
});

test.each([
  [0, 0],
  [1_500, 0],
  [20_000, 20_000],
  [-90_000, -90_000],
  [600_000, 0],
])("a server %i ms ahead corrects the clock by %i ms", (skew_ms, expected) => {
  expect(correction(skew_ms)).toBe(expected);
});

test.each([
  [0, "s", 0, 0, 0],
  [-5, "s", 0, 0, 0],
  [59, "s", 0, 0, 59],
  [60, "min", 0, 1, 0],
  [80, "min_s", 0, 1, 20],
  [599, "min_s", 0, 9, 59],
  [625, "min", 0, 10, 25],
  [3_700, "h_min", 1, 1, 40],
])("%i s are told in %s", (seconds, unit, h, m, s) => {
  expect(duration(seconds)).toEqual({ unit, h, m, s });
});

test("what is left is rounded down and measured against the way to shelter", () => {
  expect(secondsLeft(10_000, 8_001)).toBe(1);
  expect(secondsLeft(10_000, 10_001)).toBe(-1);
  expect(tooLate(89, 90)).toBe(true);
  expect(tooLate(90, 90)).toBe(false);
  expect(tooLate(0, null)).toBe(false);
});
