import "./styles/tokens.css";

import { mount } from "svelte";

import { rehearse } from "./media/rehearsal";
import App from "./views/App.svelte";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no #app");
rehearse();
mount(App, { target });
