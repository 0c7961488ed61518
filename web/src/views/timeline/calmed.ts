/** Calls at once, and then at most once in a while: the last of what came in between is not lost. */
export function calmed<T>(tell: (given: T) => void, everyMs: number): (given: T) => void {
  let resting = false;
  let waiting: { readonly given: T } | null = null;
  const rested = (): void => {
    resting = false;
    if (waiting !== null) go(waiting.given);
  };
  const go = (given: T): void => {
    waiting = null;
    resting = true;
    setTimeout(rested, everyMs);
    tell(given);
  };
  return (given) => {
    if (resting) waiting = { given };
    else go(given);
  };
}
