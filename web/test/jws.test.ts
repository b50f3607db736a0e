import { beforeAll, describe, expect, test } from "vitest";
import { open, readKeyring, type Keyring } from "../src/jws.ts";

/**
 * RFC 7515, appendix A.3: the published ES256 example, key and token as printed there. Its payload
 * has no realm, so that a genuine token ends in the refusal "realm" and not in "signature".
 */
const RFC_KEY = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
};
const RFC_TOKEN =
  "eyJhbGciOiJFUzI1NiJ9." +
  "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
  "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const STATE = { realm: "exercise", word: "тривога" };

let pair: CryptoKeyPair;
let stranger: CryptoKeyPair;
let ring: Keyring;

beforeAll(async () => {
  pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  stranger = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  ring = await ringOf("exercise", pair);
});

describe("a compact JWS", () => {
  test("of the RFC verifies", async () => {
    const rfc = await readKeyring({ realm: "live", keys: [RFC_KEY] });
    await expect(open(RFC_TOKEN, rfc)).rejects.toMatchObject({ refusal: "realm" });
    const other = RFC_TOKEN.replace("DtEh", "DtEi");
    await expect(open(other, rfc)).rejects.toMatchObject({ refusal: "signature" });
  });

  test("gives its payload, in any script", async () => {
    expect(await open(await sign(STATE, pair), ring)).toEqual(STATE);
  });

  test("is refused when any one character is changed", async () => {
    const token = await sign(STATE, pair);
    const [head, body] = token.split(".") as [string, string];
    for (const at of [head.length + 3, head.length + body.length - 2, token.length - 20]) {
      const letter = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      await expect(open(changed, ring)).rejects.toMatchObject({ refusal: "signature" });
    }
  });

  test.each([
    ["another key under our name", { kid: "k1" }, "signature"],
    ["an unknown key name", { kid: "k2" }, "key"],
    ["no signature algorithm", { kid: "k1", alg: "none" }, "algorithm"],
    ["a shared secret", { kid: "k1", alg: "HS256" }, "algorithm"],
    ["a key of its own", { jwk: RFC_KEY, kid: "k2" }, "key"],
    ["unencoded payload", { kid: "k1", b64: false, crit: ["b64"] }, "algorithm"],
  ])("with %s is refused", async (_, header, refusal) => {
    const token = await sign(STATE, stranger, header);
    await expect(open(token, ring)).rejects.toMatchObject({ refusal });
  });

  test("of another realm is refused, however well signed", async () => {
    const token = await sign({ ...STATE, realm: "live" }, pair);
    await expect(open(token, ring)).rejects.toMatchObject({ refusal: "realm" });
    const header = await sign(STATE, pair, { realm: "live" });
    await expect(open(header, ring)).rejects.toMatchObject({ refusal: "realm" });
  });

  test.each(["", "a.b", "a.b.c.d", "!.e30.AA", "e30..AA", "bm90IGpzb24.e30.AA"])(
    "that is rubbish (%j) is refused, not thrown through",
    async (token) => {
      await expect(open(token, ring)).rejects.toHaveProperty("refusal");
    },
  );
});

describe("the keys", () => {
  test.each([
    [{ realm: "exercise", keys: [] }],
    [{ realm: "war", keys: [RFC_KEY] }],
    [{ realm: "live", keys: [{ ...RFC_KEY, use: "enc" }] }],
    [{ realm: "live", keys: [{ ...RFC_KEY, alg: "ES384" }] }],
  ])("%j are not accepted", async (jwks) => {
    await expect(readKeyring(jwks)).rejects.toMatchObject({ refusal: "key" });
  });
});

async function ringOf(realm: string, keys: CryptoKeyPair): Promise<Keyring> {
  const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
  return readKeyring({ realm, keys: [{ ...jwk, kid: "k1", alg: "ES256" }] });
}

async function sign(payload: object, keys: CryptoKeyPair, header: object = {}): Promise<string> {
  const head = base64url(JSON.stringify({ alg: "ES256", kid: "k1", ...header }));
  const signed = `${head}.${base64url(JSON.stringify(payload))}`;
  const hash = { name: "ECDSA", hash: "SHA-256" };
  const seal = await crypto.subtle.sign(hash, keys.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(seal))}`;
}

function base64url(data: string | Uint8Array): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const plain = btoa(String.fromCharCode(...bytes));
  return plain.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
