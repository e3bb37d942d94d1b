package dialect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store"
)

// keyValueSeparator is what stands between key and value. Without its blanks, a key
// that ends in "+" or a value that begins with ">" would mean something else.
const keyValueSeparator = " = "

// maxFieldErrors bounds the refusals of one section.
const maxFieldErrors = 100

// CheckName refuses a section name that no configuration file can carry, with
// a [*store.InvalidError] for the field "name" that [Writer.Section] would
// give: a name that is empty (code required), longer than 79 bytes
// (too_long), with a "]" (bracket), with control characters or DEL
// (control_character), or with invalid UTF-8 (invalid_utf8).
func CheckName(name string) error {
	return store.NewInvalidError(checkName(name)...)
}

// CheckLine refuses a key or a value that no configuration file can carry,
// with a [*store.InvalidError] for the fields "key" and "value" that
// [Writer.Section] would give: an empty key (required), a "=" in a key other
// than at its beginning (equals), control characters or DEL
// (control_character), blanks at the ends (outer_space), invalid UTF-8
// (invalid_utf8), and together more than 8186 bytes (too_long), where each
// ";" counts twice. Anything else, such as quotes, semicolons and backslashes,
// reaches Asterisk as it is.
func CheckLine(key, value string) error {
	return store.NewInvalidError(checkLine("", Line{Key: key, Value: value})...)
}

// sectionInfo is what the check of a section finds out on the way.
type sectionInfo struct {
	// size is about how many bytes the section will take.
	size int
	// simple says that all its lines are.
	simple bool
}

// checkSection refuses what cannot be carried.
func checkSection(s *Section) (sectionInfo, error) {
	errs := checkName(s.Name)
	c := sectionInfo{size: len(s.Name), simple: true}
	for i := range s.Lines {
		l := &s.Lines[i]
		c.size += len(l.Key) + len(l.Value)
		if isSimple(l) {
			continue
		}
		c.simple = false
		if len(errs) < maxFieldErrors && checkLine("", *l) != nil {
			errs = append(errs, checkLine(fmt.Sprintf("lines[%d].", i), *l)...)
		}
	}
	return c, store.NewInvalidError(errs...)
}

func checkName(name string) []store.FieldError {
	fieldErr := func(code, message string) []store.FieldError {
		return []store.FieldError{{Field: "name", Code: code, Message: message}}
	}
	switch {
	case name == "":
		return fieldErr("required", "a section needs a name")
	case len(name) > maxName:
		return fieldErr("too_long", fmt.Sprintf("use at most %d bytes; Asterisk would cut the rest off", maxName))
	}
	t := classesOf(name)
	if t&classBracket != 0 {
		return fieldErr("bracket", `leave out "]", which ends the name of a section`)
	}
	if code, message := checkText(name, t); code != "" {
		return fieldErr(code, message)
	}
	return nil
}

// checkLine names the fields "key" and "value" behind prefix.
func checkLine(prefix string, l Line) []store.FieldError {
	var errs []store.FieldError
	addErr := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: prefix + field, Code: code, Message: message})
	}
	if code, message := checkKey(l.Key); code != "" {
		addErr("key", code, message)
	}
	if code, message := checkValue(l.Value); code != "" {
		addErr("value", code, message)
	}
	if keySize := escapedSize(l.Key) + 1; errs == nil && keySize+len(keyValueSeparator)+escapedSize(l.Value) > maxLine {
		field := "value"
		if keySize+len(keyValueSeparator) > maxLine {
			field = "key"
		}
		addErr(field, "too_long", fmt.Sprintf("use a shorter one; Asterisk ignores a line of more than %d bytes", maxLine))
	}
	return errs
}

func checkKey(key string) (code, message string) {
	switch {
	case key == "":
		return "required", "a line needs a key"
	case strings.IndexByte(key[1:], '=') >= 0:
		return "equals", `leave out "=", which ends a key; only its first character may be one`
	}
	return checkValue(key)
}

func checkValue(value string) (code, message string) {
	if code, message := checkText(value, classesOf(value)); code != "" {
		return code, message
	}
	if strings.HasPrefix(value, " ") || strings.HasSuffix(value, " ") {
		return "outer_space", "take the blanks off its ends; Asterisk would do so"
	}
	return "", ""
}

// checkText refuses what no part of a configuration file may hold.
func checkText(text string, t charClass) (code, message string) {
	switch {
	case t&classControl != 0:
		return "control_character", "leave out line breaks, tabs and other control characters; Asterisk would take them for the end of the line, or pass them on"
	case t&classNonASCII != 0 && !utf8.ValidString(text):
		return "invalid_utf8", "use text in UTF-8"
	}
	return "", ""
}

// escapedSize is the length of a text with its semicolons escaped.
func escapedSize(text string) int {
	return len(text) + strings.Count(text, ";")
}
