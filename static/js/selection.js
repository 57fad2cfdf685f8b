// Sessions ticked in the list stay ticked while the list is filtered, loaded on or brought up to date.
const form = document.getElementById("selection");
const chosen = new Set();

export function startSelection() {
  if (!form) return;
  document.addEventListener("change", onChange);
  form.addEventListener("reset", () => setTimeout(clear));
  document.addEventListener("htmx:load", show);
  document.addEventListener("opensession:swapped", show);
  // A browser that comes back to the page ticks what was ticked before.
  addEventListener("pageshow", remember);
}

export function toggle(card) {
  card?.querySelector(".card-check input")?.click();
}

function onChange(event) {
  if (event.target.form !== form) return;
  if (event.target.checked) chosen.add(event.target.value);
  else chosen.delete(event.target.value);
  show();
}

function remember() {
  for (const box of boxes()) if (box.checked) chosen.add(box.value);
  show();
}

function clear() {
  chosen.clear();
  show();
}

function boxes() {
  return [...document.querySelectorAll(".card-check input")];
}

function show() {
  const here = new Set();
  for (const box of boxes()) {
    box.checked = chosen.has(box.value);
    here.add(box.value);
  }
  // What is ticked but not in the list any more goes with the form all the same.
  form.querySelectorAll("input[type=hidden]").forEach((field) => field.remove());
  const away = [...chosen].filter((id) => !here.has(id));
  form.append(...away.map(hidden));
  form.classList.toggle("has-more", away.length > 0);
  const words = chosen.size === 1 ? "1 session" : `${chosen.size} sessions`;
  document.getElementById("selection-submit").textContent = chosen.size ? `Hand off ${words}` : "Hand off the selected sessions";
}

function hidden(id) {
  return Object.assign(document.createElement("input"), { type: "hidden", name: "session", value: id });
}
