import { describe, expect, it } from "vitest";

import { concat, presentedS, videoMime, withoutSound } from "./mp4_boxes";

type Bytes = Uint8Array<ArrayBuffer>;

const raw = (...values: number[]): Bytes => new Uint8Array(values);
const uint32 = (value: number): Bytes => {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value);
  return data;
};
const box = (type: string, ...children: Bytes[]): Bytes => {
  const body = concat(children);
  return concat([uint32(8 + body.length), raw(...[...type].map((letter) => letter.charCodeAt(0))), body]);
};
const tkhd = (id: number, version = 0): Bytes =>
  box("tkhd", raw(version, 0, 0, 0), new Uint8Array(version === 1 ? 16 : 8), uint32(id));
const trak = (id: number, version = 0): Bytes => box("trak", tkhd(id, version), box("mdia", raw(id)));
const trex = (id: number): Bytes => box("trex", uint32(0), uint32(id), uint32(1));

describe("an init segment without sound", () => {
  it("keeps the video track and what is not of a track", () => {
    const mvhd = box("mvhd", raw(1, 2, 3));
    const before = concat([box("ftyp", raw(5)), box("moov", mvhd, trak(1), trak(2), box("mvex", trex(1), trex(2)))]);
    const after = concat([box("ftyp", raw(5)), box("moov", mvhd, trak(1), box("mvex", trex(1)))]);
    expect(withoutSound(before)).toEqual(after);
  });

  it("finds the id behind long times", () => {
    expect(withoutSound(box("moov", trak(1, 1), trak(2, 1)))).toEqual(box("moov", trak(1, 1)));
  });

  it("leaves one without sound as it is", () => {
    const init = concat([box("ftyp", raw(5)), box("moov", trak(1), box("mvex", trex(1)))]);
    expect(withoutSound(init)).toEqual(init);
  });
});

describe("MIME types", () => {
  it.each([
    ['video/mp4; codecs="avc1.64001f,mp4a.40.2"', 'video/mp4; codecs="avc1.64001f"'],
    ['video/mp4; codecs="hvc1.1.6.L93.B0"', 'video/mp4; codecs="hvc1.1.6.L93.B0"'],
  ])("%s", (before, after) => expect(videoMime(before)).toBe(after));
});

describe("a fragment's time", () => {
  const fragment = (tfdt: Bytes): Bytes =>
    concat([box("moof", box("mfhd", uint32(7)), box("traf", box("tfhd", uint32(1)), tfdt)), box("mdat", raw(1))]);

  it("reads 64 bits", () => {
    expect(presentedS(fragment(box("tfdt", raw(1, 0, 0, 0), uint32(1), uint32(0))), 90_000)).toBeCloseTo(
      2 ** 32 / 90_000,
    );
  });

  it("reads 32 bits", () => {
    expect(presentedS(fragment(box("tfdt", uint32(0), uint32(45_000))), 90_000)).toBe(0.5);
  });

  it("is when it is presented, which decoding comes before where frames are missing", () => {
    const tfdt = box("tfdt", uint32(0), uint32(45_000));
    const whole = (flags: number, ...words: number[]) =>
      concat([
        box("moof", box("traf", tfdt, box("trun", uint32(0x01000000 | flags), uint32(1), ...words.map(uint32)))),
      ]);
    expect(presentedS(whole(0xf01, 108, 3_600, 5_000, 0, 9_000), 90_000)).toBe(0.6);
    expect(presentedS(whole(0xf01, 108, 3_600, 5_000, 0, -9_000), 90_000)).toBe(0.4);
    expect(presentedS(whole(0x701, 108, 3_600, 5_000, 0), 90_000)).toBe(0.5);
    expect(presentedS(whole(0xf01, 108, 3_600), 90_000)).toBe(0.5); // cut off
  });

  it("is unknown of what is no fragment", () => {
    expect(presentedS(raw(0, 0, 0, 9, 1), 90_000)).toBeNull();
    expect(presentedS(fragment(box("tfdt", raw(1))), 90_000)).toBeNull();
  });
});
