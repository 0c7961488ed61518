/** Which page is open, and its query: the address bar, reactive. The watch page's own query is kept by `address_bar.svelte.ts`. */
import { pageOf, pathOf, queryText, type Page } from "./route";

export type Query = Readonly<Record<string, string | number | null | undefined>>;

const parameters = (query: Query): URLSearchParams =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === null || value === undefined || value === "" ? [] : [[name, String(value)]],
    ),
  );

class Route {
  page = $state<Page>(pageOf(location.pathname));
  /** Read-only; replaced as a whole. */
  query = $state.raw(new URLSearchParams(location.search));

  constructor() {
    addEventListener("popstate", () => this.#read());
  }

  /** Open a page, as a click on a link does; back returns. `go("watch")` shows what `watch.now` says. */
  go(page: Page, query: Query = {}): void {
    this.#write("pushState", page, parameters(query));
  }

  /** Change the query of the open page without a new entry in the history, as for a filter. */
  replace(query: Query): void {
    this.#write("replaceState", this.page, parameters(query));
  }

  /** Put a query into the address bar, with a note that back and reload find in `noted`; what is there already is left alone. */
  show(query: URLSearchParams, how: "pushState" | "replaceState", note: string): void {
    if (queryText(query) !== location.search || note !== this.noted) this.#write(how, this.page, query, note);
  }

  /** The note of the place in the history; empty where somebody came by a link. */
  get noted(): string {
    return typeof history.state === "string" ? history.state : "";
  }

  #write(how: "pushState" | "replaceState", page: Page, query: URLSearchParams, note = ""): void {
    history[how](note, "", pathOf(page) + queryText(query));
    this.#read();
  }

  #read(): void {
    this.page = pageOf(location.pathname);
    this.query = new URLSearchParams(location.search);
  }
}

export const route = new Route();
