"use strict";

const root = document.getElementById("swagger-ui");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");

const followScheme = () => document.documentElement.classList.toggle("dark-mode", prefersDark.matches);

followScheme();
prefersDark.addEventListener("change", followScheme);

window.SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // Keys that are typed in stay in this page only.
  persistAuthorization: false,
  validatorUrl: null,
  // Its label is empty.
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
});
