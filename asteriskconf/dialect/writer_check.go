package dialect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store"
)

// keyValueSeparator separates key and value. Without its blanks, a key that
// ends in "+" or a value that begins with ">" would change meaning.
const keyValueSeparator = " = "

// maxFieldErrors limits the field errors of one section.
const maxFieldErrors = 100

// CheckName returns the [*store.InvalidError] for the field "name" that
// [Writer.Section] would return. A name must not be empty (code required),
// longer than 79 bytes (max), or contain "]" (bracket), control characters
// or DEL (control_character), or invalid UTF-8 (invalid_utf8).
func CheckName(name string) error {
	return store.NewInvalidError(checkName(name)...)
}

// CheckLine returns the [*store.InvalidError] for the fields "key" and "value"
// that [Writer.Section] would return. A key must not be empty (required) or
// contain "=" after its first character (equals). Neither may contain control
// characters or DEL (control_character), blanks at the ends (outer_space), or
// invalid UTF-8 (invalid_utf8). Together they must not exceed 8186 bytes
// (max), where each ";" counts twice. Asterisk reads anything else as it
// is, such as quotes, semicolons and backslashes.
func CheckLine(key, value string) error {
	return store.NewInvalidError(checkLine("", Line{Key: key, Value: value})...)
}

// sectionInfo holds what the check of a section computes for the encoder.
type sectionInfo struct {
	// size is the approximate size of the section in bytes.
	size int
	// simple reports whether all lines are simple.
	simple bool
}

// checkSection rejects a section that a file cannot express.
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
		return fieldErr(store.CodeRequired, "name is required")
	case len(name) > maxName:
		return fieldErr(store.CodeMax, fmt.Sprintf("use at most %d bytes; Asterisk would truncate it", maxName))
	}
	t := classesOf(name)
	if t&classBracket != 0 {
		return fieldErr(store.CodeBracket, `remove "]"; it ends a section name`)
	}
	if code, message := checkText(name, t); code != "" {
		return fieldErr(code, message)
	}
	return nil
}

// checkLine reports the fields "key" and "value" below prefix.
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
		addErr(field, store.CodeMax, fmt.Sprintf("use a shorter value; Asterisk ignores a line longer than %d bytes", maxLine))
	}
	return errs
}

func checkKey(key string) (code, message string) {
	switch {
	case key == "":
		return store.CodeRequired, "key is required"
	case strings.IndexByte(key[1:], '=') >= 0:
		return store.CodeEquals, `remove "="; only the first character of a key may be "="`
	}
	return checkValue(key)
}

func checkValue(value string) (code, message string) {
	if code, message := checkText(value, classesOf(value)); code != "" {
		return code, message
	}
	if strings.HasPrefix(value, " ") || strings.HasSuffix(value, " ") {
		return store.CodeOuterSpace, "remove the blanks at the ends; Asterisk would drop them"
	}
	return "", ""
}

// checkText rejects what no part of a configuration file may contain.
func checkText(text string, t charClass) (code, message string) {
	switch {
	case t&classControl != 0:
		return store.CodeControlCharacter, "remove line breaks, tabs and other control characters; Asterisk would end the line there or pass them on"
	case t&classNonASCII != 0 && !utf8.ValidString(text):
		return store.CodeInvalidUTF8, "use text in UTF-8"
	}
	return "", ""
}

// escapedSize is the length of a text with its semicolons escaped.
func escapedSize(text string) int {
	return len(text) + strings.Count(text, ";")
}
