/** What to do when a live picture was ended because nobody is signed in: a request finds out, and the client tells the page. */
import { getJson } from "../api/client";

/** Asks for something that needs a session; a failure is the client's to tell (`whenSignedOut`). */
export function stillSignedIn(): void {
  getJson("/api/config").catch(() => undefined);
}
