/** Pages and their addresses. Pure. */

export type Page = "watch" | "recordings" | "storage" | "account";

const PATHS: Readonly<Record<Page, string>> = {
  watch: "/",
  recordings: "/recordings",
  storage: "/storage",
  account: "/account",
};

export const PAGES = Object.keys(PATHS) as readonly Page[];

export const pathOf = (page: Page): string => PATHS[page];

/** The page of a path; an unknown path is the first page. */
export const pageOf = (path: string): Page =>
  PAGES.find((page) => PATHS[page] === (path.replace(/\/+$/, "") || "/")) ?? "watch";

/** A query as an address shows it: instants and lists stay readable (`:`, `,` and `+` need no escape but the `+`). */
export function queryText(query: URLSearchParams): string {
  const text = query.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return text === "" ? "" : `?${text}`;
}
