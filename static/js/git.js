// A log in a repository is fetched when its page is open, not by opening its address: so no crawler makes the server
// fetch anything. The API answers with the session as data, and the server turns what it said into a page.
export function startGit() {
  const place = document.getElementById("preview");
  if (place?.dataset.asked) show(place).catch(() => say("The server cannot be reached. Try again."));
}

async function show(place) {
  const asked = JSON.parse(place.dataset.asked);
  const { gh_share_enabled: isOn } = await (await fetch("/api/capabilities")).json();
  if (!isOn) return place.replaceChildren(document.getElementById("preview-off").content.cloneNode(true));
  say("Reading the log…");
  document.getElementById("git-form").hidden = true;
  const { remote, ref, path } = asked;
  const source = { kind: "git", remote, ref, path };
  const said = await (await send("/api/ingest/preview", { source, parser_hint: asked.parser_hint || null })).json();
  const part = await send(place.dataset.part, { asked, answer: shortened(said, place.dataset) });
  if (!part.ok) return say(await part.text());
  replace(place, new DOMParser().parseFromString(await part.text(), "text/html").getElementById("preview"));
}

function send(url, data) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(data) });
}

// What is not shown need not travel back to the server, and it takes only so much.
function shortened(said, { most, bytes }) {
  const events = said.session?.events ?? [];
  for (let left = Number(most); left && (events.length > left || isLarger(events, bytes / 2)); left >>= 1) events.splice(left);
  return said;
}

function isLarger(events, bytes) {
  return new Blob([JSON.stringify(events)]).size > bytes;
}

function replace(place, fresh) {
  if (fresh.dataset.title) document.title = `${fresh.dataset.title} - opensession.io`;
  place.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("opensession:swapped"));
}

function say(words) {
  document.getElementById("preview-state").textContent = words;
  document.getElementById("git-form").hidden = false;
}
