// What is wider than its place is scrolled with the arrow keys. Not every browser lets the tab key get there by itself.
const SCROLLERS = ".md-code-block pre, .md-table-wrap, .code-with-lines, .diff-frame";

const observer = new ResizeObserver((entries) => entries.forEach((entry) => mark(entry.target)));

export function startScrollers() {
  observe(document);
  document.addEventListener("htmx:load", (event) => observe(event.target));
  document.addEventListener("opensession:swapped", () => observe(document));
}

function observe(root) {
  for (const scroller of root.querySelectorAll(SCROLLERS)) observer.observe(scroller);
}

function mark(scroller) {
  if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
  else scroller.removeAttribute("tabindex");
}
