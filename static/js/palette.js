// The command palette: Cmd/Ctrl+K anywhere.
const dialog = document.getElementById("palette");
const input = document.getElementById("palette-input");
const items = [...dialog.querySelectorAll("[role=option]")];
let shown = items;
let at = 0;

export function startPalette() {
  // Tests and other programs send the keys to the window itself.
  window.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      toggle();
    }
  });
  dialog.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) run(item);
    else if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", onKey);
  input.addEventListener("input", filter);
}

export function isOpen() {
  return dialog.open;
}

function toggle() {
  if (dialog.open) return dialog.close();
  input.value = "";
  dialog.showModal();
  filter();
  input.focus();
}

function onKey(event) {
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves && shown.length) choose((at + moves[event.key] + shown.length) % shown.length);
  else if (event.key === "Enter" && shown[at]) run(shown[at]);
  else return;
  event.preventDefault();
}

function filter() {
  const words = input.value.trim().toLowerCase();
  shown = items.filter((item) => `${item.textContent} ${item.dataset.words}`.toLowerCase().includes(words));
  for (const item of items) item.hidden = !shown.includes(item);
  document.getElementById("palette-none").hidden = shown.length > 0;
  document.getElementById("palette-count").textContent = shown.length === 1 ? "1 command" : `${shown.length} commands`;
  choose(0);
}

function choose(place) {
  at = place;
  for (const item of items) item.setAttribute("aria-selected", item === shown[at]);
  input.setAttribute("aria-activedescendant", shown[at] ? shown[at].id : "");
  shown[at]?.scrollIntoView({ block: "nearest" });
}

function run(item) {
  dialog.close();
  const { href, focus, click } = item.dataset;
  if (href) location.assign(href);
  else if (click) document.getElementById(click).click();
  else document.getElementById(focus).select();
}
