package dialect

import "fmt"

// Finding is something in a configuration file that Asterisk rejects, drops or
// may read differently than its author expects. It names keys and sections
// only. It never shows a value, because a value may be a secret.
type Finding struct {
	File string `json:"file"`
	// Line counts from 1. It is the line in the file. Asterisk may log another
	// number: it keeps counting from file to file when an include matches
	// several.
	Line int `json:"line"`
	// Code is a short, stable identifier: one of the Finding constants.
	Code string `json:"code"`
	// Invalid means that Asterisk rejects the whole configuration because of
	// this finding and keeps the one it has.
	Invalid bool `json:"invalid"`
	// Partial means that Asterisk accepts the configuration but drops part of
	// it: a line, or all lines from here on.
	Partial bool `json:"partial"`
	// Message says what Asterisk does and how to fix it.
	Message string `json:"message"`
}

// String returns "file:line: message".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// The codes of findings. The codes of the first group stop the reading of a
// file. In the root file the finding is Invalid. In an included file it is
// Partial: Asterisk keeps the lines above it, continues after the #include, and
// reports success.
const (
	FindingNoBracket     = "no_closing_bracket"
	FindingNoParenthesis = "no_closing_parenthesis"
	FindingUnknownBase   = "unknown_base"
	FindingNoSuchSection = "no_such_section"
	FindingNoSection     = "no_section"
	FindingInvalidEscape = "invalid_escape"
	FindingNoSuchFile    = "no_such_file"
	FindingIncludeDepth  = "include_depth"

	// Asterisk loops forever on these two.
	FindingCommentDepth    = "comment_depth"
	FindingSelfInheritance = "self_inheritance"

	// Asterisk drops something.
	FindingLineTooLong         = "line_too_long"
	FindingNUL                 = "nul"
	FindingStrayCommentEnd     = "stray_comment_end"
	FindingUnterminatedComment = "unterminated_comment"
	FindingNameTooLong         = "name_too_long"
	FindingTextAfterHeader     = "text_after_header"
	FindingNoEquals            = "no_equals"
	FindingNoKey               = "no_key"
	FindingUnknownDirective    = "unknown_directive"
	FindingNoArgument          = "no_argument"
	FindingByteOrderMark       = "byte_order_mark"

	// Asterisk reads everything, but perhaps not as intended.
	FindingControlCharacter = "control_character"
	FindingAppendOtherLine  = "append_other_line"
	FindingInvalidFilter    = "invalid_filter"

	// Limits of Parse itself.
	FindingExec               = "exec"
	FindingIncludeNotFollowed = "include_not_followed"
	FindingTooLarge           = "too_large"
	FindingTruncated          = "truncated"
)

// quoteName returns a name in quotes if it is safe to show, and a placeholder
// otherwise. Pass only names of sections, keys and files.
func quoteName(name string) string {
	const longest = 80
	if len(name) > longest {
		return "(a long name)"
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f || c == '\ufffd' || (0x80 <= c && c < 0xa0) {
			return "(a name that cannot be shown)"
		}
	}
	return `"` + name + `"`
}
