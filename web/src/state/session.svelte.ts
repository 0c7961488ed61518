/** Who is signed in. When a session ends, wherever that is noticed, the page asks for a new sign-in and stays where it is. */
import { getJson, sendJson, whenSignedOut } from "../api/client";
import { Problem } from "../api/problem";
import type { components } from "../api/schema";
import { say } from "./notices.svelte";

type Schemas = components["schemas"];

/** asking: not known yet. mustChange: signed in with a one-time password, which must be replaced first. */
export type Phase = "asking" | "signedOut" | "mustChange" | "signedIn";

const RETRY_MS = 2_000;

class Session {
  phase = $state<Phase>("asking");
  user = $state("");
  /** The password stands in the configuration of the recorder and is changed there. */
  configured = $state(false);
  /** Why the last session is over; empty when there was none. */
  ended = $state("");
  /** Why it is not known who is signed in. */
  trouble = $state("");
  /** The one-time password, kept for the form that replaces it. */
  #typed = "";

  constructor() {
    whenSignedOut((cause) => this.#end(cause));
    document.addEventListener("visibilitychange", () => this.#lookAgain());
  }

  /** Ask who is signed in, until there is an answer. */
  async begin(): Promise<void> {
    try {
      const me = await getJson<Schemas["Me"]>("/api/me");
      this.trouble = "";
      this.user = me.user ?? this.user;
      this.configured = me.configured;
      this.phase = me.user === null ? "signedOut" : me.mustChange ? "mustChange" : "signedIn";
    } catch (error) {
      this.trouble = error instanceof Problem ? error.text : String(error);
      setTimeout(() => void this.begin(), RETRY_MS);
    }
  }

  /** Raises `Problem`. */
  async signIn(username: string, password: string): Promise<void> {
    const answer = await sendJson<Schemas["LoggedIn"]>("POST", "/api/login", { username, password });
    this.#typed = answer.mustChange ? password : "";
    this.ended = "";
    for (const notice of answer.notices) say(notice, "warning");
    await this.begin();
  }

  /** The one-time password that was typed at the sign-in; empty after a reload. */
  get typed(): string {
    return this.#typed;
  }

  /** Raises `Problem`. */
  async changePassword(current: string, next: string): Promise<void> {
    await sendJson<Schemas["Message"]>("POST", "/api/password", { current, new: next });
    this.#typed = "";
    await this.begin();
  }

  /** Raises `Problem`. */
  async signOut(): Promise<void> {
    await sendJson<Schemas["Message"]>("POST", "/api/logout");
    this.phase = "signedOut";
    this.ended = "";
  }

  /** Who signed in in another tab of this browser is signed in here too. */
  #lookAgain(): void {
    if (document.visibilityState === "visible" && this.phase === "signedOut") void this.begin();
  }

  #end(cause: string): void {
    if (this.phase === "signedOut") return;
    this.ended = this.phase === "asking" ? "" : cause;
    this.phase = "signedOut";
  }
}

export const session = new Session();
