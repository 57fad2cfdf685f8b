// The server writes times in UTC: here they become the reader's own, and ages stay true while a page is open.
const EVERY = 30_000;
const STEPS = [[86400, "d"], [3600, "h"], [60, "m"]];

export function startClocks() {
  show(document);
  setInterval(() => ages(document), EVERY);
  document.addEventListener("htmx:load", (event) => show(event.target));
  document.addEventListener("opensession:swapped", () => show(document));
}

function show(root) {
  ages(root);
  for (const time of root.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour12: false });
    time.title = new Date(time.dateTime).toLocaleString();
  }
  for (const time of root.querySelectorAll("time[data-local]")) {
    time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
}

function ages(root) {
  for (const time of root.querySelectorAll("time[data-age]")) {
    time.textContent = age(new Date(time.dateTime));
    time.title = new Date(time.dateTime).toLocaleString();
  }
}

export function age(moment, now = new Date()) {
  const seconds = Math.floor((now - moment) / 1000);
  if (seconds < 60) return "just now";
  if (seconds >= 30 * 86400) return moment.toLocaleDateString();
  const [size, unit] = STEPS.find(([size]) => seconds >= size);
  return `${Math.floor(seconds / size)}${unit} ago`;
}
