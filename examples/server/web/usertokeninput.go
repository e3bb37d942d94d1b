package web

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// tokenInput is what the form of a token holds.
type tokenInput struct {
	Description, Extensions, Modules, RequestsPerHour, Addresses, ExpiresAt string
	Disabled                                                                bool
}

// tokenTime is how a form writes when a token expires, in UTC.
const tokenTime = "2006-01-02T15:04"

func readToken(form url.Values) tokenInput {
	return tokenInput{
		Description: form.Get("description"), Extensions: form.Get("extensions"), Modules: form.Get("modules"),
		RequestsPerHour: strings.TrimSpace(form.Get("requests_per_hour")), Addresses: form.Get("addresses"),
		ExpiresAt: strings.TrimSpace(form.Get("expires_at")), Disabled: slices.Contains(form["options"], "disabled"),
	}
}

func inputOfToken(t *userman.Token) tokenInput {
	in := tokenInput{
		Description: t.Description, Extensions: strings.Join(t.Extensions, ", "), Modules: strings.Join(t.Modules, ", "),
		RequestsPerHour: strconv.Itoa(t.RequestsPerHour), Disabled: t.Disabled,
	}
	addresses := make([]string, len(t.Addresses))
	for i, network := range t.Addresses {
		addresses[i] = formatNetwork(network)
	}
	in.Addresses = strings.Join(addresses, ", ")
	if !t.ExpiresAt.IsZero() {
		in.ExpiresAt = t.ExpiresAt.UTC().Format(tokenTime)
	}
	return in
}

// formatNetwork leaves out the mask of a single address.
func formatNetwork(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// fill puts the form into t. An expiry that stays is kept to the microsecond.
func (in tokenInput) fill(t *userman.Token) error {
	var errs []store.FieldError
	refuse := func(field, code, message string) {
		errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
	}
	expires := inputOfToken(t).ExpiresAt
	t.Description, t.Disabled = in.Description, in.Disabled
	t.Extensions, t.Modules = splitListOrAll(in.Extensions), splitListOrAll(in.Modules)
	var err error
	if t.RequestsPerHour, err = strconv.Atoi(in.RequestsPerHour); err != nil && in.RequestsPerHour != "" {
		refuse("requests_per_hour", "number", "enter a number, or -1 for no limit")
	}
	t.Addresses = nil
	for _, word := range splitList(in.Addresses) {
		network, err := userman.ParseNetwork(word)
		if err != nil {
			refuse("addresses", "network", err.Error())
			break
		}
		t.Addresses = append(t.Addresses, network)
	}
	if in.ExpiresAt != expires {
		if t.ExpiresAt, err = parseTokenTime(in.ExpiresAt); err != nil {
			refuse("expires_at", "time", "enter a date and time such as 2030-12-31T23:59, or leave this empty")
		}
	}
	return store.NewInvalidError(errs...)
}

// splitListOrAll splits a list, in which the word all is in any case. It is never
// nil: whoever empties the field does not mean all.
func splitListOrAll(text string) []string {
	typed := splitList(text)
	list := make([]string, 0, len(typed))
	for _, word := range typed {
		if strings.EqualFold(word, permission.Any) {
			word = permission.Any
		}
		list = append(list, word)
	}
	return list
}

// parseTokenTime reads what browsers send of a date and a time, with seconds or
// without.
func parseTokenTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse("2006-01-02T15:04:05", text); err == nil {
		return at, nil
	}
	return time.Parse(tokenTime, text)
}
