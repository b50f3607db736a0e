/**
 * Time in the page: how old the data are, how long until something arrives.
 *
 * Telephones are right to a second, desktop computers often are not: the `Date` header of the
 * server corrects the device's clock. The header is not signed, so that it may correct at most
 * `CORRECTION_MS_MAX`; a bigger difference is not hidden but shown ("clock").
 */
import type { State } from "./model.ts";

/** Chosen: more than any quartz drifts in a month, less than would make an old state look new. */
const CORRECTION_MS_MAX = 120_000;

/** `Date` has whole seconds: a difference below this is its rounding and the way over the net. */
const CORRECTION_MS_MIN = 2_000;

/** Polls that must fail in a row, with the stream down too, before we call it a broken line. */
export const FAILURES_MAX = 2;

/** What to add to the device's clock, milliseconds, when the server's is `skew_ms` ahead of it. */
export function correction(skew_ms: number): number {
  const size = Math.abs(skew_ms);
  return size >= CORRECTION_MS_MIN && size <= CORRECTION_MS_MAX ? skew_ms : 0;
}

export type Unknown = "loading" | "stale" | "broken" | "clock";

export interface Line {
  readonly streaming: boolean;
  readonly failures: number;
  /** How far the server's clock is ahead of the device's. */
  readonly skew_ms: number;
}

/** Why the page does not know the situation now, or null when it does. Silence is never safety. */
export function unknown(state: State | null, line: Line, now_ms: number): Unknown | null {
  if (state === null) return line.failures > 0 ? "broken" : "loading";
  const age_s = (now_ms - state.as_of_ms) / 1000;
  if (Math.abs(age_s) > state.stale_after_s) {
    const wrong = age_s < 0 || Math.abs(line.skew_ms) > CORRECTION_MS_MAX;
    return wrong ? "clock" : "stale";
  }
  if (!line.streaming && line.failures >= FAILURES_MAX) return "broken";
  return null;
}

export interface Duration {
  readonly unit: "s" | "min_s" | "min" | "h_min";
  readonly h: number;
  readonly m: number;
  readonly s: number;
}

/** Seconds as people say them; minutes without seconds from ten minutes on. */
export function duration(seconds: number): Duration {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const unit = h > 0 ? "h_min" : m === 0 ? "s" : m >= 10 || s === 0 ? "min" : "min_s";
  return { unit, h, m, s };
}

/** Whole seconds left, rounded down: better a second early than a second late. */
export function secondsLeft(arrival_ms: number, now_ms: number): number {
  return Math.floor((arrival_ms - now_ms) / 1000);
}

/** Whether somebody who starts now does not reach shelter in time. */
export function tooLate(left_s: number, shelter_s: number | null): boolean {
  return shelter_s !== null && left_s < shelter_s;
}
