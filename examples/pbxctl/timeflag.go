package main

import (
	"errors"
	"time"
)

// timeFlag is a time as a flag.
type timeFlag time.Time

// String returns nothing for the zero time.
func (t *timeFlag) String() string {
	if t := time.Time(*t); !t.IsZero() {
		return t.Format(time.RFC3339Nano)
	}
	return ""
}

// Type names the value in the help.
func (t *timeFlag) Type() string { return "time" }

// Set takes what parseTime reads.
func (t *timeFlag) Set(text string) error {
	parsed, err := parseTime(text)
	*t = timeFlag(parsed)
	return err
}

// parseTime reads a date, a date and time in the time zone of this host, or
// RFC 3339.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		t, err := time.ParseInLocation(layout, text, time.Local) //nolint:gosmopolitan // the user is at this host
		if err == nil {
			return t, nil
		}
	}
	return time.Time{}, errors.New("write a time such as 2026-01-31, '2026-01-31 17:00:00' or 2026-01-31T17:00:00Z")
}

// localTime is a time in the time zone of this host; empty for the zero time.
func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime) //nolint:gosmopolitan // the user is at this host
}
