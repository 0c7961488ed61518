// Runs in the page before its own scripts: notes when packets come and when their frames are painted.
(() => {
  const probe = { received: new Map(), painted: [], startUs: new Map(), on: false };
  window.__probe = probe;

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      const parts = [];
      let stream;
      this.addEventListener("message", ({ data }) => {
        const view = new DataView(data);
        const kind = view.getUint8(0);
        if (kind === 1) {
          const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 1)));
          stream = { originsUs: [header.startUtcUs], parts };
          probe.received.set(`${header.channel} ${header.width}`, stream);
        }
        if (kind === 3 && (view.getUint8(9) & 2) === 0) {
          const utcUs = Number(view.getBigUint64(1));
          if (stream?.originsUs.length === 1) stream.originsUs.push(utcUs);
          parts.push([utcUs, performance.now()]);
          if (parts.length > 500) parts.splice(0, 250);
        }
      });
    }
  };

  const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (tell) {
    return ask.call(this, (now, frame) => {
      if (probe.first === undefined && this.isConnected) probe.first = frame.expectedDisplayTime;
      if (probe.on) probe.painted.push(note(this, frame));
      if (probe.sought !== undefined) {
        const asked = probe.sought;
        probe.sought = undefined;
        requestAnimationFrame((shown) => probe.seeks.push(Math.max(shown, frame.expectedDisplayTime) - asked));
      }
      tell(now, frame);
    });
  };

  // the channel of a tile, the time its newest part came, and the time that this frame is seen; media time 0 of a picture is that of
  // its stream, or the first frame that came
  function note(video, frame) {
    const channel = video.closest("[data-channel]")?.dataset.channel ?? "1";
    const stream = probe.received.get(`${channel} ${video.videoWidth}`);
    let came = null;
    if (stream !== undefined) {
      const utcs = stream.originsUs.map((us) => us + frame.mediaTime * 1e6);
      const part = stream.parts.findLast(([at]) => utcs.some((utc) => Math.abs(at - utc) < 20_000));
      came = part?.[1] ?? null;
    }
    return [Number(channel), came, frame.expectedDisplayTime];
  }

  probe.seeks = [];
  addEventListener(
    "keydown",
    ({ key }) => {
      if (key === "Enter") probe.sought = performance.now();
    },
    { capture: true },
  );
})();
