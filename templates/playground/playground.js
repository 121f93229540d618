// The little that the page does by itself: pages inside a phone, the long press, keeping chats at their end, saying
// what went wrong. Everything else is HTML from the server.
"use strict";

(() => {
  const LONG_PRESS_MS = 450;
  const toast = document.getElementById("toast");
  const press = document.getElementById("press");
  let hide = 0;

  function say(words) {
    toast.textContent = words;
    toast.classList.add("shown");
    clearTimeout(hide);
    hide = setTimeout(() => toast.classList.remove("shown"), 6000);
  }

  function toEnd(chat) {
    chat.scrollTo({ top: chat.scrollHeight, behavior: "instant" });
  }

  function openPage(link, byHand) {
    const phone = document.getElementById(link.dataset.open);
    const page = phone.querySelector("[data-page]");
    const frame = page.querySelector("[data-page-frame]");
    frame.src = link.getAttribute("href");
    page.querySelector("[data-page-title]").textContent = link.textContent.trim();
    page.hidden = false;
    if (byHand) page.querySelector("[data-page-close]").focus({ preventScroll: true });
  }

  function closePage(page) {
    page.hidden = true;
    page.querySelector("[data-page-frame]").removeAttribute("src");
  }

  function openPress(picture) {
    press.querySelector("[data-picture-of]").value = JSON.stringify({ picture_of: picture.dataset.of });
    press.querySelector("[data-save]").href = picture.dataset.src;
    press.showModal();
  }

  document.querySelectorAll("[data-chat]").forEach((chat) => {
    toEnd(chat);
    chat.querySelectorAll("img").forEach((img) => img.addEventListener("load", () => toEnd(chat)));
  });

  let timer = 0;
  document.addEventListener("pointerdown", (event) => {
    const picture = event.target.closest("[data-press]");
    if (picture) timer = setTimeout(() => openPress(picture), LONG_PRESS_MS);
  });
  for (const kind of ["pointerup", "pointercancel", "pointermove"]) {
    document.addEventListener(kind, () => clearTimeout(timer));
  }
  document.addEventListener("contextmenu", (event) => {
    const picture = event.target.closest("[data-press]");
    if (picture) {
      event.preventDefault();
      openPress(picture);
    }
  });

  document.addEventListener("click", (event) => {
    const picture = event.target.closest("[data-press]");
    if (picture && event.detail === 0) return openPress(picture); // by keyboard
    const link = event.target.closest("[data-open]");
    if (link) {
      event.preventDefault();
      return openPage(link, true);
    }
    if (event.target.closest("[data-page-close]")) return closePage(event.target.closest("[data-page]"));
    if (event.target.closest("[data-dismiss]") || event.target.closest("[data-save]")) press.close();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-go]")) event.target.form.requestSubmit();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-close]")) press.close();
  });

  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.matches("[data-write]") && event.detail.successful) event.target.reset();
  });

  // The stream says nothing while the bot is away; the page does.
  document.body.addEventListener("htmx:sseError", () => say(document.documentElement.lang === "en" ? "The bot is away; trying again" : "机器人暂时不在，正在重新连接"));

  // A stream that was broken off tells some things twice; what is there already is not shown again.
  function dropRepeats(part) {
    const known = new Set();
    for (const each of [...part.children]) {
      if (known.has(each.id)) each.remove();
      else known.add(each.id);
    }
  }

  // Whoever goes by keyboard stays where they were: at the button of the same name, or at the tour's next one.
  let held = null;
  document.body.addEventListener("htmx:sseBeforeMessage", (event) => {
    const at = document.activeElement;
    if (at !== event.target && event.target.contains(at)) held = { part: event.target, words: at.textContent.trim() };
  });

  document.body.addEventListener("htmx:sseMessage", (event) => {
    const part = event.target;
    if (held && held.part === part && !part.contains(document.activeElement)) {
      const buttons = [...part.querySelectorAll("button")];
      const next = buttons.find((button) => button.textContent.trim() === held.words) || part.querySelector(".here button") || buttons[0];
      if (next) next.focus({ preventScroll: true });
      held = null;
    }
    if (part.matches("[data-chat], [data-keep]")) dropRepeats(part);
    if (part.matches("[data-chat]")) {
      const fresh = part.lastElementChild && part.querySelectorAll("a[data-fresh]");
      toEnd(part);
      part.querySelectorAll("img").forEach((img) => img.complete || img.addEventListener("load", () => toEnd(part), { once: true }));
      if (fresh && fresh.length && part.dataset.pages !== String(fresh.length)) {
        part.dataset.pages = String(fresh.length);
        openPage(fresh[fresh.length - 1], false);
      } else if (part.closest("[data-phone]").id !== "rep") {
        closePage(part.closest(".device").querySelector("[data-page]"));
      }
    }
    if (part.dataset.keep) while (part.children.length > Number(part.dataset.keep)) part.lastElementChild.remove();
  });

  document.querySelectorAll("[data-chat]").forEach((chat) => {
    chat.dataset.pages = String(chat.querySelectorAll("a[data-fresh]").length);
  });

  document.body.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.responseText));
  document.body.addEventListener("htmx:sendError", () => say(document.documentElement.lang === "en" ? "The bot does not answer" : "机器人没有回答"));

  const source = document.body.getAttribute("sse-connect");
  document.body.addEventListener("htmx:sseOpen", (event) => {
    const stream = event.detail.source;
    if (source && !stream.taoli) {
      stream.taoli = true;
      stream.addEventListener("reload", () => location.reload());
    }
  });
})();
