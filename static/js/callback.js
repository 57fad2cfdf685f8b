// Pages use a cookie; the tokens in the address are for programs, and must not stay in the history.
history.replaceState(null, "", location.pathname);
location.replace(document.querySelector("main a").href);
