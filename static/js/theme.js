// Runs before the page is painted: dark unless the reader chose light.
if (localStorage.getItem("theme") === "light") document.documentElement.classList.add("light");
