/** Lets plain modules follow reactive state. */

/** Runs `act` now and whenever state that it read changes, until the returned function is called. */
export function follow(act: () => void): () => void {
  return $effect.root(() => {
    $effect(act);
  });
}
