package web_test

import (
	"html"
	"strings"
)

func contains(page, text string) bool { return strings.Contains(page, text) }

// escapeHTML returns a text as HTML contains it.
func escapeHTML(text string) string { return strings.ReplaceAll(html.EscapeString(text), "+", "&#43;") }
