package usermail

import (
	"fmt"
	"strconv"
	"time"

	"golang.org/x/text/language"
)

// datetimeFormat returns the function that formats times in a language: the month
// as a word or the year first, 24 hours, and the name of the time zone. Unknown
// languages use ISO 8601.
func datetimeFormat(tag language.Tag) func(t time.Time) string {
	base, _ := tag.Base()
	write, ok := map[string]func(t time.Time) string{
		"en": func(t time.Time) string { return t.Format("2 January 2006, 15:04") },
		"de": func(t time.Time) string {
			return fmt.Sprintf("%d. %s %s Uhr", t.Day(), germanMonths[t.Month()-1], t.Format("2006, 15:04"))
		},
		"es": func(t time.Time) string {
			return fmt.Sprintf("%d de %s de %s", t.Day(), spanishMonths[t.Month()-1], t.Format("2006, 15:04"))
		},
		"fr": func(t time.Time) string {
			return fmt.Sprintf("%s %s %d à %s", frenchDay(t.Day()), frenchMonths[t.Month()-1], t.Year(), t.Format("15:04"))
		},
		"zh": func(t time.Time) string { return t.Format("2006年1月2日 15:04") }, //nolint:gosmopolitan // it is the Chinese form
	}[base.String()]
	if !ok {
		write = func(t time.Time) string { return t.Format("2006-01-02 15:04") }
	}
	return func(t time.Time) string { return write(t) + " (" + zoneName(t) + ")" }
}

// zoneName returns the IANA name of a time zone, or the offset from UTC if it has
// none.
func zoneName(t time.Time) string {
	name := t.Location().String()
	if name == "Local" || name == "" {
		return t.Format("UTC-07:00")
	}
	return name
}

func frenchDay(day int) string {
	if day == 1 {
		return "1er"
	}
	return strconv.Itoa(day)
}

var (
	germanMonths = [...]string{
		"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember",
	}
	spanishMonths = [...]string{
		"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
	}
	frenchMonths = [...]string{
		"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
	}
)
