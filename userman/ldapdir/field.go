package ldapdir

import (
	"math"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	fieldDisabled = "disabled"
	fieldUsername = "username"
	// accountControl is the attribute of Active Directory whose bit
	// accountDisabled says that the account is disabled.
	accountControl  = "userAccountControl"
	accountDisabled = 0x2
	// accountLock is the attribute of FreeIPA and 389 Directory Server that is TRUE for
	// a locked account, and accountActive that of authentik that is TRUE for an active
	// one.
	accountLock   = "nsAccountLock"
	accountActive = "ak-active"
	// accountExpires is the attribute of Active Directory with the time from which
	// the account is disabled.
	accountExpires = "accountExpires"
)

// lookupField returns a field of a user; false if a directory cannot set it.
func lookupField(name string) (field.Field[userman.User], bool) {
	f, ok := userman.Fields().Lookup(name)
	return f, ok && f.Directory
}

func isField(name string) bool {
	_, ok := lookupField(name)
	return ok || name == fieldDisabled
}

// setField sets a field of u to the values of an attribute. It returns their
// problem, or "". It uses the first of several names, emails and phone numbers.
// Several usernames, extensions, languages or time zones are ambiguous.
func setField(f field.Field[userman.User], u *userman.User, values []string) string {
	switch {
	case f.Kind == field.KindList:
		for i := range values {
			values[i] = cleanValue(f, values[i])
		}
		f.Set(u, field.ListValue(values))
	case len(values) > 1 && f.Format != "" && f.Format != field.FormatEmail && f.Format != field.FormatPhone:
		return "has several values"
	case len(values) > 0:
		f.Set(u, field.TextValue(cleanValue(f, values[0])))
	}
	return ""
}

// cleanValue returns a value in the form that the field takes, as far as it can be
// told: the address of "Lena <lena@example.com>", the first of two phone numbers, the
// beginning of a long text.
func cleanValue(f field.Field[userman.User], text string) string {
	switch {
	case f.Format == field.FormatEmail:
		if address, err := mail.ParseAddress(text); err == nil {
			return address.Address
		}
	case f.Format == field.FormatPhone:
		return cleanPhone(text)
	case f.Kind == field.KindText && f.Format == "" && f.Max > 0 && utf8.RuneCountInString(text) > f.Max:
		return strings.TrimSpace(string([]rune(text)[:f.Max]))
	}
	return text
}

// cleanPhone returns a phone number as people write it in a form: without "tel:"
// (RFC 3966), the first of several, and with a lower-case "ext". Text without a digit,
// such as "n/a", is no number.
func cleanPhone(text string) string {
	text = strings.ToLower(text)
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "tel:"), ";")
	text, _, _ = strings.Cut(text, ",")
	if !strings.ContainsAny(text, "0123456789*#") {
		return ""
	}
	return strings.TrimSpace(text)
}

// parseDisabled reads whether an account is disabled.
func parseDisabled(attribute string, values []string) (disabled, ok bool) {
	switch {
	case len(values) == 0:
		return false, true
	case len(values) > 1:
		return false, false
	case strings.EqualFold(attribute, accountControl):
		flags, err := strconv.ParseInt(values[0], 10, 64)
		return flags&accountDisabled != 0, err == nil
	}
	value, err := strconv.ParseBool(strings.ToLower(values[0]))
	return value != strings.EqualFold(attribute, accountActive), err == nil
}

// parseFileTime reads a time of Active Directory: the number of 100 nanoseconds since
// 1601 (MS-ADA1, 2.2). 0 and 2^63-1 mean never.
func parseFileTime(text string) (at time.Time, never, ok bool) {
	ticks, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ticks < 0 {
		return time.Time{}, false, false
	}
	const ticksPerSecond, secondsTo1970 = 10_000_000, 11_644_473_600
	at = time.Unix(ticks/ticksPerSecond-secondsTo1970, ticks%ticksPerSecond*100)
	return at.UTC(), ticks == 0 || ticks == math.MaxInt64, true
}

// removeDuplicates removes from the lists of u the value of the field for one
// value: both fields may be mapped to one attribute.
func removeDuplicates(u *userman.User) {
	u.OtherEmails = slices.DeleteFunc(u.OtherEmails, func(e string) bool { return strings.EqualFold(e, u.Email) })
	u.LinkedExtensions = slices.DeleteFunc(u.LinkedExtensions, func(e string) bool { return e == u.DefaultExtension })
}
