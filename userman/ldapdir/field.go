package ldapdir

import (
	"fmt"
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

// isAmbiguous reports whether several values of the field cannot be used. Of several
// names, emails and phone numbers, the first one is used.
func isAmbiguous(f field.Field[userman.User]) bool {
	return f.Format != "" && f.Format != field.FormatEmail && f.Format != field.FormatPhone
}

// setList sets a field for several values, without the value of the field for one value
// of the same kind: both may have the same attribute. That field is set before. setList
// returns what it cut.
func setList(f field.Field[userman.User], u *userman.User, values []string) (notes []string) {
	kept := make([]string, 0, len(values))
	for _, value := range values {
		text, note := cleanValue(f, value)
		if strings.EqualFold(text, u.Email) || text == u.DefaultExtension {
			continue
		}
		if kept = append(kept, text); note != "" {
			notes = append(notes, note)
		}
	}
	f.Set(u, field.ListValue(kept))
	slices.Sort(notes)
	return slices.Compact(notes)
}

// cleanFirst returns the first value that is not empty when it is clean, and what was cut
// or left out.
func cleanFirst(f field.Field[userman.User], values []string) (text string, notes []string) {
	for _, value := range values {
		var note string
		if text, note = cleanValue(f, value); note != "" {
			notes = append(notes, note)
		}
		if text != "" {
			break
		}
	}
	return text, slices.Compact(notes)
}

// cleanValue returns a value in the form that the field takes, as far as that is clear:
// the address of "Lena <lena@example.com>", the first of two phone numbers, the beginning
// of a long text. The note says what was cut or left out.
func cleanValue(f field.Field[userman.User], text string) (clean, note string) {
	switch {
	case f.Format == field.FormatEmail:
		if address, err := mail.ParseAddress(text); err == nil && address.Address != text {
			return address.Address, "has text around the email address; only the address is used"
		}
	case f.Format == field.FormatPhone:
		return cleanPhone(text)
	case f.Kind == field.KindText && f.Format == "" && f.Max > 0 && utf8.RuneCountInString(text) > f.Max:
		return strings.TrimSpace(string([]rune(text)[:f.Max])), fmt.Sprintf("is longer than %d characters; the rest was cut", f.Max)
	}
	return text, ""
}

// cleanPhone returns a phone number as people write it in a form: without "tel:" and
// parameters (RFC 3966), the first of several, and with a lower-case "ext". Text without
// a digit, such as "n/a", is no number. The note says what was left out.
func cleanPhone(text string) (number, note string) {
	number = strings.TrimPrefix(strings.ToLower(text), "tel:")
	if i := strings.IndexAny(number, ",;"); i >= 0 {
		number, note = number[:i], "has text after the first phone number; only this number is used"
	}
	if !strings.ContainsAny(number, "0123456789*#") {
		return "", "is not a phone number; it was left out"
	}
	return strings.TrimSpace(number), note
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
