package golden

import (
	"regexp"
	"slices"
	"strings"
)

// Masks replaces in text what differs from run to run. names says what the
// caller knows to differ, each text followed by what stands for it; the longest
// of two that begin alike is to come first. Times, ids, tokens and hashes are
// found by their form.
func Masks(names ...string) func(text string) string {
	known := strings.NewReplacer(names...)
	return func(text string) string {
		text = known.Replace(text)
		for _, f := range forms {
			text = f.pattern.ReplaceAllString(text, f.mask)
		}
		return text
	}
}

// Sorted returns the lines of text in the order of the alphabet: for what has no
// order of its own, once it is masked.
func Sorted(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// forms are what differs, by how it looks. Those that contain others come
// first.
var forms = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "<time>"},
	{regexp.MustCompile(`\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}, \d\d:\d\d`), "<time>"},
	{regexp.MustCompile(`otpauth://[^\s"<]+`), "<otpauth>"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "<hash>"},
	{regexp.MustCompile(`[\w-]{40,}`), "<token>"},
	{regexp.MustCompile(`\b([A-Za-z0-9]{32}|[A-Za-z0-9]{20})\b`), "<secret>"},
	{regexp.MustCompile(`\b([A-Z2-7]{4} ){7}[A-Z2-7]{4}\b`), "<secret>"},
	{regexp.MustCompile(`\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b`), "<recovery code>"},
	{regexp.MustCompile(`\b([a-z2-7]{24}|[a-z0-9]{16})\b`), "<id>"},
	{regexp.MustCompile(`\b[0-9.]+(ns|µs|ms)\b`), "<duration>"},
}
