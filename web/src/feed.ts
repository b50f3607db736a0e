/**
 * The line to the server: keys, the signed state every 5 s, and the stream of signed events.
 *
 * Only a verified state makes the page believe that it knows. An open stream or a heartbeat proves
 * that somebody answers, not that the picture is fresh.
 */
import { correction, type Line } from "./clock.ts";
import { applyEvent } from "./fold.ts";
import { open, readKeyring, type Keyring } from "./jws.ts";
import {
  readEvent,
  readState,
  Refused,
  type AlertEvent,
  type Refusal,
  type State,
} from "./model.ts";

const POLL_MS = 5_000;
const TIMEOUT_MS = 6_000;
/** Asked again within this time of an event; spread, so that a crowd does not ask at once. */
const SOON_MS = 400;
/** A stream without even a heartbeat for so long is dead, whatever the socket says. */
const SILENCE_MS = 45_000;
const REOPEN_MS = 3_000;
/** A refusal stays on the screen this long after the last refused message. */
const REFUSAL_MS = 60_000;
/** An unknown key makes us fetch the keys again, but not more often than this. */
const KEYS_MS = 30_000;
/** So many events are kept until a document tells at least as much. */
const RECENT = 2_000;
const EVENTS = [
  "alert",
  "update",
  "notice",
  "all_clear",
  "cancelled",
  "state",
  "heartbeat",
] as const;

export interface Snapshot extends Line {
  readonly state: State | null;
  readonly refusal: Refusal | null;
  /** Whether this browser can check signatures at all. */
  readonly checked: boolean;
}

export class Feed {
  private state: State | null = null;
  /** Events that a document already on its way may not hold yet. */
  private recent: readonly AlertEvent[] = [];
  private ring: Keyring | null = null;
  private ring_ms = 0;
  private etag = "";
  private source: EventSource | null = null;
  private lastId = NaN;
  private heard_ms = 0;
  private streaming = false;
  private failures = 0;
  private skew_ms = 0;
  private refusal: { why: Refusal; at_ms: number } | null = null;
  private timer = 0;
  private busy = false;
  private again = false;

  constructor(private readonly changed: (now: Snapshot) => void) {}

  start(): void {
    this.listen();
    void this.poll();
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.pollWithin(0);
    });
    window.addEventListener("online", () => this.pollWithin(0));
  }

  /** The present time, the device's clock corrected by the server's. */
  now(): number {
    return Date.now() + correction(this.skew_ms);
  }

  snapshot(): Snapshot {
    const old = this.refusal !== null && Date.now() - this.refusal.at_ms > REFUSAL_MS;
    if (old) this.refusal = null;
    return {
      state: this.state,
      streaming: this.streaming,
      failures: this.failures,
      skew_ms: this.skew_ms,
      refusal: this.refusal?.why ?? null,
      checked: this.ring !== null && this.ring.keys !== null,
    };
  }

  private pollWithin(ms: number): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.poll(), Math.random() * ms);
  }

  private async poll(): Promise<void> {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      await this.fetchState();
      this.failures = 0;
    } catch (error) {
      if (error instanceof Refused) await this.refuse(error);
      else this.failures += 1;
    }
    this.busy = false;
    this.changed(this.snapshot());
    window.clearTimeout(this.timer);
    const pause_ms = this.again ? SOON_MS : POLL_MS * (0.9 + 0.2 * Math.random());
    this.again = false;
    this.timer = window.setTimeout(() => void this.poll(), pause_ms);
  }

  private async fetchState(): Promise<void> {
    const ring = await this.keys();
    const headers: HeadersInit = this.etag === "" ? {} : { "If-None-Match": this.etag };
    const answer = await get("v1/state.jws", headers);
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (!Number.isNaN(date)) this.skew_ms = date + 500 - Date.now();
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(`state ${answer.status}`);
    const next = readState(await open(await answer.text(), ring));
    const behind_ms = (this.state?.as_of_ms ?? 0) - next.as_of_ms;
    // A cache on the way may lag by seconds, which is harmless; a replay lags by more.
    if (behind_ms > 1000 * next.stale_after_s) {
      throw new Refused("older", new Date(next.as_of_ms).toISOString());
    }
    if (behind_ms > 0) return;
    this.recent = this.recent.filter((event) => event.serial >= next.serial);
    this.state = this.recent.reduce(applyEvent, next);
    this.etag = answer.headers.get("ETag") ?? "";
  }

  private async keys(): Promise<Keyring> {
    if (this.ring !== null) return this.ring;
    const answer = await get("v1/keys.json", {});
    if (!answer.ok) throw new Error(`keys ${answer.status}`);
    this.ring = await readKeyring(await answer.json());
    this.ring_ms = Date.now();
    return this.ring;
  }

  /** Remembers a refusal; an unknown key may be a new one, so the keys are asked for again. */
  private async refuse({ refusal }: Refused): Promise<void> {
    this.refusal = { why: refusal, at_ms: Date.now() };
    if (refusal === "key" && Date.now() - this.ring_ms > KEYS_MS) this.ring = null;
  }

  private listen(): void {
    const source = new EventSource("v1/events");
    this.source = source;
    this.heard_ms = Date.now();
    source.onopen = () => this.heard(true);
    source.onerror = () => this.lost(source);
    for (const kind of EVENTS) {
      source.addEventListener(kind, (event) => void this.receive(kind, event));
    }
    const watch = window.setInterval(() => {
      if (this.source !== source) return window.clearInterval(watch);
      if (Date.now() - this.heard_ms > SILENCE_MS) this.reopen(source);
    }, REOPEN_MS);
  }

  private heard(streaming: boolean): void {
    this.heard_ms = Date.now();
    if (this.streaming === streaming) return;
    this.streaming = streaming;
    this.changed(this.snapshot());
  }

  /** The browser reconnects by itself with Last-Event-ID, unless the server said no. */
  private lost(source: EventSource): void {
    if (this.source !== source) return;
    this.heard(false);
    this.pollWithin(SOON_MS);
    if (source.readyState === EventSource.CLOSED) this.reopen(source);
  }

  private reopen(source: EventSource): void {
    source.close();
    this.source = null;
    this.streaming = false;
    window.setTimeout(() => this.listen(), REOPEN_MS * (0.5 + Math.random()));
  }

  private async receive(kind: (typeof EVENTS)[number], event: MessageEvent<string>): Promise<void> {
    this.heard(true);
    const id = Number(event.lastEventId);
    const gap = id > this.lastId + 1;
    if (!Number.isNaN(id)) this.lastId = id;
    if (kind === "heartbeat" && !gap) return;
    this.pollWithin(SOON_MS);
    if (kind === "heartbeat" || kind === "state") return;
    try {
      await this.fold(event.data);
    } catch (error) {
      if (error instanceof Refused) await this.refuse(error);
      else this.failures += 1;
    }
    this.changed(this.snapshot());
  }

  private async fold(data: string): Promise<void> {
    const ring = await this.keys();
    const event = readEvent(await open(sealed(data), ring));
    this.recent = [...this.recent.slice(-RECENT), event];
    if (this.state !== null) this.state = applyEvent(this.state, event);
  }
}

function sealed(data: string): string {
  try {
    const { jws } = JSON.parse(data) as { jws?: unknown };
    if (typeof jws === "string") return jws;
  } catch {
    // Falls through to the refusal: unreadable and unsigned are refused alike.
  }
  throw new Refused("format", "event without jws");
}

/** Never from the browser's cache: an old state that looks new would be the worst answer. */
export async function get(path: string, headers: HeadersInit): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return fetch(path, { headers, cache: "no-store", signal });
}
