import { expect, it } from "vitest";

import { fromMs, utcUs } from "../../time/instant";
import { snapshotName } from "./snapshot";

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
