/** Languages of the page: which one, which direction, and a sentence with its gaps filled. */
import type { Duration } from "./clock.ts";
import { ar } from "./words/ar.ts";
import { en, type Dictionary } from "./words/en.ts";
import { he } from "./words/he.ts";
import { ru } from "./words/ru.ts";
import { uk } from "./words/uk.ts";

export const LANGUAGES = ["uk", "he", "en", "ar", "ru"] as const;
export type Language = (typeof LANGUAGES)[number];
export type Word = keyof Dictionary;

export const OWN_NAME: Readonly<Record<Language, string>> = {
  uk: "Українська",
  he: "עברית",
  en: "English",
  ar: "العربية",
  ru: "Русский",
};

const DICTIONARIES: Readonly<Record<Language, Dictionary>> = { uk, he, en, ar, ru };
const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(["he", "ar"]);

export function direction(lang: string): "rtl" | "ltr" {
  return RIGHT_TO_LEFT.has(lang) ? "rtl" : "ltr";
}

/** The first wish that the page speaks; "iw" is the old code of Hebrew. English otherwise. */
export function choose(wishes: readonly (string | null)[]): Language {
  for (const wish of wishes) {
    const tag = (wish ?? "").toLowerCase().split("-")[0]?.replace("iw", "he");
    const found = LANGUAGES.find((lang) => lang === tag);
    if (found !== undefined) return found;
  }
  return "en";
}

/** The sentence `word` in `lang`, with `{gaps}` filled. */
export function say(
  lang: Language,
  word: Word,
  gaps: Record<string, string | number> = {},
): string {
  return DICTIONARIES[lang][word].replace(/\{(\w+)\}/g, (_, gap: string) =>
    String(gaps[gap] ?? ""),
  );
}

/** `1 min 20 s` in `lang`. */
export function sayDuration(lang: Language, { unit, h, m, s }: Duration): string {
  return say(lang, `time.${unit}`, { h, m, s });
}

/** `HH:MM:SS` of the device's time zone, 24 hours, Latin digits. */
export function sayTime(ms: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
