/** What every part of the page is drawn from. */
import type { Atlas } from "../atlas.ts";
import type { Unknown } from "../clock.ts";
import type { Snapshot } from "../feed.ts";
import { nameFor } from "../fold.ts";
import { say, type Language, type Word } from "../i18n.ts";
import type { Names, Threat } from "../model.ts";
import { THREATS } from "../model.ts";

export interface Context {
  readonly lang: Language;
  readonly now_ms: number;
  readonly feed: Snapshot;
  readonly unknown: Unknown | null;
  readonly atlas: Atlas;
  readonly unwatched: ReadonlyMap<string, readonly Threat[]>;
}

export function t(c: Context, word: Word, gaps: Record<string, string | number> = {}): string {
  return say(c.lang, word, gaps);
}

export function zoneName(c: Context, id: string, names?: Names): [name: string, lang: string] {
  return nameFor({ ...c.atlas.places.get(id)?.names, ...names }, c.lang, id);
}

/** Name of an admin-1 area; its ISO 3166-2 code where the server gives no name. */
export function areaName(c: Context, parent: string): [name: string, lang: string] {
  return nameFor(c.atlas.parents.get(parent), c.lang, parent);
}

export function threatNames(c: Context, threats: readonly Threat[]): string {
  if (THREATS.every((threat) => threats.includes(threat))) return t(c, "blind.all");
  return threats.map((threat) => t(c, `threat.${threat}`)).join(", ");
}
