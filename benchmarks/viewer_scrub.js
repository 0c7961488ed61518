// Runs in a page that shows the timeline: notes where the hand that drags the playhead is, and which still is seen, picture by picture of
// the screen.
() => {
  const scrub = { hand: [], seen: [], on: false };
  window.__scrub = scrub;

  // the instant that was asked for, in milliseconds: of an answer, of its picture, and of the address that this is shown from
  const asked = new WeakMap();
  const instants = new Map();
  const { fetch } = window;
  window.fetch = async (...given) => {
    const response = await fetch(...given);
    const url = new URL(given[0] instanceof Request ? given[0].url : given[0], location.href);
    if (url.pathname.endsWith("/frame.jpg")) asked.set(response, Number(url.searchParams.get("at")));
    return response;
  };
  const { blob } = Response.prototype;
  Response.prototype.blob = async function () {
    const picture = await blob.call(this);
    if (asked.has(this)) asked.set(picture, asked.get(this));
    return picture;
  };
  const { createObjectURL } = URL;
  URL.createObjectURL = (object) => {
    const url = createObjectURL.call(URL, object);
    if (asked.has(object)) instants.set(url, asked.get(object));
    return url;
  };

  let shown = null;
  new MutationObserver(() => {
    const image = document.querySelector(".scrub img");
    if (image === null) return;
    const instant = instants.get(image.src) ?? null;
    image.decode().then(
      () => requestAnimationFrame(() => (shown = instant)),
      () => undefined,
    );
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["src"] });

  let movedAt = null;
  addEventListener("pointermove", ({ timeStamp }) => (movedAt = timeStamp), { capture: true });
  const slider = document.querySelector("[role=slider]");
  requestAnimationFrame(function look(now) {
    requestAnimationFrame(look);
    if (scrub.on) {
      scrub.hand.push([Number(slider.getAttribute("aria-valuenow")) * 1_000, movedAt ?? now]);
      scrub.seen.push([shown, now]);
    }
    movedAt = null;
  });
}
