import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { address, getJson, request, sendJson, whenSignedOut } from "./client";
import { Problem } from "./problem";

let sent: { path: string; options: RequestInit }[] = [];
let answer: () => Promise<Response>;

const caught = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );
const headers = (): Headers => new Headers(sent.at(-1)?.options.headers);

beforeEach(() => {
  sent = [];
  answer = () => Promise.resolve(new Response('{"a": 1}'));
  vi.stubGlobal("fetch", (path: string, options: RequestInit) => {
    sent.push({ path, options });
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  whenSignedOut(() => undefined);
});

test("queries are escaped, and what is not there is left out", async () => {
  expect(address("/api/x")).toBe("/api/x");
  expect(address("/api/x", { at: "2026-11-22T10:00:00+01:00", none: null, also: undefined, zero: 0 })).toBe(
    "/api/x?at=2026-11-22T10%3A00%3A00%2B01%3A00&zero=0",
  );
  expect(await getJson("/api/x", { a: "b&c" })).toEqual({ a: 1 });
  expect(sent.at(-1)?.path).toBe("/api/x?a=b%26c");
});

test.each(["csrf_token=secret", "other=1; __Host-csrf_token=secret"])(
  "changes carry the CSRF token of %s",
  async (cookies) => {
    vi.spyOn(document, "cookie", "get").mockReturnValue(cookies);
    await sendJson("POST", "/api/x", { b: 2 });
    expect(headers().get("X-CSRF-Token")).toBe("secret");
    expect(headers().get("Content-Type")).toBe("application/json");
    expect(sent.at(-1)?.options.body).toBe('{"b":2}');
    await getJson("/api/x");
    expect(headers().has("X-CSRF-Token")).toBe(false);
  },
);

test("a refusal is a problem with its cause, its remedy and the seconds to wait", async () => {
  const body = JSON.stringify({ type: "/problems/too-many-attempts", detail: "too many attempts", remedy: "wait 7 s" });
  answer = () => Promise.resolve(new Response(body, { status: 429, headers: { "Retry-After": "7" } }));
  const problem = (await caught(request("POST", "/api/login"))) as Problem;
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({
    status: 429,
    kind: "too-many-attempts",
    text: "too many attempts; wait 7 s",
    retryAfterS: 7,
  });
});

test("an answer that is no JSON is a problem too, and no seconds to wait are none", async () => {
  answer = () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 }));
  expect(await caught(request("GET", "/api/x"))).toMatchObject({ status: 502, kind: "", retryAfterS: null });
});

test("who is signed out is told once for each answer, with the cause", async () => {
  const told: string[] = [];
  whenSignedOut((cause) => told.push(cause));
  const body = JSON.stringify({
    type: "/problems/sign-in-required",
    detail: "the session has ended: idle for too long",
  });
  answer = () => Promise.resolve(new Response(body, { status: 401 }));
  await caught(request("GET", "/api/x"));
  answer = () => Promise.resolve(new Response('{"type": "/problems/sign-in-refused"}', { status: 401 }));
  await caught(request("POST", "/api/login"));
  expect(told).toEqual(["the session has ended: idle for too long"]);
});

test("no answer is a problem that names the remedy; what was cancelled stays an abort", async () => {
  answer = () => Promise.reject(new TypeError("Failed to fetch"));
  expect(await caught(request("GET", "/api/x"))).toMatchObject({ status: 0, kind: "unreachable" });
  answer = () => Promise.reject(new DOMException("stop", "AbortError"));
  expect(await caught(request("GET", "/api/x"))).toMatchObject({ name: "AbortError" });
});
