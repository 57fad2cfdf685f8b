// The keys of the pages. Each drives a control that is there for the mouse too.
import { isOpen } from "./palette.js";
import { toggle } from "./selection.js";

const SEARCH = { list: "session-search", detail: "session-event-search" };
const page = document.body.dataset.page;

const LIST_KEYS = {
  j: () => move(1),
  k: () => move(-1),
  Enter: () => selected()?.querySelector("a").click(),
  x: () => toggle(selected()),
  t: () => nextOption("t"),
  o: () => nextOption("o"),
  r: () => nextTab("r"),
  l: () => nextTab("l"),
};
const DETAIL_KEYS = {
  j: () => scrollBy({ top: 120 }),
  k: () => scrollBy({ top: -120 }),
  n: () => step(1),
  p: () => step(-1),
  h: () => document.getElementById("handoff-link").click(),
};
for (const key of "12345") DETAIL_KEYS[key] = () => document.querySelector(`.filter[data-key="${key}"]`)?.click();
const KEYS = { list: LIST_KEYS, detail: DETAIL_KEYS, shared: DETAIL_KEYS }[page] ?? {};

export function startShortcuts() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", () => page === "list" && select(selected(), false));
  if (page === "list") startList();
  if (page === "detail") startDetail();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isOpen()) return;
  if (event.target.matches("input:not([type=checkbox]), textarea, select")) return onFieldKey(event);
  // Enter and Space belong to what has the focus; only from the page itself do they mean the selected session.
  if (event.key === "Enter" && event.target.closest("a, button, summary, input")) return;
  const action = event.key === "/" || event.key === "?" ? focusSearch : event.key === "Escape" ? back : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function onFieldKey(event) {
  const field = event.target;
  if (field.type !== "search") return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (!field.value) return field.blur();
    field.value = "";
    field.form.requestSubmit();
  } else if (event.key === "Enter" && page === "detail" && field.value === field.dataset.done) {
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  }
}

function focusSearch() {
  document.getElementById(SEARCH[page])?.select();
}

// History may lead off the site, so it is used only when what lies there is where the page leads back to.
function back() {
  // Who reads a shared session stays in it.
  if (page === "list" || page === "shared") return;
  const home = document.body.dataset.back;
  const from = document.referrer && new URL(document.referrer);
  if (from && from.origin === location.origin && from.pathname === home && history.length > 1) history.back();
  else location.assign(home);
}

function cards() {
  return [...document.querySelectorAll("[data-session-id]")];
}

let chosen = "";

function selected() {
  return document.getElementById(chosen) ?? cards()[0];
}

function select(card, focus = true) {
  for (const other of document.querySelectorAll(".card.is-selected")) other.classList.remove("is-selected");
  if (!card) return;
  chosen = card.id;
  card.classList.add("is-selected");
  if (focus) {
    card.querySelector("a").focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
}

function move(by) {
  const all = cards();
  const at = all.indexOf(selected());
  select(all[Math.max(0, Math.min(all.length - 1, at + by))]);
}

function nextOption(key) {
  const field = document.querySelector(`select[data-key="${key}"]`);
  field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function nextTab(key) {
  const tabs = [...document.querySelectorAll(`[data-key="${key}"] [role=tab]`)];
  const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  tabs[(at + 1) % tabs.length].click();
}

function startList() {
  select(selected(), false);
  document.addEventListener("change", (event) => event.target.matches(".toolbar select") && event.target.form.requestSubmit());
}

function startDetail() {
  const field = document.getElementById("session-event-search");
  field.dataset.done = field.value;
  document.addEventListener("htmx:afterSettle", () => (field.dataset.done = field.value));
  document.addEventListener("click", onFlow);
  const facts = document.getElementById("facts");
  if (facts && matchMedia("(max-width: 1023px)").matches) facts.open = false;
  document.querySelector(".row.is-target")?.scrollIntoView({ block: "center" });
}

// The flow bar is a map: a click opens the window there.
function onFlow(event) {
  const bar = event.target.closest(".flow-bar");
  if (!bar) return;
  const box = bar.getBoundingClientRect();
  const first = Math.floor(((event.clientX - box.left) / box.width) * Number(bar.dataset.total));
  location.assign(bar.dataset.flow + Math.max(0, first));
}

function step(by) {
  const rows = [...document.querySelectorAll("#rows > [data-timeline-idx]")];
  if (!rows.length) return;
  const here = document.querySelector(".row.is-here");
  const at = here ? rows.indexOf(here) : -1;
  const next = at < 0 ? nearest(rows, by) : rows[(at + by + rows.length) % rows.length];
  here?.classList.remove("is-here");
  next.classList.add("is-here");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
}

// Before the first step there is no place yet: it is what the reader sees.
function nearest(rows, by) {
  if (scrollY < 200) return by > 0 ? rows[0] : rows[rows.length - 1];
  return rows.find((row) => row.getBoundingClientRect().top > innerHeight / 3) ?? rows[rows.length - 1];
}
