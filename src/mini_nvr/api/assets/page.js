// Sign in, sign out, one still a channel. Text is only ever set as text, so a camera's name is shown and never run.
"use strict";

const byId = (id) => document.getElementById(id);
const REFRESH_MS = 5000;
let timer = 0;

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
  return found ? found.slice(name.length + 1) : "";
}

async function request(method, path, body) {
  const headers = { "X-CSRF-Token": cookie("csrf_token") };
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : undefined });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.title}: ${answer.detail}; ${answer.remedy}.`);
  return answer;
}

function show(section) {
  for (const id of ["sign-in", "new-password", "channels"]) byId(id).hidden = id !== section;
  byId("who").hidden = section === "sign-in";
}

async function start() {
  clearInterval(timer);
  const me = await request("GET", "/api/me");
  byId("user").textContent = me.user ?? "";
  if (!me.user) return show("sign-in");
  if (me.mustChange) return show("new-password");
  show("channels");
  await showChannels();
  timer = setInterval(() => showChannels().catch(tell), REFRESH_MS);
}

async function showChannels() {
  const [config, live] = await Promise.all([request("GET", "/api/config"), request("GET", "/api/live")]);
  const now = Date.now();
  byId("channels").replaceChildren(...config.channels.map((channel) => {
    const item = document.createElement("li");
    const picture = document.createElement("img");
    const name = document.createElement("strong");
    const state = document.createElement("span");
    const status = live.channels[channel.channel];
    name.textContent = channel.name;
    state.textContent = ` ${status?.status ?? "OFF"}${status?.error ? `: ${status.error}` : ""}`;
    picture.alt = "";
    if (status?.status === "LIVE") picture.src = `/api/channel/${channel.channel}/frame.jpg?at=${now}&width=480`;
    item.append(picture, name, state);
    return item;
  }));
}

function tell(error) {
  byId("message").textContent = error.message;
  if (error.message.startsWith("Sign in first")) show("sign-in");
}

function onSubmit(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    byId("message").textContent = "";
    const fields = Object.fromEntries(new FormData(event.target));
    act(fields).then(() => event.target.reset()).then(start).catch(tell);
  });
}

onSubmit("sign-in", async (fields) => {
  const answer = await request("POST", "/api/login", fields);
  byId("message").textContent = answer.notices.join(" ");
});
onSubmit("new-password", (fields) => request("POST", "/api/password", fields));
byId("sign-out").addEventListener("click", () => request("POST", "/api/logout").then(start).catch(tell));
start().catch(tell);
