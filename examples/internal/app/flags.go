package app

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// parsedFlag is the value of a flag that a function parses.
type parsedFlag[T any] struct {
	target     *T
	text, kind string
	parse      func(string) (T, error)
}

// addFlag adds a flag that sets target. The kind names the value in errors.
func addFlag[T any](flags *pflag.FlagSet, target *T, value, name, usage, kind string, parse func(string) (T, error)) {
	flag := &parsedFlag[T]{target: target, kind: kind, parse: parse}
	_ = flag.Set(value)
	flags.Var(flag, name, usage)
}

// String returns what Set takes.
func (f *parsedFlag[T]) String() string { return f.text }

// Type names the value in the help.
func (f *parsedFlag[T]) Type() string { return f.kind }

// Set parses the text.
func (f *parsedFlag[T]) Set(text string) (err error) {
	*f.target, err = f.parse(text)
	f.text = text
	return err
}

const (
	day = 24 * time.Hour
	// maxDays is a hundred years.
	maxDays = 36500

	ratioMessage = "write a ratio above 0 and up to 1, such as 0.1"
)

// parseDays reads a number of days.
func parseDays(text string) (time.Duration, error) {
	number, err := strconv.Atoi(text)
	if err != nil || number < 0 || number > maxDays {
		return 0, errors.New("write a number of days, 0 to 36500")
	}
	return time.Duration(number) * day, nil
}

// parseDeleteAfter reads [userman.SyncOptions].DeleteAfter: 0 days never delete.
func parseDeleteAfter(text string) (time.Duration, error) {
	after, err := parseDays(text)
	return cmp.Or(after, -1), err
}

// parseRatio reads a number above 0, up to 1.
func parseRatio(text string) (float64, error) {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil || !isRatio(number) {
		return 0, errors.New(ratioMessage)
	}
	return number, nil
}

// parseAdoptPolicy reads [userman.SyncOptions].Adopt.
func parseAdoptPolicy(text string) (userman.AdoptPolicy, error) {
	policy := userman.AdoptPolicy(text)
	if !slices.Contains(userman.AdoptPolicies(), policy) {
		return "", errors.New("write never, successor or same-user")
	}
	return policy, nil
}

func isRatio(number float64) bool { return number > 0 && number <= 1 }

// ParseBaseURL reads the public URL of the pages: http or https, a host and an
// optional port. It returns a [store.InvalidError] on "base-url" if text is
// anything else, or empty.
func ParseBaseURL(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Hostname() == "" || base.User != nil ||
		strings.Trim(base.Path, "/") != "" || strings.ContainsAny(text, "?#") {
		return nil, store.NewInvalidError(store.FieldError{
			Field: "base-url", Code: store.CodeURL, Message: "write http:// or https://, the host name and an optional port",
		})
	}
	return &url.URL{Scheme: base.Scheme, Host: strings.ToLower(base.Host)}, nil
}

// parseOrigin reads what [ParseBaseURL] reads, or nothing.
func parseOrigin(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	base, err := ParseBaseURL(text)
	if err != nil {
		return "", errors.New("write the public URL of the pages, such as https://pbx.example.com")
	}
	return base.String(), nil
}
