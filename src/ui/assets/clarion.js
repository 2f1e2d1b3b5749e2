// What the page does beyond what it shows: a switch between light and dark that is remembered, and "/" for the search.
// It runs before the body is there, so that the chosen colours are the first ones.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  // A browser may forbid to remember anything; then the choice holds for this page.
  function remembered() {
    try {
      return localStorage.getItem("clarion-theme");
    } catch (error) {
      return null;
    }
  }

  function remember(theme) {
    try {
      localStorage.setItem("clarion-theme", theme);
    } catch (error) {
      return;
    }
  }

  function current() {
    return root.getAttribute("data-bs-theme") || (dark.matches ? "dark" : "light");
  }

  function choose(theme) {
    if (theme === "dark" || theme === "light") {
      root.setAttribute("data-bs-theme", theme);
    }
  }

  choose(remembered());

  document.addEventListener("DOMContentLoaded", function () {
    var button = document.getElementById("theme");
    var search = document.getElementById("q");

    function label() {
      button.textContent = current() === "dark" ? "Light" : "Dark";
      button.setAttribute("aria-label", "Switch to " + button.textContent.toLowerCase() + " colours");
    }

    if (button) {
      button.hidden = false;
      label();
      button.addEventListener("click", function () {
        choose(current() === "dark" ? "light" : "dark");
        remember(current());
        label();
      });
      dark.addEventListener("change", label);
    }
    if (search) {
      document.addEventListener("keydown", function (event) {
        var inText = /^(input|select|textarea)$/i.test(event.target.tagName);
        if (event.key === "/" && !inText && !event.ctrlKey && !event.metaKey && !event.altKey) {
          event.preventDefault();
          search.focus();
        }
      });
    }
  });
})();
