/**
 * What has to be known of MP4 boxes (ISO/IEC 14496-12): an init segment without its sound track, and a fragment's media time. Pure.
 *
 * A tile that nobody hears neither decodes sound nor waits for it: what a browser can play reaches only as far as the shorter of the
 * two tracks does, and sound comes in larger pieces than pictures.
 */

type Bytes = Uint8Array<ArrayBuffer>;

interface Box {
  readonly type: string;
  /** With its header. */
  readonly whole: Bytes;
  readonly body: Bytes;
}

const HEADER_BYTES = 8;
const VIDEO_TRACK_ID = 1;

function boxesOf(data: Bytes): Box[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found: Box[] = [];
  let offset = 0;
  while (offset + HEADER_BYTES <= data.length) {
    const size = view.getUint32(offset);
    if (size < HEADER_BYTES || offset + size > data.length) break;
    const type = String.fromCharCode(...data.subarray(offset + 4, offset + 8));
    found.push({
      type,
      whole: data.subarray(offset, offset + size),
      body: data.subarray(offset + HEADER_BYTES, offset + size),
    });
    offset += size;
  }
  return found;
}

export function concat(pieces: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

function box(type: string, children: readonly Bytes[]): Bytes {
  const body = concat(children);
  const header = new Uint8Array(HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, HEADER_BYTES + body.length);
  header.set(
    [...type].map((letter) => letter.charCodeAt(0)),
    4,
  );
  return concat([header, body]);
}

const viewOf = (data: Bytes): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

const uint32 = (data: Bytes, offset: number): number => viewOf(data).getUint32(offset);

/** `tkhd`: version and flags, then creation and modification times of 4 or 8 bytes each, then the track's id. */
function trackId(trak: Box): number {
  const tkhd = boxesOf(trak.body).find((child) => child.type === "tkhd");
  if (tkhd === undefined) return 0;
  return uint32(tkhd.body, tkhd.body[0] === 1 ? 20 : 12);
}

function keptOfMvex(mvex: Box): Bytes {
  const kept = boxesOf(mvex.body).filter((child) => child.type !== "trex" || uint32(child.body, 4) === VIDEO_TRACK_ID);
  return box(
    "mvex",
    kept.map((child) => child.whole),
  );
}

function keptOfMoov(moov: Box): Bytes {
  const kept = boxesOf(moov.body).filter((child) => child.type !== "trak" || trackId(child) === VIDEO_TRACK_ID);
  return box(
    "moov",
    kept.map((child) => (child.type === "mvex" ? keptOfMvex(child) : child.whole)),
  );
}

/** The video track alone; everything else as it is. */
export function withoutSound(init: Bytes): Bytes {
  return concat(boxesOf(init).map((child) => (child.type === "moov" ? keptOfMoov(child) : child.whole)));
}

/** `video/mp4; codecs="avc1.64001f,mp4a.40.2"` -> the same with the first codec alone, which is the picture's. */
export function videoMime(mimeType: string): string {
  return mimeType.replace(/codecs="([^,"]+),[^"]*"/, 'codecs="$1"');
}

function find(data: Bytes, path: readonly string[]): Bytes | null {
  let within = data;
  for (const type of path) {
    const next = boxesOf(within).find((child) => child.type === type);
    if (next === undefined) return null;
    within = next.body;
  }
  return within;
}

/** When the first frame of a fragment of one track is decoded, in seconds (`tfdt`, 8.8.12); null when it cannot be read. */
export function decodedS(fragment: Bytes, timescale: number): number | null {
  const tfdt = find(fragment, ["moof", "traf", "tfdt"]);
  if (tfdt === null || tfdt.length < 8) return null;
  const view = viewOf(tfdt);
  const ticks = tfdt[0] === 1 && tfdt.length >= 12 ? Number(view.getBigUint64(4)) : view.getUint32(4);
  return ticks / timescale;
}

/** When the first frame of a fragment of one track is presented, in seconds (`tfdt` and `trun`, 8.8.8); null when it cannot be read. */
export function presentedS(fragment: Bytes, timescale: number): number | null {
  const atS = decodedS(fragment, timescale);
  return atS === null ? null : atS + firstOffset(find(fragment, ["moof", "traf", "trun"])) / timescale;
}

/** Which optional fields of `trun` come before the first sample's composition offset: data offset and first flags; duration, size, flags. */
const BEFORE_OFFSET = [0x1, 0x4, 0x100, 0x200, 0x400] as const;
const HAS_OFFSETS = 0x800;

function firstOffset(trun: Bytes | null): number {
  if (trun === null || trun.length < 8) return 0;
  const view = viewOf(trun);
  const flags = view.getUint32(0);
  const at = 8 + 4 * BEFORE_OFFSET.filter((flag) => (flags & flag) !== 0).length;
  return (flags & HAS_OFFSETS) !== 0 && at + 4 <= trun.length ? view.getInt32(at) : 0;
}
