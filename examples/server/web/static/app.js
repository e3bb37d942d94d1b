// What the pages do beyond htmx. They work without any of it.
(function () {
  "use strict";

  function announce(text) {
    var announcer = document.getElementById("announcer");
    if (announcer) {
      announcer.textContent = "";
      window.setTimeout(function () { announcer.textContent = text; }, 50);
    }
  }

  // Where the browser does not let pages copy, the text is selected, to be
  // copied by hand.
  function select(element) {
    var selection = window.getSelection();
    var range = document.createRange();
    range.selectNodeContents(element);
    selection.removeAllRanges();
    selection.addRange(range);
    announce("Selected. Copy it with your keyboard.");
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.copy);
    if (!source) { return; }
    if (!navigator.clipboard) {
      select(source);
      return;
    }
    navigator.clipboard.writeText(source.textContent).then(function () {
      var label = button.firstChild;
      var before = label.nodeValue;
      label.nodeValue = "Copied";
      announce("Copied");
      window.setTimeout(function () { label.nodeValue = before; }, 2000);
    }, function () { select(source); });
  }

  function reveal(button) {
    var input = document.getElementById(button.dataset.reveal);
    if (!input) { return; }
    var hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.setAttribute("aria-pressed", String(hidden));
    announce(hidden ? "Shown" : "Hidden");
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy], [data-reveal]");
    if (!button) { return; }
    if (button.dataset.copy) { copy(button); } else { reveal(button); }
  });

  // Nothing that was shown stays legible when the form is sent, so that
  // browsers know a password as one.
  document.addEventListener("submit", function (event) {
    event.target.querySelectorAll("[data-reveal][aria-pressed=true]").forEach(reveal);
  });

  // htmx leaves the page as it is when no good answer comes: say so where the
  // answer of a button would stand.
  function unanswered(event) {
    var target = event.detail.target;
    if (!target || target.getAttribute("role") !== "status" || event.detail.xhr.status === 401) { return; }
    var words = document.createElement("p");
    words.className = "problems";
    words.textContent = "The server did not answer. Try again in a moment.";
    target.replaceChildren(words);
  }
  document.addEventListener("htmx:responseError", unanswered);
  document.addEventListener("htmx:sendError", unanswered);

  // What an apply does now, and at the end its result.
  document.addEventListener("htmx:afterSettle", function (event) {
    var now = event.target.id === "run" && event.target.querySelector(".alert strong, ol > li:last-child");
    if (now) { announce(now.textContent); }
  });

  document.querySelectorAll("[data-copy], [data-reveal]").forEach(function (button) { button.hidden = false; });
})();
