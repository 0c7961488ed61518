"""Frames that are missing in a live stream cost no others: what the recorder sends, in a browser's Media Source Extensions."""

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Browser

from mini_nvr.live.hub import StreamHub
from mini_nvr.live.protocol import KIND_HEADER, KIND_INIT, read_json
from tests.support.footage import FRAME_90K, video_clip, video_format
from tests.support.live import Screen, WallLine, frames_of

GOP, FRAMES = 50, 75
PLAY = """async ({ mime, pieces, looks }) => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
  const buffer = source.addSourceBuffer(mime);
  for (const piece of pieces) {
    buffer.appendBuffer(Uint8Array.from(atob(piece), (letter) => letter.charCodeAt(0)));
    await new Promise((done) => buffer.addEventListener("updateend", done, { once: true }));
  }
  let painted = -1;
  const watch = () => video.requestVideoFrameCallback((_, frame) => ((painted = frame.mediaTime), watch()));
  watch();
  const seen = [];
  for (const at of looks) {
    video.currentTime = at;
    for (let tries = 0; tries < 500 && !(painted <= at && at < painted + 0.09); tries += 1)
      await new Promise((done) => setTimeout(done, 20));
    seen.push(painted);
  }
  const ranges = Array.from({ length: video.buffered.length }, (_, n) => [video.buffered.start(n), video.buffered.end(n)]);
  return JSON.stringify({ seen, ranges });
}"""


def played(browser: Browser, missing: range, looks: list[float]) -> dict[str, Any]:
    """What is seen at some media times of a stream that lacks frames, and which stretches the browser has of it."""
    clip, hub, screen = video_clip(gop=GOP), StreamHub(3, "main"), Screen()
    hub.on_format(video_format(clip), None, WallLine())
    hub.join(screen)
    for number, frame in enumerate(frames_of(clip)[:FRAMES]):
        if number not in missing:
            hub.on_video(frame)
    mime = next(read_json(one)["mimeType"] for one in screen.messages if one[0] == KIND_HEADER)
    init = next(one[1:] for one in screen.messages if one[0] == KIND_INIT)
    pieces = [base64.b64encode(piece).decode() for piece in (init, *(part.data for part in screen.parts()))]
    page = browser.new_page()
    try:
        found: dict[str, Any] = json.loads(page.evaluate(PLAY, {"mime": mime, "pieces": pieces, "looks": looks}))
    finally:
        page.close()
    return found


@pytest.mark.parametrize("missing", [range(20, 21), range(20, 22), range(20, 40), range(20, 50)])
def test_the_frames_behind_a_hole_are_shown(chromium: Browser, missing: range) -> None:
    frame_s = FRAME_90K / 90_000
    looks = [(missing.stop + after) * frame_s + 0.01 for after in (0, 5, 15)]
    found = played(chromium, missing, looks)
    # a browser that seeks while it is paused may stop at the frame before
    assert all(missing.stop * frame_s - 0.002 <= seen <= look for seen, look in zip(found["seen"], looks, strict=True)), found
    assert found["ranges"] == [[0, pytest.approx(FRAMES * frame_s, abs=0.002)]], "one stretch, up to the end of the newest frame"
