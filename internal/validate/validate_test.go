package validate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

type part struct {
	Label string `json:"label" validate:"even"`
}

type record struct {
	Name    string   `json:"name"           validate:"required,even"`
	Note    string   `json:"note,omitempty" validate:"max=5,plain_text"`
	Title   string   `json:"title"          validate:"plain_line"`
	Count   int      `json:"count"          validate:"omitempty,min=10"`
	Words   []string `json:"words"          validate:"max=2,dive,even"`
	Parts   []part   `json:"parts"          validate:"dive"`
	Colour  string   `json:"colour"         validate:"omitempty,oneof=red green"`
	Ignored string   `json:"-"              validate:"omitempty,even"`
}

func newValidator() *validate.Validator {
	return validate.New(validate.Rule{
		Tag:     "even",
		Valid:   func(s string) bool { return len(s)%2 == 0 },
		Message: "write an even number of letters",
	})
}

func TestValidator_Struct_namesFieldsAsJSON(t *testing.T) {
	t.Parallel()
	v := newValidator()
	require.Empty(t, v.Struct(record{Name: "ab"}))
	errs := v.Struct(record{
		Note: "123456", Title: "a\nb", Count: 3, Words: []string{"ab", "abc", "x"},
		Parts: []part{{"ab"}, {"a"}}, Colour: "blue", Ignored: "a",
	})
	require.Equal(t, []store.FieldError{
		{Field: "name", Code: "required", Message: "this field must be filled in"},
		{Field: "note", Code: "max", Message: "at most 5 characters are allowed"},
		{Field: "title", Code: "plain_line", Message: "write one line of text without control characters"},
		{Field: "count", Code: "min", Message: "at least 10 are needed"},
		{Field: "words", Code: "max", Message: "at most 2 entries are allowed"},
		{Field: "parts[1].label", Code: "even", Message: "write an even number of letters"},
		{Field: "colour", Code: "oneof", Message: "this must be one of red, green"},
		{Field: "ignored", Code: "even", Message: "write an even number of letters"},
	}, errs)
}

func TestValidator_Struct_namesListElementsByIndex(t *testing.T) {
	t.Parallel()
	require.Equal(t, []store.FieldError{
		{Field: "words[1]", Code: "even", Message: "write an even number of letters"},
	}, newValidator().Struct(record{Name: "ab", Words: []string{"ab", "abc"}}))
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]bool{ // a line, a text
		"":                 {true, true},
		"注意 é 😀 [;--] \"":  {true, true},
		"two\nlines":       {false, true},
		"a\ttab":           {false, true},
		"a\rreturn":        {false, false},
		"a\x00NUL":         {false, false},
		"an\x1b[31mescape": {false, false},
		"a\x7fdelete":      {false, false},
		"a\u0085line":      {false, false},
		"a\u2028line":      {false, false},
		"a\u202eturn":      {false, false},
		"a\u200emark":      {false, false},
		"\xff\xfe":         {false, false},
	} {
		require.Equal(t, want[0], validate.PlainLine().Valid(text), "a line: %q", text)
		require.Equal(t, want[1], validate.PlainText().Valid(text), "a text: %q", text)
	}
}

func TestValidator_Struct_panicsOnUnknownTag(t *testing.T) {
	t.Parallel()
	type misspelt struct {
		Name string `validate:"requird"`
	}
	require.Panics(t, func() { newValidator().Struct(misspelt{}) })
	require.Panics(t, func() { validate.New(validate.Rule{}) })
}

func TestValidator_Struct_omitsValues(t *testing.T) {
	t.Parallel()
	v := newValidator()
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`Q[a-z]{11}Q`).Draw(t, "secret")
		for _, e := range v.Struct(record{Name: secret, Note: secret, Words: []string{secret}, Colour: secret}) {
			require.NotContains(t, e.Field+e.Code+e.Message, secret)
		}
	})
}
