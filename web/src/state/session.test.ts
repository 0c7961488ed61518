import { beforeEach, expect, test, vi } from "vitest";

import { session } from "./session.svelte";

type Answer = { status?: number; body: unknown };
let answers: Record<string, Answer> = {};
let sent: { path: string; body: unknown }[] = [];

const PROBLEM = { type: "/problems/sign-in-required", detail: "the session has ended: idle for too long", remedy: "" };

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", (path: string, options: { body?: string }) => {
    sent.push({ path, body: options.body === undefined ? undefined : JSON.parse(options.body) });
    const answer = answers[path] ?? { status: 404, body: {} };
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status ?? 200 }));
  });
});

test("a stranger signs in, is signed out by the recorder, and is told why", async () => {
  answers = { "/api/me": { body: { user: null, mustChange: false, configured: false } } };
  await session.begin();
  expect([session.phase, session.ended]).toEqual(["signedOut", ""]);
  answers = {
    "/api/login": { body: { message: "", user: "anna", mustChange: false, notices: [] } },
    "/api/me": { body: { user: "anna", mustChange: false, configured: true } },
    "/api/sessions": { status: 401, body: PROBLEM },
  };
  await session.signIn("anna", "secret");
  expect([session.phase, session.user, session.configured]).toEqual(["signedIn", "anna", true]);
  expect(session.typed).toBe("");
  const { getJson } = await import("../api/client");
  await expect(getJson("/api/sessions")).rejects.toThrow("idle");
  expect([session.phase, session.ended]).toEqual(["signedOut", "the session has ended: idle for too long"]);
});

test("a one-time password leads to a new one, without being typed twice", async () => {
  answers = {
    "/api/login": { body: { message: "", user: "admin", mustChange: true, notices: [] } },
    "/api/me": { body: { user: "admin", mustChange: true, configured: false } },
  };
  await session.signIn("admin", "one-time");
  expect([session.phase, session.typed]).toEqual(["mustChange", "one-time"]);
  answers = {
    "/api/password": { body: { message: "" } },
    "/api/me": { body: { user: "admin", mustChange: false, configured: false } },
  };
  await session.changePassword(session.typed, "violet otter umbrella");
  expect(sent.find((one) => one.path === "/api/password")?.body).toEqual({
    current: "one-time",
    new: "violet otter umbrella",
  });
  expect([session.phase, session.typed]).toEqual(["signedIn", ""]);
});

test("signing out leads to the sign-in without a cause", async () => {
  answers = { "/api/logout": { body: { message: "" } } };
  await session.signOut();
  expect([session.phase, session.ended]).toEqual(["signedOut", ""]);
});

test("who signed in in another tab is signed in here when this one is looked at", async () => {
  answers = { "/api/me": { body: { user: "anna", mustChange: false, configured: true } } };
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(() => expect(session.phase).toBe("signedIn"));
});
