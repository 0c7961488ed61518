import { afterEach, expect, it, vi } from "vitest";

import { cameras } from "../../state/cameras.svelte";
import { notices } from "../../state/notices.svelte";
import { fromMs, utcUs } from "../../time/instant";
import { snapshotName, takeSnapshot } from "./snapshot";

vi.mock("../../media/stage", () => ({ stage: { snapshot: () => Promise.resolve(null) } }));

const AT = utcUs(Date.UTC(2026, 10, 22, 13, 32, 7) * 1_000);

it.each([
  ["Gate", "Gate_2026-11-22_14-32-07.jpg"],
  ["Front door", "Front door_2026-11-22_14-32-07.jpg"],
  ["../../etc/passwd", "etc passwd_2026-11-22_14-32-07.jpg"],
  ['<img src=x onerror="alert(1)">', "img src=x onerror= alert(1)_2026-11-22_14-32-07.jpg"],
  ["...", "camera_2026-11-22_14-32-07.jpg"],
  ["Hof\u202egpj.exe", "Hof gpj.exe_2026-11-22_14-32-07.jpg"],
  ["大門", "大門_2026-11-22_14-32-07.jpg"],
])("a snapshot of %j is %j", (camera, name) => {
  expect(snapshotName(camera, AT, "Europe/Berlin")).toBe(name);
});

it("snapshots of an hour that comes twice have names of their own", () => {
  expect(snapshotName("Gate", fromMs(Date.parse("2026-10-25T01:30:00Z")), "Europe/Berlin")).toBe(
    "Gate_2026-10-25_02-30-00-CET.jpg",
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("a snapshot of stills has the time of its own picture, and is asked for in its full size", async () => {
  vi.useFakeTimers(); // the picture is forgotten later
  const [names, asked]: string[][] = [[], []];
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:picture");
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names?.push(this.download);
  });
  vi.stubGlobal("fetch", (url: string) => {
    asked?.push(url);
    return Promise.resolve(new Response("JPEG", { headers: { "X-Frame-Time": "2026-11-22T13:32:09.480Z" } }));
  });
  cameras.zone = "Europe/Berlin";
  cameras.list = [{ channel: 2, name: "Gate", enabled: true, hasAudio: false, hasSub: false }];
  cameras.painted.set(2, AT);
  await takeSnapshot(2);
  expect(asked).toEqual(["/api/channel/2/frame.jpg"]);
  expect(names).toEqual(["Gate_2026-11-22_14-32-09.jpg"]);
});

it("says in words for people that there is nothing to take", async () => {
  const problem = {
    type: "/problems/no-footage",
    status: 404,
    detail: "channel 2 has no footage at 2026-11-22T13:32:07+00:00",
    remedy: "see /api/timeline",
    cause: null,
  };
  vi.stubGlobal("fetch", () =>
    Promise.resolve(
      new Response(JSON.stringify(problem), { status: 404, headers: { "Content-Type": "application/problem+json" } }),
    ),
  );
  await takeSnapshot(2);
  expect(notices.list.at(-1)?.text).toBe("No snapshot: nothing was recorded at this time");
});
