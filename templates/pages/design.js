// While a rep types, the page asks for itself anew and shows what would come out. The buttons work without it.
"use strict";

(() => {
  const form = document.querySelector("[data-design]");
  const PAUSE = 600; // ms
  let waiting = 0;
  let asked = null;

  // Typing puts off the request before it; a photo is sent once, when it is chosen.
  function soon(pause, withPhoto) {
    clearTimeout(waiting);
    waiting = setTimeout(look, pause, withPhoto);
  }

  async function look(withPhoto) {
    asked?.abort();
    const mine = asked = new AbortController();
    const told = new FormData(form);
    told.set("act", "look");
    if (!withPhoto) told.delete("file");
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: told, signal: mine.signal });
      if (!answer.ok || answer.redirected) return;
      await show(new DOMParser().parseFromString(await answer.text(), "text/html"), mine);
      if (withPhoto) form.elements.file.value = "";
    } catch {
      // Without a network the page stays as it is; 看效果 says what is wrong.
    } finally {
      if (mine === asked) form.removeAttribute("aria-busy");
    }
  }

  // What has a name for its content is left alone while that is the same.
  async function show(page, mine) {
    for (const here of form.querySelectorAll("[data-live]")) {
      const there = page.getElementById(here.id);
      if (!there || (here.dataset.live && here.dataset.live === there.dataset.live)) continue;
      await drawn(there);
      if (mine.signal.aborted) return;
      here.dataset.live = there.dataset.live;
      here.replaceChildren(...there.childNodes);
    }
  }

  // The picture before stays until the new one can be shown.
  async function drawn(part) {
    const picture = part.querySelector(":scope > img");
    if (!picture) return;
    const ahead = new Image();
    ahead.src = picture.getAttribute("src");
    try { await ahead.decode(); } catch { /* its alternative text stands in for it */ }
  }

  form.addEventListener("input", (event) => {
    const { type } = event.target;
    if (type !== "file") soon(type === "radio" || type === "checkbox" ? 0 : PAUSE, false);
  });
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) soon(0, true);
  });
})();
