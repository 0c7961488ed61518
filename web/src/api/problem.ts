/** Why the recorder did not do what it was asked (RFC 9457). `detail` is the cause, `remedy` what a person can do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** The last word of the problem's `type`, such as `no-footage`; `unreachable` when no answer came. */
    readonly kind: string,
    readonly detail: string,
    readonly remedy: string,
    /** The problem as it came; holds more keys. */
    readonly fields: Readonly<Record<string, unknown>> = {},
    /** Seconds to wait before the same is tried again. */
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
    this.name = "Problem";
  }

  /** For a person: the cause and what to do. */
  get text(): string {
    if (this.remedy === "") return this.detail;
    const whole = /[.!?]$/.test(this.detail);
    return whole
      ? `${this.detail} ${this.remedy.charAt(0).toUpperCase()}${this.remedy.slice(1)}`
      : `${this.detail}; ${this.remedy}`;
  }
}
