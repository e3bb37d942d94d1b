// Forms are sent once, and what was typed stays until it is saved. The server does the
// same without this script: it runs a form once, and keeps it while you log in.
(function () {
  "use strict";

  var loggedIn = document.querySelector('form[action="/logout"]') !== null;

  function announce(text) {
    var announcer = document.getElementById("announcer");
    if (announcer) { announcer.textContent = text; }
  }

  // A bar at the top of the page, for what takes longer than 300 ms.
  var waiting = 0, timer = 0, bar = null;

  function start() {
    if (waiting++ > 0) { return; }
    timer = window.setTimeout(function () {
      bar = document.createElement("div");
      bar.className = "progress progress-sm rounded-0 position-fixed top-0 start-0 w-100 z-3";
      bar.id = "waiting";
      bar.setAttribute("role", "progressbar");
      bar.setAttribute("aria-label", "Waiting for the server");
      bar.innerHTML = '<div class="progress-bar progress-bar-indeterminate"></div>';
      document.body.append(bar);
      announce("Please wait");
    }, 300);
  }

  function stop() {
    waiting = Math.max(0, waiting - 1);
    if (waiting > 0) { return; }
    window.clearTimeout(timer);
    if (bar) { bar.remove(); }
    bar = null;
  }

  function isPosted(form) {
    return form.getAttribute("method") === "post" && !form.hasAttribute("hx-post");
  }

  function setBusy(form, busy) {
    form.toggleAttribute("data-sending", busy);
    form.setAttribute("aria-busy", String(busy));
    Array.from(form.elements).forEach(function (element) {
      if (element.type === "submit") { element.disabled = busy; }
    });
  }

  // A message at the top of the form, in place of an earlier one.
  function tell(form, text) {
    clear(form);
    var message = document.createElement("p");
    message.className = "alert alert-danger m-3";
    message.setAttribute("role", "alert");
    message.setAttribute("data-told", "");
    message.textContent = text;
    placeOf(form).prepend(message);
    message.scrollIntoView({ block: "nearest" });
  }

  // A form can be empty: its button stands at another place of the page.
  function placeOf(form) {
    return form.querySelector("button, select, textarea, input:not([type=hidden])") ? form : document.getElementById("main");
  }

  function clear(form) {
    placeOf(form).querySelectorAll("[data-told]").forEach(function (message) { message.remove(); });
  }

  // Whether the server answers, and whether the session is still there.
  function check() {
    return fetch("/session", { redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(15000) }).then(function (response) {
      if (response.type === "opaqueredirect" || response.status === 401) { return "login"; }
      return response.status < 500 && response.status !== 429 ? "ok" : "failed";
    }, function () { return "failed"; });
  }

  // The form is sent by the browser itself: its answer is a page like any other.
  function send(form, submitter) {
    form.setAttribute("data-passed", "");
    form.requestSubmit(submitter && !submitter.disabled ? submitter : undefined);
    form.removeAttribute("data-passed");
  }

  var sent = null; // the form whose answer is awaited

  document.addEventListener("submit", function (event) {
    var form = event.target, submitter = event.submitter;
    if (event.defaultPrevented || !isPosted(form) || form.closest("dialog")) { return; }
    if (form.hasAttribute("data-sending")) {
      event.preventDefault();
      return;
    }
    if (!loggedIn || form.hasAttribute("data-passed")) {
      sent = form;
      start();
      // Later: a button that is disabled now would not be sent.
      window.setTimeout(function () { setBusy(form, true); }, 0);
      return;
    }
    event.preventDefault();
    clear(form);
    setBusy(form, true);
    start();
    check().then(function (state) {
      return state === "login" ? logIn() : state;
    }).then(function (state) {
      stop();
      setBusy(form, false);
      if (state === "ok") {
        send(form, submitter);
      } else if (state === "failed") {
        tell(form, "Nothing was saved: the server does not answer. What you typed is still here. Check your connection, then try again.");
      } else {
        announce("Not saved. You are still logged out.");
        if (submitter) { submitter.focus(); }
      }
    });
  });

  function reset() {
    sent = null;
    waiting = 0;
    stop();
    document.querySelectorAll("form[data-sending]").forEach(function (form) { setBusy(form, false); });
  }

  // A page that comes back as it was left can be sent again.
  window.addEventListener("pageshow", function (event) { if (event.persisted) { reset(); } });

  // The login page in a dialog. The promise is "ok", or "" if the dialog was closed.
  function logIn() {
    var dialog = document.createElement("dialog");
    dialog.className = "narrow m-auto p-4 border rounded bg-surface text-body";
    dialog.setAttribute("aria-label", "Log in again");
    document.body.append(dialog);
    return load(dialog, "/login?notice=ended&next=%2Fsession", {}).then(function (state) {
      if (state !== "form") { return state; }
      dialog.showModal();
      return new Promise(function (done) {
        dialog.addEventListener("close", function () { done(dialog.returnValue); });
        dialog.addEventListener("submit", function (event) {
          event.preventDefault();
          var form = event.target;
          if (form.hasAttribute("data-sending")) { return; }
          var body = new URLSearchParams(new FormData(form));
          setBusy(form, true);
          load(dialog, form.action, { method: "POST", body: body }).then(function (state) {
            if (state === "ok") { dialog.close("ok"); }
            if (state === "failed") {
              setBusy(form, false);
              tell(form, "The server does not answer. Try again.");
            }
          });
        });
      });
    }).then(function (state) {
      dialog.remove();
      return state;
    });
  }

  // Shows a page of the login in the dialog. Any other page means that you are logged in.
  function load(dialog, address, options) {
    return fetch(address, options).then(function (response) {
      if (!new URL(response.url).pathname.startsWith("/login")) { return "ok"; }
      return response.text().then(function (text) {
        var main = new DOMParser().parseFromString(text, "text/html").querySelector("main");
        main.querySelectorAll("*").forEach(function (element) {
          ["id", "for", "aria-describedby", "aria-labelledby", "data-reveal"].forEach(function (name) {
            var value = element.getAttribute(name);
            if (value) { element.setAttribute(name, value.split(" ").map(function (id) { return "dialog-" + id; }).join(" ")); }
          });
        });
        main.querySelectorAll("h1").forEach(function (title) { title.setAttribute("aria-level", "2"); });
        dialog.replaceChildren.apply(dialog, Array.from(main.querySelector(".card-body").childNodes));
        dialog.querySelectorAll("[data-reveal]").forEach(function (button) { button.hidden = false; });
        var first = dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden])");
        if (first && dialog.open) { first.focus(); }
        return "form";
      });
    }, function () { return "failed"; });
  }

  // A part of the page was not answered because the session has ended: the page stays.
  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status !== 401 || document.getElementById("session-ended")) { return; }
    var message = document.createElement("div");
    message.className = "alert alert-warning";
    message.id = "session-ended";
    message.setAttribute("role", "alert");
    message.innerHTML = "<p>Your session has ended. What you typed is still on this page.</p><button type=\"button\" class=\"btn\">Log in again</button>";
    message.querySelector("button").addEventListener("click", function () {
      logIn().then(function (state) {
        if (state !== "ok") { return; }
        message.remove();
        announce("You are logged in again");
      });
    });
    document.getElementById("main").prepend(message);
  });

  // htmx, when somebody asked for something. What a page asks for by itself shows nothing.
  document.addEventListener("htmx:beforeRequest", function (event) { if (event.detail.requestConfig.triggeringEvent) { start(); } });
  document.addEventListener("htmx:afterRequest", function (event) { if (event.detail.requestConfig.triggeringEvent) { stop(); } });

  // The result of a test is shown between the bars of the page. The button was disabled.
  document.addEventListener("htmx:afterSettle", function (event) {
    var part = event.target, button = event.detail.requestConfig.elt;
    if (part.id !== "tested" && part.id !== "probed") { return; }
    part.scrollIntoView({ block: "center" });
    (button.querySelector("button") || button).focus({ preventScroll: true });
  });

  // The picture of a user is saved without the rest of the page, which may be changed.
  document.addEventListener("htmx:afterSettle", function (event) {
    var part = event.target;
    if (part.id !== "picture") { return; }
    var wrong = part.querySelector(".invalid-feedback");
    part.open = true;
    part.querySelector("summary").focus();
    var text = wrong ? wrong.textContent : event.detail.requestConfig.elt.dataset.done;
    if (!wrong) {
      var status = document.createElement("p");
      status.className = "text-success";
      status.textContent = text;
      part.querySelector("summary").after(status);
    }
    announce(text);
  });

  function differs(element) {
    switch (element.type) {
      case "hidden": case "submit": case "button": case "reset": case "fieldset":
        return false;
      case "checkbox": case "radio": // without a name it only shows and hides
        return element.name !== "" && element.checked !== element.defaultChecked;
      case "select-one": case "select-multiple":
        var options = Array.from(element.options);
        var byDefault = options.some(function (option) { return option.defaultSelected; });
        return options.some(function (option, i) { return option.selected !== (byDefault || element.multiple ? option.defaultSelected : i === 0); });
      case "file":
        return element.files.length > 0;
    }
    return element.autocomplete !== "current-password" && element.value !== element.defaultValue;
  }

  function isChanged(form) {
    return form !== sent && isPosted(form) && form.dataset.guard !== "off" && !form.closest("dialog") &&
      (form.hasAttribute("data-unsaved") || Array.from(form.elements).some(differs));
  }

  // The bar with the button to save says whether there is something to save.
  function mark(event) {
    var form = event.target.form, bar = form && form.querySelector("#record > .card-footer");
    if (!bar) { return; }
    var note = bar.querySelector("[data-changed]");
    if (!note) {
      note = document.createElement("span");
      note.className = "ms-auto text-secondary";
      note.setAttribute("data-changed", "");
      bar.append(note);
    }
    note.textContent = isChanged(form) ? "Unsaved changes" : "";
  }
  document.addEventListener("input", mark);
  document.addEventListener("change", mark);

  window.addEventListener("beforeunload", function (event) {
    if (!loggedIn || !Array.from(document.forms).some(isChanged)) { return; }
    event.preventDefault();
    window.setTimeout(reset, 0); // for those who stay
  });
})();
