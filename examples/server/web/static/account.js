// The form of an AMI account: a preset fills in the form in place, and warnings follow
// the input. Nothing here leaves the page or changes other input.
(function () {
  "use strict";

  var form = document.querySelector("form[data-check]");
  if (!form) { return; }
  var rows = form.querySelector("[data-filters]");
  var row = form.querySelector("template");
  var presets = form.querySelector("[data-presets]");
  var announcer = document.getElementById("announcer");
  var added = rows.children.length;

  function boxes() { return form.querySelectorAll("input[name=read], input[name=write]"); }

  function addFilter(values) {
    var copy = row.content.cloneNode(true);
    added += 1;
    copy.querySelectorAll("[id], [for]").forEach(function (e) {
      ["id", "for"].forEach(function (name) {
        if (e.hasAttribute(name)) { e.setAttribute(name, e.getAttribute(name).replace("-new-", "-" + (added - 1) + "-")); }
      });
    });
    copy.querySelector("legend").textContent = "Filter " + added;
    copy.querySelector("[data-remove-filter]").hidden = false;
    Object.keys(values || {}).forEach(function (name) {
      var control = copy.querySelector("[name=filter_" + name + "]");
      if (control) { control.value = values[name]; }
    });
    rows.append(copy);
    return rows.lastElementChild;
  }

  function changed() { form.dispatchEvent(new Event("change", { bubbles: true })); }

  function fill(radio) {
    if (!radio.dataset.preset) {
      document.getElementById("advanced").open = true;
      return;
    }
    var preset = JSON.parse(radio.dataset.preset);
    boxes().forEach(function (box) { box.checked = preset[box.name].includes(box.value); });
    form.elements.write_timeout.value = preset.write_timeout;
    form.elements.allow_multiple_login.checked = true;
    rows.replaceChildren();
    preset.event_filters.forEach(addFilter);
    announcer.textContent = radio.labels[0].querySelector("strong").textContent + " is filled in: read " + (preset.read.join(", ") || "none") +
      "; write " + (preset.write.join(", ") || "none") + ". It is not saved yet.";
    changed();
  }

  // choosePreset chooses the preset that has the privileges in the form.
  function choosePreset() {
    var now = Array.from(boxes()).filter(function (b) { return b.checked; }).map(function (b) { return b.name + b.value; });
    var found = false;
    presets.querySelectorAll("input").forEach(function (radio) { // "Something else" is the last one
      if (!radio.dataset.preset) {
        radio.checked = !found && now.length > 0;
        return;
      }
      var preset = JSON.parse(radio.dataset.preset);
      var wanted = preset.read.map(function (c) { return "read" + c; }).concat(preset.write.map(function (c) { return "write" + c; }));
      radio.checked = wanted.length === now.length && wanted.every(function (c) { return now.includes(c); });
      found = found || radio.checked;
    });
  }

  form.addEventListener("change", function (event) {
    if (event.target.name === "preset") { fill(event.target); }
    if (event.target.name === "read" || event.target.name === "write") { choosePreset(); }
  });
  form.addEventListener("click", function (event) {
    if (event.target.closest("[data-add-filter]")) {
      addFilter().querySelector("select, input").focus();
    }
    var remove = event.target.closest("[data-remove-filter]");
    if (remove) {
      remove.closest(".filter").remove();
      form.querySelector("[data-add-filter]").focus();
      changed();
    }
  });

  var timer;
  var latest = 0;
  function check() {
    var number = latest += 1;
    var input = new URLSearchParams(new FormData(form));
    input.delete("secret");
    input.delete("form_token"); // the form itself is sent once
    fetch(form.dataset.check, { method: "POST", body: input, headers: { "HX-Request": "true" }, redirect: "error" }).then(function (answer) {
      if (answer.status === 401) { document.dispatchEvent(new CustomEvent("htmx:responseError", { detail: { xhr: answer } })); }
      return answer.ok ? answer.json() : null;
    }).then(function (found) {
      if (!found || number !== latest) { return; }
      form.querySelectorAll("[data-warnings]").forEach(function (slot) {
        var text = (found[slot.dataset.warnings] || []).join(" ");
        if (slot.textContent.trim().replace(/\s+/g, " ") !== text) { slot.textContent = text; }
      });
    }, function () { /* The form is checked again when it is saved. */ });
  }
  ["input", "change"].forEach(function (name) {
    form.addEventListener(name, function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(check, 400);
    });
  });

  presets.hidden = false;
  // Without a purpose or other privileges an account could do nothing.
  presets.querySelectorAll("input").forEach(function (input) { input.required = true; });
  form.querySelectorAll("[data-add-filter], [data-remove-filter]").forEach(function (button) { button.hidden = false; });
})();
