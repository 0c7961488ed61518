// Before the first paint, so that nothing flashes; state/theme.svelte.ts does the rest.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("mini-nvr.theme");
  } catch {
    // a browser that keeps nothing
  }
  var light = choice === "light" || (choice !== "dark" && matchMedia("(prefers-color-scheme: light)").matches);
  document.documentElement.dataset.theme = light ? "light" : "dark";
})();
