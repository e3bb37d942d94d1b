package dialect

import "fmt"

// Finding is something in a configuration file that Asterisk takes otherwise
// than its author may think. It names keys and sections at most, and never
// shows a value, which may be a secret.
type Finding struct {
	File string `json:"file"`
	// Line counts from 1. It is the line in the file, which is not always the
	// one that Asterisk logs: Asterisk counts on from file to file when an
	// include matches several.
	Line int `json:"line"`
	// Code is a short, stable word for programs: one of the Finding constants.
	Code string `json:"code"`
	// Invalid says that Asterisk rejects the whole configuration because of
	// this, and keeps what it had.
	Invalid bool `json:"invalid"`
	// Partial says that Asterisk accepts the configuration but leaves out
	// something that is written: a line, or all lines from here on.
	Partial bool `json:"partial"`
	// Message says what Asterisk does, and how to mend it.
	Message string `json:"message"`
}

// String returns "file:line: message".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// The codes of findings. Those of the first group stop the reading of a file:
// the finding is Invalid when that is the file asked for, and Partial when it
// is an included one, because Asterisk then goes on behind the #include with
// what it had read of it, and reports success.
const (
	FindingNoBracket     = "no_closing_bracket"
	FindingNoParenthesis = "no_closing_parenthesis"
	FindingUnknownBase   = "unknown_base"
	FindingNoSuchSection = "no_such_section"
	FindingNoSection     = "no_section"
	FindingInvalidEscape = "invalid_escape"
	FindingNoSuchFile    = "no_such_file"
	FindingIncludeDepth  = "include_depth"

	// Asterisk never comes back from these two: it loops for ever.
	FindingCommentDepth    = "comment_depth"
	FindingSelfInheritance = "self_inheritance"

	// Something is left out.
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

	// Everything is taken, but perhaps not as meant.
	FindingControlCharacter = "control_character"
	FindingAppendOtherLine  = "append_elsewhere"
	FindingInvalidFilter    = "filter"

	// Limits of Parse itself.
	FindingExec               = "exec"
	FindingIncludeNotFollowed = "include_not_followed"
	FindingTooLarge           = "too_large"
	FindingTruncated          = "more_findings"
)

// quoteName returns a name in quotes when it can be shown safely, and says so
// when it cannot. Only names of sections, keys and files may be passed.
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
