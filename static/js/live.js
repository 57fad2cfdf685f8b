// Pages show what agents do while they do it. The server says only that something was stored; the page then asks for
// its own parts again and changes what differs, so that scroll position, focus and opened rows stay.
const PAUSE = 700;
const RETRY = 5000;
const FOCUSABLE = "a, button, summary, input";

let source = null;
let timer = 0;
let last = 0;

export function startLive() {
  if (!["list", "detail"].includes(document.body.dataset.page)) return;
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => event.persisted && start());
  if (!document.hidden) start();
}

// A hidden page does not listen: browsers allow few connections to a server.
function start() {
  if (source) return;
  source = new EventSource(document.body.dataset.events);
  source.addEventListener("changed", refreshSoon);
  // What was stored between the making of this page and the first look of the server would be missed otherwise.
  source.addEventListener("ready", refreshSoon);
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return;
    stop();
    setTimeout(() => document.hidden || start(), RETRY);
  });
}

function stop() {
  source?.close();
  source = null;
}

function refreshSoon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(0, last + PAUSE - Date.now()));
}

async function refresh() {
  last = Date.now();
  const url = document.body.dataset.page === "list" ? listUrl() : detailUrl();
  if (!url) return;
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  const text = answer?.ok ? await answer.text().catch(() => "") : "";
  // From here on nothing is waited for, so that the reader can do nothing in between.
  if (!text || url !== (document.body.dataset.page === "list" ? listUrl() : detailUrl())) return;
  // What the reader is loading right now goes into the page as it is; changing it meanwhile would lose the answer.
  if (document.querySelector(".htmx-request")) return refreshSoon();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (document.body.dataset.page === "detail") mergeRows(fresh);
  for (const part of fresh.querySelectorAll("[data-live]")) replacePart(part);
  document.dispatchEvent(new CustomEvent("opensession:swapped"));
}

function listUrl() {
  return document.getElementById("session-list")?.dataset.url;
}

function detailUrl() {
  return document.getElementById("later")?.dataset.liveUrl;
}

// What the server said of an element. One that came in another way, as an answer to the reader, is not among them.
const seen = new WeakMap();

function replacePart(part) {
  const old = document.getElementById(part.id);
  const text = part.outerHTML;
  if (!old || seen.get(old) === text || isInUse(old)) return;
  const isMerged = part.id === "results" && mergeCards(part);
  if (!isMerged) swap(old, part);
  seen.set(isMerged ? old : part, text);
}

// The first page of the list comes anew; what the reader loaded behind it stays.
function mergeCards(part) {
  const [list, fresh] = [document.getElementById("cards"), part.querySelector("#cards")];
  if (!list || !fresh) return false;
  const focus = document.activeElement?.closest("[data-session-id]")?.id;
  const kind = document.activeElement?.matches("input") ? "input" : "a";
  const cards = [...fresh.querySelectorAll("[data-session-id]")];
  const names = new Set(cards.map((card) => card.id));
  const loaded = [...list.querySelectorAll("[data-session-id]")];
  const rest = loaded.length > cards.length ? loaded.filter((card) => !names.has(card.id)) : [];
  const chosen = list.querySelector(".is-selected")?.id;
  const more = (rest.length ? list : fresh).querySelector("#more");
  list.replaceChildren(...cards, ...rest, ...(more ? [more] : []));
  [...list.querySelectorAll("[data-session-id]")].forEach((card, at) => (card.dataset.sessionIdx = at));
  window.htmx.process(list);
  document.getElementById(chosen)?.classList.add("is-selected");
  if (focus) document.getElementById(focus)?.querySelector(kind).focus({ preventScroll: true });
  return true;
}

function mergeRows(fresh) {
  const list = document.getElementById("rows");
  const later = document.getElementById("later");
  const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 120;
  for (const row of fresh.querySelectorAll("#rows > li")) {
    if (row.id === "later") continue;
    const old = document.getElementById(row.id);
    if (old) replaceRow(old, row);
    else if (isBehind(row, later)) appendRow(list, later, row);
  }
  const next = fresh.getElementById("later");
  if (next && later && next.outerHTML !== later.outerHTML) {
    later.replaceWith(next);
    window.htmx.process(next);
  }
  if (isAtEnd) scrollTo({ top: document.documentElement.scrollHeight });
}

// A part of the timeline that was never loaded here is not filled in behind the reader's back.
function isBehind(row, later) {
  const before = later.previousElementSibling;
  return !before?.dataset.timelineIdx || Number(row.dataset.timelineIdx) > Number(before.dataset.timelineIdx);
}

function appendRow(list, later, row) {
  row.classList.add("is-new");
  list.insertBefore(row, later);
  window.htmx.process(row);
  setTimeout(() => row.classList.remove("is-new"), 4000);
}

// A call that got its result in the meantime is shown anew; whatever says the same stays as the reader left it.
function replaceRow(old, row) {
  if (words(old) === words(row) || isSelected(old)) return;
  row.querySelectorAll(".separator").forEach((each) => each.remove());
  row.prepend(...old.querySelectorAll(":scope > .separator"));
  swap(old, row);
}

function isInUse(element) {
  return isSelected(element) || [...element.querySelectorAll("select")].some(isChosenFrom);
}

// What the reader has chosen and not sent yet would be sent as it was before.
function isChosenFrom(select) {
  return select === document.activeElement || [...select.options].some((each) => each.selected !== each.defaultSelected);
}

function isSelected(element) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(element, true);
}

// What was open stays open, and what had the focus has it again.
function swap(old, fresh) {
  const open = [...old.querySelectorAll("details")].map((each) => each.open);
  const focus = [...old.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
  old.replaceWith(fresh);
  fresh.querySelectorAll("details").forEach((each, at) => (each.open = open[at] ?? each.open));
  if (focus >= 0) fresh.querySelectorAll(FOCUSABLE)[focus]?.focus({ preventScroll: true });
  window.htmx.process(fresh);
}

function words(row) {
  const parts = row.querySelectorAll(".chip-label, .badge, .md-content, .plain, .code-view, .note-name, .note-label");
  return [...parts].map((part) => part.textContent).join("\n");
}
