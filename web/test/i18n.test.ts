import { expect, test } from "vitest";
import { duration } from "../src/clock.ts";
import { choose, direction, LANGUAGES, say, sayDuration } from "../src/i18n.ts";
import { en } from "../src/words/en.ts";
import { ar } from "../src/words/ar.ts";
import { he } from "../src/words/he.ts";
import { ru } from "../src/words/ru.ts";
import { uk } from "../src/words/uk.ts";

const OTHERS = { uk, he, ar, ru };
const SCRIPTS = { uk: /\p{Script=Cyrillic}/u, ru: /\p{Script=Cyrillic}/u } as const;
const LETTERS = { ...SCRIPTS, he: /\p{Script=Hebrew}/u, ar: /\p{Script=Arabic}/u } as const;

const gaps = (sentence: string): string[] => (sentence.match(/\{\w+\}/g) ?? []).sort();

test.each(Object.entries(OTHERS))(
  "%s says everything, with the same gaps, in its script",
  (lang, words) => {
    for (const [key, sentence] of Object.entries(en)) {
      const said = words[key as keyof typeof en];
      expect(gaps(said), key).toEqual(gaps(sentence));
      if (sentence !== "") expect(said, key).toMatch(LETTERS[lang as keyof typeof LETTERS]);
    }
  },
);

test("the page never says that somebody is safe", () => {
  const claims = Object.keys(en).filter((key) => /(^|[^n])safe/i.test(en[key as keyof typeof en]));
  for (const key of claims) expect(en[key as keyof typeof en]).toMatch(/not mean/);
});

test.each([
  [["he-IL"], "he"],
  [["iw"], "he"],
  [["de-DE", "ru"], "ru"],
  [[null, "", "xx"], "en"],
  [["uk", "en"], "uk"],
])("%j is answered in %s", (wishes, expected) => {
  expect(choose(wishes)).toBe(expected);
});

test("Hebrew and Arabic run from right to left, the others do not", () => {
  expect(LANGUAGES.filter((lang) => direction(lang) === "rtl")).toEqual(["he", "ar"]);
});

test("sentences have their gaps filled", () => {
  expect(sayDuration("en", duration(80))).toBe("1 min 20 s");
  expect(say("en", "arrival.in", { time: sayDuration("en", duration(80)) })).toBe("in 1 min 20 s");
  expect(sayDuration("uk", duration(80))).toBe("1 хв 20 с");
});
