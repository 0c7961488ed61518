/** A picture as JPEG, in its full size. */

const QUALITY = 0.92;

/** null: there is no picture. */
export function snapshotOf(
  picture: CanvasImageSource,
  [width, height]: readonly [number, number],
): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  if (width === 0 || pen === null) return Promise.resolve(null);
  pen.drawImage(picture, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
