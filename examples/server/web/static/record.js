// The page of a record: its tabs. Without this script all parts stand one below the
// other.
(function () {
  "use strict";

  var form = document.querySelector("[data-tabs]");
  if (!form) { return; }
  var list = form.querySelector(".nav-tabs");
  var tabs = Array.from(list.querySelectorAll("a"));
  var action = form.getAttribute("action");
  var footer = form.querySelector(".card-footer.btn-list");
  var current = tabs[0];

  function panelOf(tab) { return document.getElementById(tab.hash.slice(1)); }

  function show(tab) {
    tabs.forEach(function (t) {
      var chosen = t === tab;
      t.classList.toggle("active", chosen);
      t.setAttribute("aria-selected", String(chosen));
      t.tabIndex = chosen ? 0 : -1;
      panelOf(t).hidden = !chosen;
    });
    if (footer) { footer.hidden = panelOf(tab).hasAttribute("data-plain"); }
    current = tab;
  }

  // reveal shows an element in a tab and in closed details, and returns whether it
  // is in the form.
  function reveal(element) {
    var tab = element && tabs.find(function (t) { return panelOf(t).contains(element); });
    if (!tab) { return false; }
    show(tab);
    for (var e = element; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") { e.open = true; }
    }
    if (element.closest(".unset")) { document.getElementById("show-unset").checked = true; }
    return true;
  }

  // go reveals an element, and brings it between the bars of the page.
  function go(element) {
    if (!reveal(element)) { return false; }
    if (element.getAttribute("role") !== "tabpanel") {
      element.focus({ preventScroll: true });
      element.scrollIntoView({ block: "center" });
    }
    return true;
  }

  function target() {
    try { return document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch (e) { return null; }
  }

  // The page that follows a submission opens the same tab.
  form.addEventListener("submit", function () { sessionStorage.setItem("tab", action + current.hash); });

  function earlier() {
    var kept = sessionStorage.getItem("tab") || "";
    sessionStorage.removeItem("tab");
    return tabs.find(function (tab) { return kept === action + tab.hash; });
  }

  list.setAttribute("role", "tablist");
  tabs.forEach(function (tab) {
    tab.parentElement.setAttribute("role", "presentation");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
    panelOf(tab).setAttribute("role", "tabpanel");
    panelOf(tab).querySelector("h2").hidden = true;
    tab.addEventListener("click", function (event) {
      event.preventDefault();
      show(tab);
      history.replaceState(history.state, "", tab.hash);
    });
  });

  list.addEventListener("keydown", function (event) {
    var step = { ArrowRight: 1, ArrowLeft: -1, Home: -tabs.length, End: tabs.length }[event.key];
    var at = tabs.indexOf(event.target.closest("a"));
    if (!step || at < 0) { return; }
    event.preventDefault();
    var to = Math.abs(step) === 1 ? (at + step + tabs.length) % tabs.length : (step < 0 ? 0 : tabs.length - 1);
    tabs[to].focus();
    tabs[to].click();
  });

  window.addEventListener("hashchange", function () { go(target()); });
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href^='#']");
    if (!link || link.getAttribute("role") === "tab") { return; }
    // The browser follows the link first.
    window.setTimeout(function () { go(document.getElementById(link.hash.slice(1))); }, 0);
  });
  // A browser rejects a field that it cannot show without a word.
  form.addEventListener("invalid", function (event) { reveal(event.target); }, true);

  // The effective value of a permission is the saved one until the page is saved.
  form.addEventListener("change", function (event) {
    var row = event.target.closest(".permissions tr"), why = row && row.querySelector("summary");
    if (!why) { return; }
    var note = why.querySelector("[data-before]");
    if (!note) {
      note = document.createElement("span");
      note.setAttribute("data-before", "");
      note.className = "warnings";
      why.append(note);
    }
    var changed = Array.from(row.querySelectorAll("select, input")).some(function (e) {
      return e.options ? !e.options[e.selectedIndex].defaultSelected : e.value !== e.defaultValue;
    });
    note.textContent = changed ? "before your change" : "";
    document.getElementById("announcer").textContent = changed ? "Not saved yet. " + why.textContent : "Unchanged";
  });

  var wrong = tabs.find(function (tab) { return panelOf(tab).querySelector("[aria-invalid=true], .invalid-feedback"); });
  var element = target();
  var kept = earlier();
  if (wrong && !(element && panelOf(wrong).contains(element))) {
    show(wrong);
  } else if (!go(element)) {
    show(kept || tabs[0]);
  }
  form.dataset.tabs = "ready";
})();
