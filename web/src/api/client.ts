/** Requests to the recorder: JSON in and out, the CSRF token added, every failure a `Problem`. */
import { earlyAnswer } from "./early";
import { Problem } from "./problem";

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

let onSignedOut: (cause: string) => void = () => undefined;

/** Who is told when an answer says that nobody is signed in, with the cause for a person. */
export function whenSignedOut(tell: (cause: string) => void): void {
  onSignedOut = tell;
}

/** An address with its query; null and undefined are left out. */
export function address(path: string, query: Query = {}): string {
  const found = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(found.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

function csrfToken(): string {
  const found = document.cookie.split("; ").find((cookie) => /^(__Host-)?csrf_token=/.test(cookie));
  return found === undefined ? "" : decodeURIComponent(found.slice(found.indexOf("=") + 1));
}

async function problemOf(response: Response): Promise<Problem> {
  const fields = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const text = (key: string): string => (typeof fields[key] === "string" ? fields[key] : "");
  const kind = text("type").split("/").at(-1) ?? "";
  const waitS = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new Problem(
    response.status,
    kind,
    text("detail") || `the recorder answered ${response.status}`,
    text("remedy"),
    fields,
    Number.isFinite(waitS) ? waitS : null,
  );
}

/** The answer to a request; raises `Problem`. `signal` cancels it (then an AbortError is raised). */
export async function request(
  method: string,
  path: string,
  options: { query?: Query; body?: unknown; signal?: AbortSignal } = {},
): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (method !== "GET") headers.set("X-CSRF-Token", csrfToken());
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  const where = address(path, options.query);
  let response: Response;
  try {
    response = await fetch(where, {
      method,
      headers,
      credentials: "same-origin",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(
      0,
      "unreachable",
      "the recorder does not answer",
      "look at its power and the network; this page tries again by itself",
    );
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.kind === "sign-in-required") onSignedOut(problem.detail);
  throw problem;
}

/** Send a change; its JSON answer. */
export async function sendJson<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const response = await request(method, path, body === undefined ? {} : { body });
  return (await response.json()) as T;
}

/** A JSON answer. T is what the route is documented to answer (`schema.d.ts`). */
export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const early = await earlyAnswer(address(path, query));
  if (early !== undefined) return early as T;
  const response = await request("GET", path, { query, ...(signal === undefined ? {} : { signal }) });
  return (await response.json()) as T;
}
