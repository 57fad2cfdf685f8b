// The button that switches between dark and light.
export function startToggle() {
  const button = document.getElementById("theme-toggle");
  button.hidden = false;
  button.addEventListener("click", () => {
    const isLight = document.documentElement.classList.toggle("light");
    localStorage.setItem("theme", isLight ? "light" : "dark");
    show(button);
  });
  show(button);
}

function show(button) {
  const isLight = document.documentElement.classList.contains("light");
  const target = isLight ? "Dark theme" : "Light theme";
  button.title = target;
  button.setAttribute("aria-label", target);
  button.firstElementChild.className = `icon icon-${isLight ? "moon" : "sun"}`;
}
