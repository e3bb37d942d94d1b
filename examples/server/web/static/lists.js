// Lists: selecting records, and where the focus is after a list was sorted, turned or
// changed. The links and buttons work without it.
(function () {
  "use strict";

  var key = "list";

  function announce(text) {
    var announcer = document.getElementById("announcer");
    announcer.textContent = "";
    window.setTimeout(function () { announcer.textContent = text; }, 100);
  }

  function textOf(id) {
    var element = document.getElementById(id);
    return element ? element.textContent.trim() : "";
  }

  function focus(element, scroll) {
    if (!element) { return; }
    if (element.tabIndex < 0) { element.tabIndex = -1; }
    element.focus({ preventScroll: !scroll });
  }

  // Selecting.

  function boxes(form) { return Array.from(form.querySelectorAll("input[name=selected]")); }

  function show(form) {
    var all = boxes(form);
    var n = all.filter(function (box) { return box.checked; }).length;
    var words = (n > 1 && n === all.length ? "All " + n + " on this page" : n) + " selected";
    var text = form.querySelector("[data-selected]");
    var whole = form.querySelector("[data-select-all]");
    form.querySelectorAll("[data-clear]").forEach(function (button) { button.hidden = false; });
    if (text) { text.textContent = words; }
    if (whole) {
      whole.hidden = false;
      whole.checked = n > 0 && n === all.length;
      whole.indeterminate = n > 0 && n < all.length;
    }
    if (n === 0) { return "Nothing selected"; }
    var first = !form.hasAttribute("data-explained");
    form.setAttribute("data-explained", "");
    return words + (first ? ". The actions are above the table; press Alt+A." : "");
  }

  document.addEventListener("change", function (event) {
    var form = event.target.closest(".bulk-form");
    if (!form || event.target.type !== "checkbox") { return; }
    if (event.target.matches("[data-select-all]")) {
      boxes(form).forEach(function (box) { box.checked = event.target.checked; });
    }
    announce(show(form));
  });

  // An action that needs a group keeps the selection until one is chosen.
  document.addEventListener("submit", function (event) {
    var name = event.submitter && event.submitter.dataset.needs, field = name && event.target.elements[name];
    if (!field || field.value) { return; }
    event.preventDefault();
    field.focus();
    announce("Choose a " + field.getAttribute("aria-label").toLowerCase() + " first");
  }, true);

  // Alt+A leads to the actions, if something is selected.
  document.addEventListener("keydown", function (event) {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyA") { return; }
    var first = document.querySelector(".bulk :is(button, select)");
    if (!first || !first.checkVisibility()) { return; }
    event.preventDefault();
    first.focus();
  });

  // Another page, or the same one in another way.

  function remember(kind, path, text) {
    try { sessionStorage.setItem(key, JSON.stringify({ kind: kind, path: path, text: text })); } catch (e) { /* without a storage the page begins at its top */ }
  }

  document.addEventListener("click", function (event) {
    var clear = event.target.closest("[data-clear]");
    if (clear) {
      boxes(clear.form).forEach(function (box) { box.checked = false; });
      announce(show(clear.form));
      focus(clear.form.querySelector("[data-select-all]"));
      return;
    }
    if (event.target.closest("[download]")) {
      announce("Export started");
      return;
    }
    var link = event.target.closest("a[data-list]");
    if (!link) { return; }
    if (link.dataset.list === "sort") { link.hash = ""; } // the header gets the focus
    remember(link.dataset.list, link.pathname, link.firstChild.nodeValue);
  });

  document.addEventListener("submit", function (event) {
    var path = (event.target.getAttribute("action") || "").match(/^(.*)\/bulk$/);
    if (path) { remember("bulk", path[1]); }
  });

  function headerOf(text) {
    return Array.from(document.querySelectorAll("a[data-list=sort]")).find(function (link) { return link.firstChild.nodeValue === text; });
  }

  function arrive() {
    var last = null;
    try { last = JSON.parse(sessionStorage.getItem(key)); } catch (e) { return; }
    if (!last || last.path !== location.pathname) { return; }
    sessionStorage.removeItem(key);
    if (last.kind === "sort") {
      var header = headerOf(last.text);
      if (!header) { return; }
      focus(header, true);
      announce("Sorted by " + last.text.toLowerCase() + ", " + header.parentElement.getAttribute("aria-sort"));
    } else if (last.kind === "page") {
      focus(document.getElementById("rows"), true);
      announce(textOf("range"));
    } else if (last.kind === "clear") {
      focus(document.getElementById("rows") || document.getElementById("results"));
      announce(textOf("list-count"));
    } else {
      focus(document.getElementById("toast") || document.querySelector("#main > .alert"), true);
    }
  }

  // A list that is searched changes without a word to who cannot see it.
  document.addEventListener("htmx:afterSettle", function (event) {
    showAll();
    if (event.target.id === "results") { announce(textOf("list-count")); }
  });

  function showAll() { document.querySelectorAll(".bulk-form").forEach(show); }
  window.addEventListener("pageshow", showAll); // Back restores what was selected
  showAll();
  arrive();
})();
