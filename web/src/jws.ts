/**
 * Signatures: compact JWS (RFC 7515), algorithm ES256 (RFC 7518, 3.4) and nothing else.
 *
 * A key is good for one algorithm and is found by `kid`; a key that the message brings along
 * (`jwk`, `jku`, `x5u`) is never used. A browser offers WebCrypto only to pages from HTTPS or
 * localhost; without it the page cannot check, and says so instead of withholding a warning.
 */
import { REALMS, Refused, type Realm } from "./model.ts";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const ES256 = { name: "ECDSA", hash: "SHA-256" } as const;

export interface Keyring {
  readonly realm: Realm;
  /** null where the browser cannot check signatures. */
  readonly keys: ReadonlyMap<string, CryptoKey> | null;
}

/** The keys of `/v1/keys.json`: a JWKS (RFC 7517) with the realm that they speak for. */
export async function readKeyring(jwks: unknown): Promise<Keyring> {
  const { realm, keys } = jwks as { realm?: unknown; keys?: unknown };
  const known = REALMS.find((word) => word === realm);
  if (known === undefined || !Array.isArray(keys)) throw new Refused("key", "keys.json unreadable");
  if (globalThis.crypto?.subtle === undefined) return { realm: known, keys: null };
  const ring = new Map<string, CryptoKey>();
  for (const jwk of keys as JsonWebKey[]) {
    if (!isSigningKey(jwk)) continue;
    const { kty, crv, x, y } = jwk as Required<Pick<JsonWebKey, "kty" | "crv" | "x" | "y">>;
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ECDSA, false, ["verify"]);
    ring.set((jwk as { kid?: string }).kid ?? "", key);
  }
  if (ring.size === 0) throw new Refused("key", "keys.json has no ES256 key");
  return { realm: known, keys: ring };
}

/** The payload of `token` once its signature and realm are proven; throws `Refused` otherwise. */
export async function open(token: string, ring: Keyring): Promise<unknown> {
  const [head = "", body = "", seal = "", ...rest] = token.trim().split(".");
  if (rest.length > 0 || seal === "") throw new Refused("format", "not a compact JWS");
  const header = json(head) as Record<"alg" | "kid" | "crit" | "realm", unknown>;
  if (header.alg !== "ES256" || header.crit !== undefined) {
    throw new Refused("algorithm", String(header.alg));
  }
  if (ring.keys !== null) {
    const signed = new TextEncoder().encode(`${head}.${body}`);
    const key = choose(ring.keys, header.kid);
    const good = await crypto.subtle.verify(ES256, key, bytes(seal), signed);
    if (!good) throw new Refused("signature", "does not match");
  }
  const payload = json(body) as { realm?: unknown };
  if (header.realm !== undefined && header.realm !== ring.realm) {
    throw new Refused("realm", String(header.realm));
  }
  if (payload?.realm !== ring.realm) throw new Refused("realm", String(payload?.realm));
  return payload;
}

function isSigningKey(jwk: JsonWebKey): boolean {
  const forSigning = jwk.use === undefined || jwk.use === "sig";
  const forES256 = jwk.alg === undefined || jwk.alg === "ES256";
  return jwk.kty === "EC" && jwk.crv === "P-256" && forSigning && forES256;
}

function choose(keys: ReadonlyMap<string, CryptoKey>, kid: unknown): CryptoKey {
  const sole = keys.size === 1 && kid === undefined ? [...keys.values()][0] : undefined;
  const key = typeof kid === "string" ? keys.get(kid) : sole;
  if (key === undefined) throw new Refused("key", `unknown key ${String(kid)}`);
  return key;
}

function json(part: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(part)));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused("format", "not JSON");
  }
}

/** base64url without padding (RFC 4648, section 5). */
function bytes(part: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(part)) throw new Refused("format", "not base64url");
  try {
    const raw = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  } catch {
    throw new Refused("format", "not base64url");
  }
}
