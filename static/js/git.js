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
  said.session?.events?.splice(place.dataset.most);
  const part = await send(place.dataset.part, { asked, answer: said });
  if (!part.ok) return say(await part.text());
  replace(place, new DOMParser().parseFromString(await part.text(), "text/html").getElementById("preview"));
}

function send(url, data) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(data) });
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
