import { afterEach, describe, expect, it, vi } from "vitest";

import { utcUs } from "../time/instant";
import { Problem } from "./problem";
import { deleteRange, exportableRanges, exportAddress, exportFile, fileName, recordingsOfDay } from "./recordings";

const SPAN = { startUs: utcUs(1_000_500), endUs: utcUs(2_000_500) };

afterEach(() => vi.unstubAllGlobals());

/** Answers of the recorder by method; what was asked. */
function recorder(answers: Record<string, () => Response>) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string, { method }: { method: string }) => {
    asked.push(`${method} ${url}`);
    return Promise.resolve(answers[method]?.() ?? new Response(null, { status: 404 }));
  });
  return asked;
}

it.each([
  [null, null],
  ["attachment", null],
  ['attachment; filename="a b.mp4"', "a b.mp4"],
  ["attachment; filename=\"Stra_e.mp4\"; filename*=UTF-8''Stra%C3%9Fe.mp4", "Straße.mp4"],
])("%s names %s", (header, name) => expect(fileName(header)).toBe(name));

it("asks for a range in milliseconds that hold all of it", () => {
  expect(exportAddress(3, SPAN)).toBe("/api/channel/3/export.mp4?start=1000&end=2001");
});

describe("an export", () => {
  it("has a size and a name before its first byte", async () => {
    const headers = { "Content-Length": "5384529", "Content-Disposition": 'attachment; filename="Gate.mp4"' };
    const asked = recorder({ HEAD: () => new Response(null, { headers }) });
    expect(await exportFile(1, SPAN)).toEqual({ bytes: 5_384_529, name: "Gate.mp4" });
    expect(asked).toHaveLength(1);
  });

  it("says why there is none, which an answer to HEAD cannot", async () => {
    const ranges = [{ start: 1_000, end: 1_500 }, { start: 1_500, end: 2_000 }, { start: "x" }];
    const problem = { type: "/problems/format-changes", detail: "the format changes", remedy: "export each", ranges };
    recorder({
      HEAD: () => new Response(null, { status: 409 }),
      GET: () => Response.json(problem, { status: 409 }),
    });
    const refused = await exportFile(1, SPAN).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Problem);
    expect((refused as Problem).text).toBe("the format changes; export each");
    expect(exportableRanges(refused as Problem)).toEqual([
      { startUs: 1_000_000, endUs: 1_500_000 },
      { startUs: 1_500_000, endUs: 2_000_000 },
    ]);
  });

  it("has no pieces when something else is the matter", () => {
    expect(exportableRanges(new Problem(404, "no-footage", "none", "", { ranges: [{ start: 1, end: 2 }] }))).toEqual(
      [],
    );
    expect(exportableRanges(new Problem(409, "format-changes", "none", ""))).toEqual([]);
  });
});

it("lists files with microseconds and their path", async () => {
  const listed = {
    ...{ id: 7, name: "ch1/a.mp4", startTime: "", datetime: "", start: 1_000, end: 61_000, size: "", bytes: 5 },
    ...{ duration: null, live: true, container: "mp4", codec: null, protected: false },
  };
  const asked = recorder({ GET: () => Response.json({ recordings: [listed] }) });
  const [file] = await recordingsOfDay(1, "2026-11-22");
  expect(file).toMatchObject({ path: "ch1/a.mp4", startUs: 1_000_000, endUs: 61_000_000, growing: true });
  expect(asked).toEqual(["GET /api/channel/1/recordings?date=2026-11-22"]);
});

it("deletes a range and tells what became of it", async () => {
  const answer = { deleted: ["ch1/a.mp4"], kept: [{ path: "ch1/b.mp4", reason: "protected" }], bytes: 5 };
  const asked = recorder({ DELETE: () => Response.json(answer) });
  expect(await deleteRange(1, SPAN)).toEqual(answer);
  expect(asked).toEqual(["DELETE /api/recordings?channel=1&start=1000&end=2001"]);
});
