import { flushSync } from "svelte";
import { expect, it, vi } from "vitest";

import { utcUs } from "../time/instant";
import { Stills } from "./stills";

it("tells views when a picture comes", async () => {
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:1");
  const fetch = () => Promise.resolve({ picture: new Blob(), utcUs: utcUs(8) });
  const stills = new Stills(fetch, () => utcUs(1e9));
  const seen: (string | undefined)[] = [];
  const end = $effect.root(() => {
    $effect(() => void seen.push(stills.nearest(1, utcUs(10), 320)?.url));
  });
  flushSync();
  stills.want(1, utcUs(10), 320);
  await vi.waitFor(() => {
    flushSync();
    expect(seen).toEqual([undefined, "blob:1"]);
  });
  end();
});
