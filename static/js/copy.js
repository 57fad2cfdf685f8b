// Buttons that copy a text of the page. Where the clipboard is closed to pages, the text is shown and selected.
export function startCopy() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
    say(button, "Copied");
  } catch {
    field.closest("details")?.setAttribute("open", "");
    field.select();
    say(button, "Press Ctrl+C to copy");
  }
}

function say(button, words) {
  button.dataset.words ??= button.textContent;
  button.textContent = words;
  document.getElementById("announce").textContent = words;
  clearTimeout(button.timer);
  button.timer = setTimeout(() => (button.textContent = button.dataset.words), 2500);
}
