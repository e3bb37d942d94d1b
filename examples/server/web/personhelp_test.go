package web_test

import (
	"html"
	"strings"
)

func contains(page, text string) bool { return strings.Contains(page, text) }

// htmlOf is text as it stands in a page.
func htmlOf(text string) string { return strings.ReplaceAll(html.EscapeString(text), "+", "&#43;") }
