package web_test

import (
	"html"
	"strings"
)

func contains(page, text string) bool { return strings.Contains(page, text) }

// escapeHTML is text as it stands in a page.
func escapeHTML(text string) string { return strings.ReplaceAll(html.EscapeString(text), "+", "&#43;") }
