// Copying words and opening a chat in WeCom. Everything else on these pages works without a script.
"use strict";

(() => {
  const keep = {
    read: (name) => { try { return sessionStorage.getItem(name); } catch { return null; } },
    write: (name, value) => { try { sessionStorage.setItem(name, value); } catch { /* a private window keeps nothing */ } },
  };

  // At once and within the tap, as browsers ask; older ones inside WeCom know no other way either.
  function copyNow(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.readOnly = true;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    field.setSelectionRange(0, text.length);
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    field.remove();
    return done;
  }

  async function copy(text) {
    if (copyNow(text)) return true;
    try { await navigator.clipboard.writeText(text); return true; } catch { return false; }
  }

  function openChat(talk) {
    const told = JSON.parse(talk.dataset.config);
    ww.register({
      corpId: told.corpId,
      agentId: told.agentId,
      jsApiList: ["openEnterpriseChat"],
      getConfigSignature: async () => told.config,
      getAgentConfigSignature: async () => told.agentConfig,
    });
    const late = new Promise((_, fail) => setTimeout(fail, 6000, new Error("late")));
    return Promise.race([ww.openEnterpriseChat({ externalUserIds: [talk.dataset.handle] }), late]);
  }

  async function tryToOpen(talk, copied) {
    const how = talk.querySelector("[data-how]");
    try {
      await openChat(talk);
      how.textContent = copied ? how.dataset.opened : how.dataset.openedOnly;
    } catch {
      how.textContent = how.dataset.failed;
    }
  }

  function begin(talk) {
    const how = talk.querySelector("[data-how]");
    const copied = keep.read("copied") === talk.dataset.talk;
    if (copied) how.textContent = how.dataset.copied;
    if (!talk.dataset.config || typeof ww === "undefined") return;
    talk.querySelector("[data-open]").addEventListener("click", () => tryToOpen(talk, copied));
    // By itself only right after the tap: whoever comes back to the page has left the chat on purpose.
    if (keep.read("going") !== talk.dataset.talk) return;
    keep.write("going", "");
    tryToOpen(talk, copied);
  }

  document.querySelectorAll("[data-tools]").forEach((tools) => { tools.hidden = false; });
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      if (await copy(text)) button.textContent = button.dataset.done;
    });
  });
  document.querySelectorAll("[data-ask]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (event.submitter?.value !== "go") return;
      keep.write("copied", copyNow(form.elements.words.value) ? form.dataset.ask : "");
      keep.write("going", form.dataset.ask);
    });
  });
  document.querySelectorAll("form").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  });
  addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));
  document.querySelectorAll("[data-talk]").forEach(begin);
})();
